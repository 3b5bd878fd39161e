public import Foundation
internal import Synchronization

/// The built command, run as a process of its own.
public enum HelixBinary {
    /// What a command that ended left behind.
    public struct Result: Sendable {
        /// How it ended.
        public let code: Int32
        /// What it wrote to standard output.
        public let output: String
        /// What it wrote to standard error.
        public let errors: String

        /// The output, line by line.
        public var lines: [String] { output.split(separator: "\n").map(String.init) }

        /// The output as JSON.
        public func json() throws -> Any { try JSONSerialization.jsonObject(with: Data(output.utf8)) }
    }

    /// Beside the bundle of the tests.
    public static let url: URL = {
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
        return URL(filePath: bundle).deletingLastPathComponent().appending(path: "helix")
    }()

    /// Runs a command to its end.
    public static func run(_ arguments: [String], zooKeeper: String? = nil) async throws -> Result {
        try await start(arguments, zooKeeper: zooKeeper).ended()
    }

    /// Starts a command.
    public static func start(_ arguments: [String], zooKeeper: String? = nil) throws -> RunningCommand {
        try RunningCommand(executable: url, arguments, zooKeeper: zooKeeper)
    }
}

/// A command that runs. It is killed with the last reference to it, if not before.
public final class RunningCommand: Sendable {
    private let arguments: [String]
    private let process: Mutex<Process>
    private let directory: URL
    private let end: AsyncStream<Int32>

    /// Starts a program; `zooKeeper` becomes its HELIX_ZOOKEEPER, and `additions` go into its environment as well.
    public init(
        executable: URL, _ arguments: [String], zooKeeper: String? = nil, environment additions: [String: String] = [:]
    ) throws {
        self.arguments = arguments
        directory = FileManager.default.temporaryDirectory.appending(path: "helix-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        var environment = ProcessInfo.processInfo.environment
        environment["HELIX_ZOOKEEPER"] = zooKeeper
        environment.merge(additions) { _, added in added }
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try Self.file(directory.appending(path: "output"))
        process.standardError = try Self.file(directory.appending(path: "errors"))
        let (end, continuation) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = { process in
            // A signal that nobody catches gives the code that a shell shows.
            let code = process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
            continuation.yield(code)
            continuation.finish()
        }
        self.end = end
        try process.run()
        self.process = Mutex(process)
    }

    deinit {
        signal(SIGKILL)
        do {
            try FileManager.default.removeItem(at: directory)
        } catch {
            FileHandle.standardError.write(Data("could not remove \(directory.path): \(error)\n".utf8))
        }
    }

    private static func file(_ url: URL) throws -> FileHandle {
        try Data().write(to: url)
        return try FileHandle(forWritingTo: url)
    }

    /// What it has written to standard output so far.
    public var output: String { text("output") }

    /// What it has written to standard error so far.
    public var errors: String { text("errors") }

    private func text(_ name: String) -> String {
        do {
            return String(decoding: try Data(contentsOf: directory.appending(path: name)), as: UTF8.self)
        } catch {
            return "unreadable: \(error)"
        }
    }

    /// Whether it has not ended.
    public var isRunning: Bool { process.withLock { $0.isRunning } }

    /// Sends a signal, if it runs.
    public func signal(_ number: Int32) {
        process.withLock { process in
            if process.isRunning { kill(process.processIdentifier, number) }
        }
    }

    /// Waits for its end; when the test is cancelled, it is killed.
    public func ended() async throws -> HelixBinary.Result {
        try await withTaskCancellationHandler {
            for await code in end { return .init(code: code, output: output, errors: errors) }
            throw CancellationError()
        } onCancel: {
            signal(SIGKILL)
        }
    }

    /// Waits until it has written something to standard output.
    public func writes(_ text: String) async throws {
        do {
            try await eventually(within: .seconds(30), "the output “\(text)”") { output.contains(text) }
        } catch {
            throw Unexpected(
                description: "\(error)\nhelix \(arguments.joined(separator: " "))\n\(output)\n\(errors)")
        }
    }
}

/// What a command did instead of what was expected.
public struct Unexpected: Error, CustomStringConvertible {
    /// What was expected, and what was found instead.
    public let description: String

    /// Something unexpected.
    public init(description: String) { self.description = description }
}
