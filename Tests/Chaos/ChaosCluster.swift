import Coordination
import HelixAdmin
import HelixRecords
import HelixSpectator
import Logging
import TestSupport
import ZooKeeper

/// A cluster of real processes on an ensemble of real servers, each process behind links of its own.
struct ChaosCluster: Sendable {
    /// A resource, and what it looks like when all is well.
    struct Resource: Sendable {
        let name: String
        let model: String
        let mode: IdealState.RebalanceMode
        let partitions: Int
        let replicas: Int
        var bucketSize = 0
        let top: String
        let second: String

        /// The states of a partition's replicas, sorted.
        var states: [String] {
            let others = Array(repeating: second, count: replicas - 1)
            return ([top] + others).sorted()
        }
    }

    static let name = "chaos"
    static let sessionTimeout = Duration.seconds(3)
    static let instances = (1...6).map { "node_\($0)" }
    static let resources = [
        Resource(
            name: "orders", model: "MasterSlave", mode: .fullAuto, partitions: 16, replicas: 3, top: "MASTER",
            second: "SLAVE"),
        Resource(
            name: "users", model: "LeaderStandby", mode: .fullAuto, partitions: 12, replicas: 2, bucketSize: 5,
            top: "LEADER", second: "STANDBY"),
        Resource(
            name: "index", model: "OnlineOffline", mode: .semiAuto, partitions: 10, replicas: 3, top: "ONLINE",
            second: "ONLINE"),
        Resource(
            name: "ledger", model: "MasterSlave", mode: .customized, partitions: 6, replicas: 2, top: "MASTER",
            second: "SLAVE"),
    ]

    let ensemble: ZooKeeperEnsemble
    let controllers: [Member]
    let participants: [Member]
    /// Between the spectator and the servers.
    let spectatorLinks: [NetworkLink]

    var paths: ClusterPaths { ClusterPaths(cluster: Self.name) }
    var members: [Member] { controllers + participants }
    /// The test's own way to the ensemble: no link is between.
    private var service: ZooKeeperCoordination { ZooKeeperCoordination(ensemble.connectText) }

    private init(_ ensemble: ZooKeeperEnsemble) throws {
        self.ensemble = ensemble
        let timeout = ["--session-timeout", "\(Self.sessionTimeout.inSeconds)"]
        controllers = try ["one", "two", "three"].map { name in
            try Member(
                name: name, arguments: ["controller", Self.name, "--name", name] + timeout, ensemble: ensemble)
        }
        participants = try Self.instances.map { name in
            try Member(
                name: name, arguments: ["participant", Self.name, name, "--delay", "60"] + timeout, ensemble: ensemble)
        }
        spectatorLinks = try ensemble.servers.map { try NetworkLink(to: $0.port) }
    }

    /// Sets up a cluster, starts all its members, and ends them with the body.
    static func with(
        _ ensemble: ZooKeeperEnsemble, _ body: (ChaosCluster) async throws -> Void
    ) async throws {
        let cluster = try ChaosCluster(ensemble)
        defer {
            for link in cluster.members.flatMap(\.links) + cluster.spectatorLinks { link.close() }
        }
        try await cluster.setUp()
        for member in cluster.members { try member.start() }
        try await body(cluster)
    }

    /// Runs a body in a session of the test's own.
    func withSession<Value: Sendable>(
        _ body: @escaping @Sendable (any CoordinationSession) async throws -> Value
    ) async throws -> Value {
        try await service.withSession(SessionConfiguration(logger: Self.logger), body)
    }

    /// Faults are made on purpose here, and need not be told.
    private static let logger: Logger = {
        var logger = Logger(label: "chaos")
        logger.logLevel = .critical
        return logger
    }()

    /// Kills all members and all servers that vote at once, and starts them again.
    func restartEverything() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for member in members { group.addTask { try await member.kill() } }
            for server in ensemble.servers { group.addTask { await server.kill() } }
            try await group.waitForAll()
            for server in ensemble.servers { group.addTask { try await server.restart(within: Self.patience) } }
            for member in members { group.addTask { try member.start() } }
            try await group.waitForAll()
        }
    }

    /// Ends all members in order, as an operator would.
    func leave() async throws {
        for members in [participants, controllers] {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for member in members { group.addTask { try await member.leave() } }
                try await group.waitForAll()
            }
        }
    }

    private func setUp() async throws {
        try await withSession { session in
            let administrator = Administrator(session: session)
            _ = try await administrator.addCluster(Self.name)
            for instance in Self.instances { try await administrator.addInstance(instance, in: Self.name) }
            for resource in Self.resources {
                var settings = ResourceSettings(
                    partitions: resource.partitions, stateModel: resource.model, replicas: .count(resource.replicas),
                    mode: resource.mode)
                settings.bucketSize = resource.bucketSize
                try await administrator.addResource(resource.name, settings, in: Self.name)
            }
        }
    }

    func makeSpectator() -> Spectator {
        var configuration = SpectatorConfiguration()
        configuration.sessionTimeout = Self.sessionTimeout
        return Spectator(
            cluster: Self.name,
            coordination: ZooKeeperCoordination(spectatorLinks.map(\.connectText).joined(separator: ",")),
            configuration: configuration, logger: Self.logger)
    }
}
