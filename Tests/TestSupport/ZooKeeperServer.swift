public import Foundation
internal import Synchronization

/// What went wrong with a server of a test.
public struct ServerError: Error, CustomStringConvertible {
    /// What was found.
    public let description: String

    init(_ description: String) { self.description = description }
}

/// A real ZooKeeper server of one test: Debian's Java server, on a free loopback port, with its data in a directory of
/// its own, in memory where there is such a place.
///
/// It does not outlive the process that started it, however that ends.
///
/// ```swift
/// try await withZooKeeper { server in
///     let service = ZooKeeperCoordination(server.connectText)
///     server.pause()  // SIGSTOP
/// }
/// ```
public final class ZooKeeperServer: Sendable {
    /// How a server is started.
    public struct Options: Sendable {
        /// The server's unit of time: it notices an expired session up to one tick too late.
        public var tickTime = Duration.milliseconds(500)
        /// The shortest session timeout that it grants.
        public var minimumSessionTimeout = Duration.milliseconds(500)
        /// Options of the Java machine. The default starts fast and stays small; a benchmark wants other ones.
        public var javaOptions = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"]
        /// Further lines of its configuration, for example `["maxClientCnxns": "0"]`.
        public var configuration: [String: String] = [:]
        /// The server's number in its ensemble; `nil` for a server of its own.
        public var ensembleIdentifier: Int?
        /// Where data is kept; a directory is made below it. In memory unless set.
        public var parentDirectory: URL?

        /// The defaults described at each property.
        public init() {}
    }

    /// The port of the loopback interface where clients are served.
    public let port: UInt16
    /// Where the server keeps everything.
    public let directory: URL
    private let options: Options
    private let process = Mutex<ServerProcess?>(nil)

    /// Where clients connect to.
    public var connectText: String { "127.0.0.1:\(port)" }

    private init(_ options: Options) throws {
        self.options = options
        port = try Loopback.freePort()
        directory = try Self.makeDirectory(below: options.parentDirectory)
    }

    /// Starts a server and waits until it serves.
    public static func start(_ options: Options = Options()) async throws -> ZooKeeperServer {
        var failures: [any Error] = []
        while failures.count < 3 {  // somebody else may take the port in between
            let server = try ZooKeeperServer(options)
            do {
                try server.writeConfiguration()
                try await server.launch()
                return server
            } catch {
                failures.append(error)
                await server.stop()
            }
        }
        throw ServerError("no ZooKeeper could be started: \(failures)")
    }

    /// Ends the server and removes its data.
    public func stop() async {
        await end(keepingData: false)
        do {
            try FileManager.default.removeItem(at: directory)
        } catch CocoaError.fileNoSuchFile {
        } catch {
            FileHandle.standardError.write(Data("could not remove \(directory.path): \(error)\n".utf8))
        }
    }

    /// Ends the server at once, as `kill -9` does; its data stay for ``restart()``.
    public func kill() async { await end(keepingData: true) }

    /// Freezes the server: it neither answers nor notices the time.
    public func pause() { signal(SIGSTOP) }

    /// Lets a frozen server go on.
    public func resume() { signal(SIGCONT) }

    /// Starts the server again with the same port and data; kills it before if it runs.
    /// - Parameter deadline: how long to wait until it serves; one of an ensemble needs others to serve.
    public func restart(within deadline: Duration = .seconds(30)) async throws {
        await kill()
        try await launch(within: deadline)
    }

    /// The server's answer to one of its four-letter words, for example `mntr`.
    public func ask(_ word: String) async -> String { await Loopback.ask(word, port: port) }

    /// The process, `nil` while there is none.
    public var processIdentifier: Int32? { process.withLock { $0?.serverIdentifier } }

    /// Closes this process' end of the pipe, as the end of the process would.
    package func forsake() { process.withLock { $0?.forsake() } }

    private func signal(_ number: Int32) {
        if let identifier = processIdentifier { Foundation.kill(identifier, number) }
    }

    private func end(keepingData: Bool) async {
        let process = process.withLock { process in
            defer { process = nil }
            return process
        }
        await process?.end(keepingData: keepingData)
    }

    private func launch(within deadline: Duration = .seconds(30)) async throws {
        let process = try await ServerProcess.start(
            Self.command(options, directory.appending(path: "zoo.cfg")), directory: directory)
        self.process.withLock { $0 = process }
        do {
            try await eventually(within: deadline, "a serving ZooKeeper") {
                if !process.isRunning { throw ServerError("ZooKeeper ended: \(self.log)") }
                return await self.ask("srvr").contains("Mode:")
            }
        } catch {
            throw ServerError("\(error); its log: \(log)")
        }
    }

    private var log: String {
        (try? String(contentsOf: directory.appending(path: "log"), encoding: .utf8)) ?? "none"
    }

    private static func command(_ options: Options, _ configuration: URL) -> [String] {
        let jars = ["zookeeper.jar", "slf4j-nop.jar"].map { "/usr/share/java/\($0)" }.joined(separator: ":")
        return ["java"] + options.javaOptions + [
            "-Dzookeeper.preAllocSize=4096", "-cp", jars, "org.apache.zookeeper.server.quorum.QuorumPeerMain",
            configuration.path,
        ]
    }

    private func writeConfiguration() throws {
        var settings = [
            "tickTime": "\(options.tickTime.wholeMilliseconds)",
            "minSessionTimeout": "\(options.minimumSessionTimeout.wholeMilliseconds)",
            "maxSessionTimeout": "60000",
            "dataDir": directory.appending(path: "data").path,
            "clientPort": "\(port)",
            "clientPortAddress": "127.0.0.1",
            "maxClientCnxns": "0",
            "admin.enableServer": "false",
            "4lw.commands.whitelist": "*",
        ]
        settings.merge(options.configuration) { $1 }
        let text = settings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }.joined()
        try text.write(to: directory.appending(path: "zoo.cfg"), atomically: true, encoding: .utf8)
        guard let identifier = options.ensembleIdentifier else { return }
        let data = directory.appending(path: "data")
        try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
        try "\(identifier)\n".write(to: data.appending(path: "myid"), atomically: true, encoding: .utf8)
    }

    private static func makeDirectory(below parent: URL?) throws -> URL {
        let memory = URL(filePath: "/dev/shm")
        let isThere = FileManager.default.isWritableFile(atPath: memory.path)
        let directory = (parent ?? (isThere ? memory : FileManager.default.temporaryDirectory))
            .appending(path: "zookeeper-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        return directory
    }
}

/// Runs `body` with a server of its own, which ends when the body does.
public func withZooKeeper<Value>(
    _ options: ZooKeeperServer.Options = .init(), _ body: (ZooKeeperServer) async throws -> Value
) async throws -> Value {
    let server = try await ZooKeeperServer.start(options)
    do {
        let value = try await body(server)
        await server.stop()
        return value
    } catch {
        await server.stop()
        throw error
    }
}

extension Duration {
    fileprivate var wholeMilliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
