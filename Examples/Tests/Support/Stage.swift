public import Foundation
import Synchronization

/// Where a recipe is played: a ZooKeeper server of its own, a directory, and the recipe's processes.
public final class Stage: Sendable {
    /// For what the recipe writes; gone after the test.
    public let directory: URL
    /// Where the ZooKeeper server listens.
    public let zookeeper: String
    /// The session timeout of all processes.
    public static let sessionTimeout: Duration = .seconds(2)

    private let program: String
    private let children = Mutex<[ChildProcess]>([])

    fileprivate init(_ program: String) throws {
        self.program = program
        directory = FileManager.default.temporaryDirectory.appending(path: "recipe-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let port = try freePort()
        zookeeper = "127.0.0.1:\(port)"
        try startZooKeeper(port)
    }

    /// Starts one of the recipe's processes.
    public func start(_ name: String, _ arguments: String...) throws -> ChildProcess {
        try launch(name, [Self.build.appending(path: program).path] + arguments + options)
    }

    /// Runs one of the recipe's commands to its end.
    /// - Returns: what it printed.
    /// - Throws: `TestFailure` when it failed.
    @discardableResult
    public func perform(_ arguments: String...) async throws -> String {
        let command = [Self.build.appending(path: program).path] + arguments + options
        let child = try launch(arguments[0], command)
        let status = try await child.ended()
        guard status == 0 else {
            throw TestFailure("\(arguments.joined(separator: " ")) ended with \(status): \(child.output)")
        }
        return child.output
    }

    private var options: [String] { ["--zookeeper", zookeeper, "--session-timeout", "2"] }

    /// The programs lie beside the tests.
    private static var build: URL {
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    }

    private func launch(_ name: String, _ command: [String]) throws -> ChildProcess {
        try children.withLock { children in
            let log = directory.appending(path: "\(children.count)-\(name).out")
            let child = try ChildProcess(name, command, log: log)
            children.append(child)
            return child
        }
    }

    private func startZooKeeper(_ port: UInt16) throws {
        let configuration = """
            tickTime=250
            minSessionTimeout=500
            dataDir=\(directory.path)/zookeeper
            clientPort=\(port)
            clientPortAddress=127.0.0.1
            maxClientCnxns=0
            admin.enableServer=false
            """
        let file = directory.appending(path: "zoo.cfg")
        try configuration.write(to: file, atomically: true, encoding: .utf8)
        _ = try launch(
            "zookeeper",
            [
                "java", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp",
                "/usr/share/java/zookeeper.jar:/usr/share/java/slf4j-nop.jar",
                "org.apache.zookeeper.server.quorum.QuorumPeerMain", file.path,
            ])
    }

    /// What all processes printed, for failed tests.
    fileprivate var report: String {
        children.withLock { $0 }.map { "--- \($0.name) (\($0.identifier))\n\($0.output.suffix(3_000))" }
            .joined(separator: "\n")
    }

    fileprivate func end() async throws {
        for child in children.withLock({ $0 }).reversed() { try await child.kill() }
        try FileManager.default.removeItem(at: directory)
    }
}

/// Plays a recipe. One is played at a time, since they keep time and the machine may be small.
public func withStage(_ program: String, _ body: (Stage) async throws -> Void) async throws {
    await Turns.shared.take()
    do {
        let stage = try Stage(program)
        do {
            try await body(stage)
        } catch {
            print(stage.report)
            try await stage.end()
            throw error
        }
        try await stage.end()
    } catch {
        await Turns.shared.pass()
        throw error
    }
    await Turns.shared.pass()
}

private actor Turns {
    static let shared = Turns()
    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func take() async {
        guard isTaken else { return isTaken = true }
        await withCheckedContinuation { waiting.append($0) }
    }

    func pass() {
        if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
    }
}

/// A port of the loopback interface that nobody used a moment ago.
public func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            bind(descriptor, address, length) == 0 && getsockname(descriptor, address, &length) == 0
        }
    }
    guard isBound else { throw TestFailure("no free port: \(String(cString: strerror(errno)))") }
    return UInt16(bigEndian: address.sin_port)
}
