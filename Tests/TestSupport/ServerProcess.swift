internal import Foundation
internal import Synchronization

/// A server and the shell that watches over it: the shell waits for this process to say something or to end, and then
/// kills the server. So no server outlives its test, even if that is killed itself.
final class ServerProcess: Sendable {
    let serverIdentifier: Int32
    private let commands: FileHandle
    private let shell: ExitSignal

    /// Prints the identifier of the server; removes its directory unless it is told to keep it.
    private static let script = """
        exec 2>/dev/null
        directory=$1; shift
        "$@" </dev/null >>"$directory/log" 2>&1 &
        server=$!
        echo $server
        read word
        kill -9 $server
        wait $server
        [ "$word" = keep ] || rm -rf "$directory"
        """

    private init(_ serverIdentifier: Int32, _ commands: FileHandle, _ shell: ExitSignal) {
        self.serverIdentifier = serverIdentifier
        self.commands = commands
        self.shell = shell
    }

    static func start(_ command: [String], directory: URL) async throws -> ServerProcess {
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", script, "watch", directory.path] + command
        process.standardInput = input
        process.standardOutput = output
        let exit = ExitSignal()
        process.terminationHandler = { _ in exit.signal() }
        try withoutBlockedSignals { try process.run() }
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard let identifier = Int32(line.filter(\.isNumber)) else {
            throw ServerError("the shell said “\(line)” instead of the identifier of the server that it started")
        }
        return ServerProcess(identifier, input.fileHandleForWriting, exit)
    }

    /// Swift's threads block all signals, and a child inherits that: the shell would wait for ever for the end of the
    /// server, of which a signal tells.
    private static func withoutBlockedSignals(_ body: () throws -> Void) rethrows {
        var (none, before) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try body()
    }

    /// Whether the server is there: a zombie counts as gone.
    var isRunning: Bool {
        guard let status = try? String(contentsOfFile: "/proc/\(serverIdentifier)/stat", encoding: .utf8) else {
            return !FileManager.default.fileExists(atPath: "/proc") && kill(serverIdentifier, 0) == 0
        }
        return !status.contains(") Z ")
    }

    func forsake() { try? commands.close() }

    /// Kills the server and waits until it is gone.
    func end(keepingData: Bool) async {
        try? commands.write(contentsOf: Data(keepingData ? "keep\n".utf8 : "\n".utf8))  // if it still listens
        await shell.wait()
        try? commands.close()
    }
}

/// Something that happens once and may be waited for.
private final class ExitSignal: Sendable {
    private struct State {
        var hasHappened = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func signal() {
        let waiting = state.withLock { state in
            state.hasHappened = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let hasHappened = state.withLock { state in
                if !state.hasHappened { state.waiting.append(continuation) }
                return state.hasHappened
            }
            if hasHappened { continuation.resume() }
        }
    }
}
