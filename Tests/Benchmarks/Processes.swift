import ArgumentParser
import Foundation
import HelixController
import HelixParticipant
import Logging
import Synchronization
import ZooKeeper

/// One controller, as a process of its own.
struct ControllerProcess: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "controller", shouldDisplay: false)
    @Argument var connectText: String
    @Argument var cluster: String
    @Argument var name: String
    @Flag(help: "Know nothing before leading.") var cold = false

    func run() async throws {
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = .warning
            return handler
        }
        var configuration = ControllerConfiguration()
        configuration.sessionTimeout = .seconds(4)
        if cold { configuration.standbyInterval = nil }
        try await Controller(
            cluster: cluster, name: name, coordination: .zooKeeper(connectText), configuration: configuration
        ).run()
    }
}

/// Participants with empty handlers, each with a session of its own, in one process that takes orders on its input:
/// `start NAME`, `kill NAME`.
struct ParticipantsProcess: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "participants", shouldDisplay: false)
    @Argument var connectText: String
    @Argument var cluster: String

    func run() async throws {
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = .warning
            return handler
        }
        let (orders, continuation) = AsyncStream.makeStream(of: String.self)
        Thread {
            while let line = readLine() { continuation.yield(line) }
            continuation.finish()
        }.start()
        try await withThrowingDiscardingTaskGroup { group in
            var ends: [String: AsyncStream<Void>.Continuation] = [:]
            for await order in orders {
                let words = order.split(separator: " ").map(String.init)
                guard words.count == 2 else { continue }
                if words[0] == "kill" {
                    ends.removeValue(forKey: words[1])?.finish()
                } else {
                    let (end, continuation) = AsyncStream.makeStream(of: Void.self)
                    ends[words[1]] = continuation
                    group.addTask { try await participate(words[1], until: end) }
                }
            }
            group.cancelAll()
        }
    }

    private func participate(_ name: String, until end: AsyncStream<Void>) async throws {
        var configuration = ParticipantConfiguration()
        configuration.sessionTimeout = .seconds(4)
        let participant = Participant(
            cluster: cluster, instance: name, coordination: .zooKeeper(connectText), configuration: configuration)
        participant.register(.masterSlave) { _ in EmptyHandler() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await participant.run() }
            group.addTask { for await _ in end {} }
            try await group.next()
            group.cancelAll()
        }
    }
}

struct EmptyHandler: MasterSlaveHandler {
    func offlineToSlave(_ context: TransitionContext) async throws {}
    func slaveToMaster(_ context: TransitionContext) async throws {}
    func masterToSlave(_ context: TransitionContext) async throws {}
    func slaveToOffline(_ context: TransitionContext) async throws {}
}

/// A child of this process that runs one of the roles.
final class Child: Sendable {
    private let process: Process
    private let input: Pipe

    init(_ arguments: [String]) throws {
        process = Process()
        process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
        process.arguments = arguments
        input = Pipe()
        process.standardInput = input
        try process.run()
    }

    func order(_ line: String) throws {
        try input.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8))
    }

    func kill() {
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// CPU time used so far, in milliseconds.
    func cpuMilliseconds() throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8)
        let fields = text[text.index(after: text.lastIndex(of: ")")!)...].split(separator: " ")
        return (Double(fields[11])! + Double(fields[12])!) * 1000 / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    var memory: ProcessMemory { ProcessMemory(of: process.processIdentifier) }
}
