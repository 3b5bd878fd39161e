public import FleetEngine
public import Foundation
import NIOCore
import NIOPosix
import Support
import Synchronization
public import Testing

/// A Docker Engine of this process's own: Debian's `dockerd`, with its own socket, storage, bridge, mounts and
/// processes, and an image of Debian's busybox. If this process is killed, no other stays behind; files and the bridge
/// do, and the next Engine clears them away.
public final class PrivateEngine: Sendable {
    /// The image that is there.
    public static let image = "fleet/busybox:1"
    /// Where the Engine listens.
    public let address: EngineAddress
    /// For calls.
    public let docker: DockerEngine
    /// For files of tests.
    public let directory: URL

    private let name: String
    private let processes = Mutex<[ChildProcess]>([])

    /// The Engine that the tests of this process share. It is started by the first that asks, and ends with the
    /// process.
    /// - Throws: `TestFailure` when there can be none.
    public static func shared() async throws -> PrivateEngine {
        try await Starter.shared.engine()
    }

    /// Why there can be none here; `nil` when everything is there that is needed.
    private static var obstacle: String? {
        if geteuid() != 0 { return "only root can start one" }
        let missing = ["/usr/sbin/dockerd", "/usr/bin/busybox", "/usr/bin/unshare", "/usr/sbin/ip"]
            .filter { !FileManager.default.isExecutableFile(atPath: $0) }
        return missing.isEmpty ? nil : "there is no \(missing.joined(separator: ", ")) (`make setup-test` installs it)"
    }

    /// An Engine for a test that does with it what others would not like. It ends with the process too.
    public static func started() async throws -> PrivateEngine { try await PrivateEngine() }

    private init() async throws {
        if let obstacle = Self.obstacle { throw TestFailure(obstacle) }
        try Self.clearAway()
        let number = engines.withLock { engines in
            engines.count += 1
            return engines.count
        }
        // Paths of sockets may have no more than 107 bytes, and names of interfaces 15.
        name = "\(Self.prefix)\(getpid())-\(number)"
        directory = URL(filePath: "/tmp/\(name)")
        address = .socket(path: directory.appending(path: "engine.sock").path)
        docker = DockerEngine(at: address)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try perform("ip", "link", "add", name, "type", "bridge")
        try perform("ip", "address", "add", "10.213.\((Int(getpid()) * 7 + number) % 250).1/24", "dev", name)
        try perform("ip", "link", "set", name, "up")
        try start()
        let isFirst = engines.withLock { engines in
            engines.running.append(self)
            return engines.running.count == 1
        }
        if isFirst { atexit { engines.withLock { $0.running }.forEach { $0.end() } } }
        do {
            try await eventually(within: .seconds(40), "an answer of the Engine") {
                guard processes.withLock({ $0[0].isRunning }) else { throw TestFailure("dockerd has ended") }
                return (try? await docker.ping()) != nil
            }
            try await docker.importImage(Self.files(), as: Self.image)
        } catch {
            let log = processes.withLock { $0.map(\.output) }.joined().suffix(2_000)
            throw TestFailure("\(error); it said:\n\(log)")
        }
    }

    /// Starts a registry without encryption, as Docker allows on this host.
    /// - Parameter password: which it wants for the user `fleet`, as a line of `htpasswd -B`; nobody has to say who he
    ///   is unless set.
    /// - Returns: its name, for images: `127.0.0.1:12345`.
    public func startRegistry(password: String? = nil) async throws -> String {
        let port = try freePort()
        let name = "127.0.0.1:\(port)"
        let files = directory.appending(path: "registry-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
        var configuration = """
            version: 0.1
            log: {level: warn}
            storage: {filesystem: {rootdirectory: "\(files.path)"}}
            http: {addr: "\(name)"}

            """
        if let password {
            try "fleet:\(password)\n".write(to: files.appending(path: "users"), atomically: true, encoding: .utf8)
            configuration += "auth: {htpasswd: {realm: fleet, path: \"\(files.path)/users\"}}\n"
        }
        let file = files.appending(path: "config.yml")
        try configuration.write(to: file, atomically: true, encoding: .utf8)
        let process = try ChildProcess(
            "docker-registry", ["docker-registry", "serve", file.path], log: files.appending(path: "log"))
        processes.withLock { $0.append(process) }
        try await eventually("a registry at \(name)") {
            let client = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            guard let channel = try? await client.connect(host: "127.0.0.1", port: Int(port)).get() else {
                return false
            }
            try await channel.close()
            return true
        }
        return name
    }

    /// Kills the Engine, as a fault of its own would. Its containers go on.
    public func crash() async throws {
        let daemon = try children(of: first).first { process in
            (try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8)) == "dockerd\n"
        }
        guard let daemon else { throw TestFailure("there is no dockerd to kill") }
        try Data().write(to: URL(filePath: down))
        kill(daemon, SIGKILL)
        try await eventually("silence of the Engine") { (try? await docker.ping()) == nil }
    }

    /// Starts the Engine again that crashed.
    public func recover() async throws {
        try FileManager.default.removeItem(atPath: down)
        try await eventually(within: .seconds(40), "an answer of the Engine") { (try? await docker.ping()) != nil }
    }

