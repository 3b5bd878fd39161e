import AsyncHTTPClient
import Coordination
import FleetAgent
import FleetEngine
import FleetMaster
import FleetModel
import FleetSupport
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Support
import Synchronization
import ZooKeeper

/// A fleet of real processes: a ZooKeeper, a master, and agents that are told apart by their names on one Engine.
final class LiveFleet: Sendable {
    let directory: URL
    let engine: DockerEngine
    let cluster: String
    private let engineAddress: String
    /// Of each server: for clients, for the others, for elections.
    private let zookeeperPorts: [[UInt16]]
    private let masterPorts: [String: UInt16]
    private let agentPorts: [String: UInt16]
    private let children = Mutex<[String: ChildProcess]>([:])
    private let count = Mutex(0)

    /// What agents and those who ask them say.
    static let token = "the-agents-token"

    /// Whether masters and agents say to ZooKeeper who they are.
    private let hasDigests: Bool

    private init(hosts: [String], masters: [String], zookeepers: Int, hasDigests: Bool) async throws {
        self.hasDigests = hasDigests
        let shared = try await PrivateEngine.shared()
        engine = shared.docker
        engineAddress = shared.address.description
        let name = "fleet-\(UUID().uuidString.prefix(8).lowercased())"
        cluster = name
        directory = FileManager.default.temporaryDirectory.appending(path: name)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        zookeeperPorts = try (0..<zookeepers).map { _ in try (0..<3).map { _ in try freePort() } }
        masterPorts = try Dictionary(uniqueKeysWithValues: masters.map { ($0, try freePort()) })
        agentPorts = try Dictionary(uniqueKeysWithValues: hosts.map { ($0, try freePort()) })
    }

    /// Runs a fleet as long as the body does. One at a time, since they keep time and the machine may be small.
    /// - Parameters:
    ///   - isEmpty: whether the agents are not started yet.
    ///   - hasDigests: whether masters and agents say to ZooKeeper who they are.
    static func run(
        hosts: [String] = ["h1", "h2"], masters: [String] = ["m1"], zookeepers: Int = 1, isEmpty: Bool = false,
        hasDigests: Bool = false, _ body: (LiveFleet) async throws -> Void
    ) async throws {
        let fleet = try await LiveFleet(
            hosts: hosts, masters: masters, zookeepers: zookeepers, hasDigests: hasDigests)
        do {
            try await fleet.begin(isEmpty ? [] : hosts)
            try await body(fleet)
        } catch {
            print(fleet.report)
            await fleet.end()
            throw error
        }
        await fleet.end()
    }

    private func begin(_ hosts: [String]) async throws {
        for number in 1...zookeeperPorts.count { try startZooKeeper(number) }
        for master in masterPorts.keys.sorted() { try startMaster(master) }
        for host in hosts { try startAgent(host) }
        try await eventually(within: .seconds(60), "all hosts are up") {
            (try? await self.hosts().count { $0.up }) == hosts.count
        }
    }

    private func end() async {
        for child in children.withLock({ $0.values }) { try? await child.kill() }
        let own = try? await engine.list(ContainerFilter(labels: [FleetLabel.cluster: cluster]))
        for container in own ?? [] { try? await engine.remove(container.id, force: true, volumes: true) }
        try? FileManager.default.removeItem(at: directory)
    }

