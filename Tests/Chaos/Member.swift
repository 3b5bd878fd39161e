import Foundation
import Synchronization
import TestSupport

/// A process of the cluster with its connections, one link for each server of the ensemble.
final class Member: Sendable {
    private struct State {
        var command: RunningCommand?
        var log = ""
        var surprises: [String] = []
    }

    let name: String
    let links: [NetworkLink]
    private let arguments: [String]
    private let state = Mutex(State())

    init(name: String, arguments: [String], ensemble: ZooKeeperEnsemble) throws {
        (self.name, self.arguments) = (name, arguments)
        links = try ensemble.servers.map { try NetworkLink(to: $0.port) }
    }

    /// Starts the process, which waits for the ensemble if it must.
    func start() throws {
        let connectText = links.map(\.connectText).joined(separator: ",")
        let command = try HelixBinary.start(arguments + ["--timeout", "600"], zooKeeper: connectText)
        state.withLock { $0.command = command }
    }

    /// Ends the process at once.
    func kill() async throws { try await end(SIGKILL, expecting: 128 + SIGKILL) }

    /// Asks the process to end, and waits until it has.
    func leave() async throws { try await end(SIGTERM, expecting: 0) }

    func pause() { state.withLock { $0.command }?.signal(SIGSTOP) }

    func resume() { state.withLock { $0.command }?.signal(SIGCONT) }

    private func end(_ signal: Int32, expecting code: Int32) async throws {
        guard let command = state.withLock({ $0.command }) else { return }
        command.signal(signal)
        let result = try await command.ended()
        state.withLock { state in
            state.command = nil
            state.log += result.errors
            if result.code != code {
                state.surprises.append("\(name) ended with \(result.code): \(result.errors.suffix(2000))")
            }
        }
    }

    /// How it ended when nobody had asked it to.
    var surprises: [String] {
        state.withLock { state in
            guard let command = state.command, !command.isRunning else { return state.surprises }
            return state.surprises + ["\(name) has ended by itself: \(command.errors.suffix(2000))"]
        }
    }

    /// All that it has logged so far.
    var log: String { state.withLock { $0.log + ($0.command?.errors ?? "") } }
}