    /// As long as this file is there the Engine is not started.
    private var down: String { directory.appending(path: "down").path }

    /// The first of the Engine's processes: what starts it again when it was killed. When it ends all others do.
    private static let keeper = """
        trap 'isOver=yes; kill -TERM $daemon' TERM
        while :; do
            while [ -e "$0" ]; do sleep 0.1; done
            dockerd "$@" &
            daemon=$!
            wait $daemon
            status=$?
            [ "$isOver" ] && wait $daemon
            [ $status = 137 ] || exit 1
        done
        """

    /// In namespaces of processes and of mounts everything that the Engine starts ends with it, even if it is killed.
    private func start() throws {
        let command = [
            "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", Self.keeper, down,
            "--host", address.description, "--data-root", "\(directory.path)/data", "--exec-root",
            "\(directory.path)/exec", "--pidfile", "\(directory.path)/pid", "--config-file",
            "\(directory.path)/daemon.json", "--bridge", name, "--live-restore",
            // Other Engines on this host keep their rules; ports are published by Docker's own proxy.
            "--iptables=false", "--ip-forward=false", "--ip-masq=false",
        ]
        try "{}".write(to: directory.appending(path: "daemon.json"), atomically: true, encoding: .utf8)
        let process = try ChildProcess("dockerd", command, log: directory.appending(path: "log"))
        processes.withLock { $0.insert(process, at: 0) }
    }

    /// What started the others, seen from outside of their namespace.
    private var first: Int32 {
        get throws {
            let outer = processes.withLock { $0[0].identifier }
            guard let first = try children(of: outer).first else { throw TestFailure("the Engine has ended") }
            return first
        }
    }

    private func children(of process: Int32) throws -> [Int32] {
        let list = try String(contentsOfFile: "/proc/\(process)/task/\(process)/children", encoding: .utf8)
        return list.split(whereSeparator: \.isWhitespace).compactMap { Int32($0) }
    }

    /// Ends the Engine and removes what was its. Blocks, since it is called when the process ends.
    private func end() {
        let processes = processes.withLock { $0 }
        for process in processes.dropFirst() { process.signal(SIGKILL) }
        guard let outer = processes.first?.identifier else { return }
        if let first = try? first { kill(first, SIGTERM) }
        for _ in 0..<500 where kill(outer, 0) == 0 { usleep(20_000) }
        if kill(outer, 0) == 0 { kill(outer, SIGKILL) }
        try? Self.clearAway(including: getpid())
    }

    private static let prefix = "fleet"

    /// Removes what processes left that were killed.
    private static func clearAway(including own: Int32? = nil) throws {
        func isOver(_ name: String) -> Bool {
            guard name.hasPrefix(prefix),
                let process = Int32(name.dropFirst(prefix.count).prefix { $0 != "-" })
            else { return false }
            return process == own || kill(process, 0) != 0
        }
        for name in try FileManager.default.contentsOfDirectory(atPath: "/tmp") where isOver(name) {
            try? FileManager.default.removeItem(atPath: "/tmp/\(name)")
        }
        // Containers that did not end in good order have left their wires on the bridge.
        let interfaces = try FileManager.default.contentsOfDirectory(atPath: "/sys/class/net")
        func bridge(of name: String) -> String {
            let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/sys/class/net/\(name)/master")
            return link?.split(separator: "/").last.map(String.init) ?? ""
        }
        for name in interfaces where isOver(bridge(of: name)) { try? perform("ip", "link", "delete", name) }
        for name in interfaces where isOver(name) { try? perform("ip", "link", "delete", name) }
    }

    private static func files() throws -> Archive {
        let busybox = Array(try Data(contentsOf: URL(filePath: "/usr/bin/busybox")))
        let programs = [
            "sh", "sleep", "cat", "echo", "ls", "nc", "httpd", "true", "false", "id", "test", "touch", "env", "stat",
            "dd", "trap", "wget", "kill", "head", "tail", "grep", "seq", "hostname",
        ]
        return Archive(
            ["bin", "etc", "tmp", "run", "var"].map { .init(path: $0, content: nil, mode: 0o755) }
                + [
                    .init(path: "bin/busybox", content: busybox, mode: 0o755),
                    .init(path: "etc/passwd", content: Array("root:x:0:0::/:/bin/sh\n".utf8), mode: 0o644),
                ]
                + programs.map { .init(path: "bin/\($0)", link: "busybox") })
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips tests where no Engine can be started, and says why.
    public static var needsEngine: Self {
        .enabled("no Docker Engine can be started here; the reason was printed above") {
            do {
                _ = try await PrivateEngine.shared()
                return true
            } catch {
                print("TESTS SKIPPED: they need a Docker Engine of their own, and \(error)")
                return false
            }
        }
    }
}

/// Starts the shared Engine once.
private actor Starter {
    static let shared = Starter()
    private var starting: Task<PrivateEngine, any Error>?

    func engine() async throws -> PrivateEngine {
        let task = starting ?? Task { try await PrivateEngine.started() }
        starting = task
        return try await task.value
    }
}

/// Those that have to be ended when this process is.
private let engines = Mutex<(count: Int, running: [PrivateEngine])>((0, []))

private func perform(_ command: String...) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
        throw TestFailure("“\(command.joined(separator: " "))” failed")
    }
}