    /// What all processes printed, for failed tests.
    private var report: String {
        let logs = (try? FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)) ?? []
        return logs.filter { $0.pathExtension == "out" && !$0.lastPathComponent.contains("-ask") }
            .sorted { $0.path < $1.path }
            .map {
                "--- \($0.lastPathComponent)\n\((try? String(contentsOf: $0, encoding: .utf8))?.suffix(3_000) ?? "")"
            }
            .joined(separator: "\n")
    }

    // MARK: Processes

    private func launch(_ name: String, _ command: [String]) throws -> ChildProcess {
        let number = count.withLock { count in
            count += 1
            return count
        }
        return try ChildProcess(name, command, log: directory.appending(path: "\(number)-\(name).out"))
    }

    private static let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "fleet").path

    private var zookeeper: String { zookeeperPorts.map { "127.0.0.1:\($0[0])" }.joined(separator: ",") }

    /// What processes are told: of several servers one has no address.
    private var toldZooKeepers: String { zookeeperPorts.count > 1 ? "nowhere.invalid:2181,\(zookeeper)" : zookeeper }

    /// Starts a ZooKeeper server, also again, with what it knew.
    func startZooKeeper(_ number: Int = 1) throws {
        let data = store(number)
        try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
        var configuration = """
            tickTime=250
            minSessionTimeout=500
            dataDir=\(data.path)
            clientPort=\(zookeeperPorts[number - 1][0])
            clientPortAddress=127.0.0.1
            maxClientCnxns=0
            admin.enableServer=false

            """
        if zookeeperPorts.count > 1 {
            configuration += "initLimit=40\nsyncLimit=20\n"
            for (index, ports) in zookeeperPorts.enumerated() {
                configuration += "server.\(index + 1)=127.0.0.1:\(ports[1]):\(ports[2])\n"
            }
            try "\(number)".write(to: data.appending(path: "myid"), atomically: true, encoding: .utf8)
        }
        let file = directory.appending(path: "zoo\(number).cfg")
        try configuration.write(to: file, atomically: true, encoding: .utf8)
        let name = number == 1 ? "zookeeper" : "zookeeper\(number)"
        let child = try launch(
            name,
            [
                "java", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp",
                "/usr/share/java/zookeeper.jar:/usr/share/java/slf4j-nop.jar",
                "org.apache.zookeeper.server.quorum.QuorumPeerMain", file.path,
            ])
        children.withLock { $0[name] = child }
    }

    /// Where a ZooKeeper server keeps what it knows.
    func store(_ number: Int = 1) -> URL { directory.appending(path: "zookeeper\(number)") }

    /// Removes all that a ZooKeeper server knows. It must not run.
    func emptyStore(_ number: Int = 1) throws { try FileManager.default.removeItem(at: store(number)) }

    /// Keeps a copy of all that ZooKeeper knows. It must not run.
    func saveStore() throws {
        try FileManager.default.copyItem(
            at: store(), to: directory.appending(path: "backup"))
    }

    /// Puts the copy in the place of what it knows. It must not run.
    func restoreStore() throws {
        try emptyStore()
        try FileManager.default.copyItem(
            at: directory.appending(path: "backup"), to: store())
    }

    func startMaster(_ name: String = "m1") throws {
        let child = try launch(
            name,
            [
                Self.program, "master", "--zookeeper", toldZooKeepers, "--cluster", cluster, "--session-timeout", "4",
                "--name", name, "--listen", "127.0.0.1:\(masterPorts[name] ?? 0)", "--open",
            ] + digest("master") + (hasDigests ? ["--agents-digest", Self.agentsDigest] : []))
        children.withLock { $0[name] = child }
    }

    /// Starts an agent, also again.
    /// - Parameters:
    ///   - state: the name of its directory; the host's unless set.
    ///   - engine: where it finds the Engine, if that is not where it is.
    func startAgent(_ host: String, state: String? = nil, labels: [String] = [], engine: String? = nil) throws {
        let token = directory.appending(path: "token")
        try Self.token.write(to: token, atomically: true, encoding: .utf8)
        let first = 22_000 + (agentPorts.keys.sorted().firstIndex(of: host) ?? 0) * 200
        let child = try launch(
            host,
            [
                Self.program, "agent", "--zookeeper", toldZooKeepers, "--cluster", cluster, "--session-timeout", "4",
                "--name", host, "--engine", engine ?? engineAddress, "--state-dir",
                directory.appending(path: state ?? host).path, "--env", "FLEET_HOST=\(host)",
                "--port-range", "\(first)-\(first + 199)", "--listen", "127.0.0.1:\(agentPorts[host] ?? 0)",
                "--api-token-file", token.path, "--label", "name=\(host)",
            ] + labels.flatMap { ["--label", $0] } + digest("agent"))
        children.withLock { $0[host] = child }
    }

    /// Of the password `agent:agent`: `printf agent:agent | openssl dgst -sha1 -binary | base64`.
    private static let agentsDigest = "agent:+drL5dDx4bZOGY61JGJopJgEIZo="

    private func digest(_ user: String) throws -> [String] {
        guard hasDigests else { return [] }
        let file = directory.appending(path: "digest-\(user)")
        try "\(user):\(user)".write(to: file, atomically: true, encoding: .utf8)
        return ["--zookeeper-digest-file", file.path]
    }

    /// A process by its name: a host, a master or `zookeeper`.
    func child(_ name: String) throws -> ChildProcess {
        guard let child = children.withLock({ $0[name] }) else { throw TestFailure("there is no process \(name)") }
        return child
    }

    // MARK: Asking

    private var addresses: String {
        masterPorts.sorted { $0.key < $1.key }.map { "http://127.0.0.1:\($0.value)" }.joined(separator: ",")
    }

    /// Does something with the records in the store.
    func withStore(_ body: @escaping @Sendable (any CoordinationSession) async throws -> Void) async throws {
        try await ZooKeeperCoordination.zooKeeper(zookeeper).withSession { try await body($0) }
    }

    /// Whether a ZooKeeper server answers, and knows the fleet.
    func isInStep(_ server: Int) async throws -> Bool {
        let (address, path) = ("127.0.0.1:\(zookeeperPorts[server - 1][0])", FleetPaths(cluster: cluster).id)
        return try await ZooKeeperCoordination.zooKeeper(address).withSession { try await $0.exists(path) != nil }
    }

    /// Starts a command of `fleet` that goes on until it is stopped.
    func begin(_ arguments: String...) throws -> ChildProcess {
        let child = try launch("ask", [Self.program] + arguments + ["--master", addresses])
        children.withLock { $0["\(arguments)"] = child }
        return child
    }

    /// Runs a command of `fleet` to its end.
    func ask(_ arguments: [String]) async throws -> (status: Int32, output: String) {
        let child = try launch(
            "ask",
            [Self.program] + arguments.prefix { $0 != "--" } + ["--master", addresses]
                + arguments.drop { $0 != "--" })
        let status = try await child.ended(within: .seconds(150))
        return (status, child.output)
    }

    /// Runs a command that must succeed.
    @discardableResult
    func fleet(_ arguments: String...) async throws -> String {
        let (status, output) = try await ask(arguments)
        guard status == 0 else {
            throw TestFailure("fleet \(arguments.joined(separator: " ")) ended with \(status): \(output)")
        }
        return output
    }

    func read<Value: Decodable>(_: Value.Type, _ arguments: String...) async throws -> Value {
        let (status, output) = try await ask(arguments + ["--json"])
        guard status == 0 else { throw TestFailure("fleet \(arguments) ended with \(status): \(output)") }
        return try JSONDecoder().decode(Value.self, from: Data(output.utf8))
    }

    /// What the store says of a resource's state on a host, as it stands there.
    func currentState(of resource: String, on host: String) async throws -> String {
        let text = Mutex("")
        let folder = "/\(cluster)/INSTANCES/\(host)/CURRENTSTATES"
        try await withStore { session in
            for id in try await session.children(folder) {
                guard let (data, _) = try await session.getIfPresent("\(folder)/\(id)/\(resource)") else { continue }
                text.withLock { $0 += String(decoding: data, as: UTF8.self) }
            }
        }
        return text.withLock { $0 }
    }

    struct HostRow: Decodable {
        var name: String
        var up: Bool
        var labels: [String: String]
    }

    func hosts() async throws -> [HostRow] { try await answer("/v1/hosts") }

    func rows() async throws -> [StatusRow] { try await answer("/v1/status") }

    /// What the first master says that answers. This is asked over and over, for which a process each would be too much.
    private func answer<Value: Decodable>(_ path: String) async throws -> Value {
        var found: Value?
        try await eventually(within: .seconds(60), "an answer of a master") {
            for (_, port) in masterPorts.sorted(by: { $0.key < $1.key }) where found == nil {
                let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
                guard let answer = try? await Self.http.execute(request, timeout: .seconds(5)),
                    answer.status.code == 200,
                    let body = try? await answer.body.collect(upTo: 1 << 24)
                else { continue }
                found = try JSONDecoder().decode(Value.self, from: Data(body.readableBytesView))
            }
            return found != nil
        }
        guard let found else { throw TestFailure("no answer to \(path)") }
        return found
    }

    /// Lives as long as the tests.
    private static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroup: .singletonMultiThreadedEventLoopGroup, configuration: configuration)
    }()

    /// The address of the Engine, for what stands in between.
    var engineSocket: String { engineAddress }

    /// Makes a job of a file in YAML.
    func job(_ text: String) async throws {
        let file = directory.appending(path: "job-\(UUID().uuidString).yaml")
        // What begins with a brace would be JSON.
        try "# \(cluster)\n\(text)".write(to: file, atomically: true, encoding: .utf8)
        try await fleet("job", "create", "-f", file.path)
    }

    /// The only task of a host.
    func row(_ host: String) async throws -> StatusRow? { try await rows().first { $0.host == host } }

    /// Makes a job that runs for ever.
    func idleJob(_ version: String, _ options: String...) async throws {
        let arguments = ["job", "create", "idle:\(version)", PrivateEngine.image, "--stop-timeout", "1s"] + options
        let (status, output) = try await ask(arguments + ["--", "sh", "-c", "echo \(version); exec sleep 100000"])
        guard status == 0 else { throw TestFailure(output) }
    }

    /// The containers of a host that run.
    func running(_ host: String) async throws -> [ContainerSummary] {
        try await engine.list(
            ContainerFilter(
                labels: [FleetLabel.cluster: cluster, FleetLabel.host: host], includesStopped: false))
    }

    /// All containers of a host.
    func containers(_ host: String) async throws -> [ContainerSummary] {
        try await engine.list(ContainerFilter(labels: [FleetLabel.cluster: cluster, FleetLabel.host: host]))
    }

    /// Waits until a host's only task runs.
    @discardableResult
    func runs(_ host: String, within limit: Duration = .seconds(40)) async throws -> String {
        var container = ""
        try await eventually(within: limit, "the task of \(host) runs") {
            guard let row = try? await self.row(host), row.state == "RUNNING" else { return false }
            container = row.detail.container ?? ""
            return try await self.running(host).map { String($0.id.prefix(12)) } == [container]
        }
        return container
    }
}
