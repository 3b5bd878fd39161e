public import Foundation
import Synchronization

/// A process that a test started. It does not outlive the test, even if that is killed itself.
public final class ChildProcess: Sendable {
    /// What it is called in messages.
    public let name: String
    /// For signals.
    public let identifier: Int32
    /// What it prints, errors included.
    public let log: URL
    private let guardian: Mutex<Process>
    private let leash: FileHandle

    /// The guardian starts the child, says who it is, and ends with the child's status. It kills the child when it
    /// loses its leash, the pipe that this process holds the other end of.
    private static let script = """
        exec 3<&0
        "$@" </dev/null >>"$log" 2>&1 3<&- &
        child=$!
        echo $child
        exec >/dev/null 2>&1
        (read word <&3; kill -9 $child) &
        watch=$!
        wait $child
        status=$?
        kill $watch
        exit $status
        """

    /// Starts a program.
    public init(_ name: String, _ command: [String], log: URL) throws {
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", Self.script, "guardian"] + command
        process.environment = ProcessInfo.processInfo.environment.merging(["log": log.path]) { $1 }
        process.standardInput = input
        process.standardOutput = output
        try withoutBlockedSignals { try process.run() }
        let said = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard let identifier = Int32(said.filter(\.isNumber)) else {
            throw TestFailure("\(name) could not be started: the shell said “\(said)”")
        }
        self.name = name
        self.identifier = identifier
        self.log = log
        guardian = Mutex(process)
        leash = input.fileHandleForWriting
    }

    /// Whether it has not ended yet.
    public var isRunning: Bool { guardian.withLock { $0.isRunning } }

    /// All that it has printed so far.
    public var output: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

    /// The lines of ``output`` that begin with a word.
    public func lines(_ word: String) -> [Substring] {
        output.split(separator: "\n").filter { $0.split(separator: " ").first.map { $0 == word } ?? false }
    }

    /// Sends a signal, for example `SIGSTOP`.
    public func signal(_ number: Int32) {
        if isRunning { Foundation.kill(identifier, number) }
    }

    /// Ends it at once, as `kill -9` does.
    public func kill() async throws {
        signal(SIGKILL)
        try await ended()
    }

    /// Asks it to end, and waits until it has.
    /// - Returns: its exit status.
    public func terminate() async throws -> Int32 {
        signal(SIGTERM)
        return try await ended()
    }

    /// Waits until it has ended.
    /// - Returns: its exit status; 128 and the signal's number if a signal ended it.
    @discardableResult
    public func ended(within limit: Duration = .seconds(40)) async throws -> Int32 {
        try await eventually(within: limit, "the end of \(name)") { !isRunning }
        return guardian.withLock { $0.terminationStatus }
    }
}

/// Swift's threads block all signals, and children inherit that: they would never notice a SIGTERM, nor a shell the end
/// of its child.
private func withoutBlockedSignals(_ body: () throws -> Void) rethrows {
    var (none, before) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try body()
}
