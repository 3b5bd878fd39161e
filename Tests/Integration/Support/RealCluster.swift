import Coordination
import Foundation
import HelixAdmin
import HelixController
import HelixParticipant
import HelixRecords
import Logging
import TestSupport
import Testing
import ZooKeeper

/// A cluster on a real server, looked at from outside.
struct RealCluster: Sendable {
    /// How long sessions of members live without a sign: short, so that tests are.
    static let sessionTimeout = Duration.milliseconds(1500)

    let name = "orders"
    /// The server whose log counts.
    let server: ZooKeeperServer
    /// The server, or all servers of an ensemble.
    let servers: String
    let chroot: String
    let session: any CoordinationSession

    var paths: ClusterPaths { ClusterPaths(cluster: name) }
    var administrator: Administrator { Administrator(session: session) }
    var service: ZooKeeperCoordination { ZooKeeperCoordination(servers + chroot) }

    /// Runs `body` with a cluster of these instances, in a clean place of the shared server.
    static func with(
        instances: [String], _ body: @escaping @Sendable (RealCluster) async throws -> Void
    ) async throws {
        let chroot = try await SharedZooKeeper.makeChroot()
        try await with(instances: instances, on: try await SharedZooKeeper.server(), chroot: chroot, body)
    }

    /// Runs `body` with a cluster of these instances on a server of its own. The observer's session outlives long pauses
    /// of the server.
    /// - Parameter servers: all servers of the ensemble that the server is part of.
    static func with(
        instances: [String], on server: ZooKeeperServer, servers: String? = nil, chroot: String = "",
        _ body: @escaping @Sendable (RealCluster) async throws -> Void
    ) async throws {
        let servers = servers ?? server.connectText
        try await ZooKeeperCoordination(servers + chroot).withSession(
            SessionConfiguration(timeout: .seconds(60))
        ) { session in
            let cluster = RealCluster(server: server, servers: servers, chroot: chroot, session: session)
            _ = try await cluster.administrator.addCluster(cluster.name)
            for instance in instances { try await cluster.administrator.addInstance(instance, in: cluster.name) }
            try await body(cluster)
        }
    }

    func addResource(
        _ resource: String, partitions: Int, replicas: Int, change: (inout ResourceSettings) -> Void = { _ in }
    ) async throws {
        var settings = ResourceSettings(partitions: partitions, stateModel: "MasterSlave", replicas: .count(replicas))
        change(&settings)
        try await administrator.addResource(resource, settings, in: name)
    }

    // MARK: Members

    func controller(_ controller: String, through link: NetworkLink? = nil) -> Controller {
        var configuration = ControllerConfiguration()
        configuration.sessionTimeout = Self.sessionTimeout
        return Controller(
            cluster: name, name: controller, coordination: service(through: link), configuration: configuration,
            logger: Self.logger)
    }

    /// - Parameter delay: how long each transition takes.
    func participant(
        _ instance: String, delay: Duration = .zero, through link: NetworkLink? = nil
    ) -> Participant {
        var configuration = ParticipantConfiguration()
        configuration.sessionTimeout = Self.sessionTimeout
        let participant = Participant(
            cluster: name, instance: instance, coordination: service(through: link), configuration: configuration,
            logger: Self.logger)
        participant.register(.masterSlave) { _ in Shard(delay: delay) }
        return participant
    }

    private func service(through link: NetworkLink?) -> ZooKeeperCoordination {
        link.map { ZooKeeperCoordination($0.connectText + chroot) } ?? service
    }

    /// Faults are made on purpose here, and need not be told.
    static let logger: Logger = {
        var logger = Logger(label: "integration")
        logger.logLevel = .critical
        return logger
    }()

    // MARK: Looking

    /// The external view as it is in ZooKeeper, put together if it is spread.
    func view(_ resource: String) async throws -> [String: [String: String]]? {
        let path = paths.externalView(resource)
        guard let (data, stat) = try await session.getIfPresent(path) else { return nil }
        let head = try ZNRecord(decoding: data, path: path)
        guard head.isBucketized, stat.childrenCount > 0 else { return head.mapFields }
        var buckets: [ZNRecord] = []
        for name in try await session.children(path) {
            guard let (data, _) = try await session.getIfPresent("\(path)/\(name)") else { continue }
            buckets.append(try ZNRecord(decoding: data, path: name))
        }
        return head.joined(buckets: buckets).mapFields
    }

    /// The server may be away for a while: that is not an answer.
    func eventually(_ what: String, _ condition: @escaping () async throws -> Bool) async throws {
        try await TestSupport.eventually(within: .seconds(60), what) {
            do {
                return try await condition()
            } catch let error as CoordinationError where error.isTransient {
                return false
            }
        }
    }

    /// Every partition has one master and its slaves, all on these instances, evenly.
    func awaitSettled(_ resource: String, partitions: Int, replicas: Int, on instances: [String]) async throws {
        try await eventually("\(resource) has settled on \(instances)") {
            guard let view = try await view(resource), view.count == partitions else { return false }
            let wanted = ["MASTER"] + Array(repeating: "SLAVE", count: replicas - 1)
            let loads = instances.map { name in view.values.count { $0[name] != nil } }
            return view.values.allSatisfy { $0.values.sorted() == wanted && Set(instances).isSuperset(of: $0.keys) }
                && (loads.max() ?? 0) - (loads.min() ?? 0) <= 1
        }
    }

    /// So many partitions have a master.
    func awaitMasters(_ resource: String, _ count: Int) async throws {
        try await eventually("\(count) masters of \(resource)") {
            try await view(resource)?.values.count { $0.values.contains("MASTER") } ?? 0 >= count
        }
    }

    func awaitGone(_ resource: String) async throws {
        try await eventually("\(resource) is gone") { try await session.exists(paths.externalView(resource)) == nil }
    }

    /// The name of the leader.
    func leader() async throws -> String? {
        guard let (data, _) = try await session.getIfPresent(paths.leader) else { return nil }
        return try LiveInstance(decoding: data, path: paths.leader).id
    }

    func awaitLeader(_ what: String = "a leader", _ condition: @escaping (String) -> Bool = { _ in true }) async throws
    {
        try await eventually(what) { try await leader().map(condition) ?? false }
    }

    /// What the server's log says of all that was written so far.
    func judge() throws -> InvariantChecker {
        var checker = InvariantChecker(cluster: name, chroot: chroot)
        checker.replay(try server.transactionLog().changes)
        return checker
    }
}

/// A replica that does nothing, for so long.
struct Shard: MasterSlaveHandler {
    let delay: Duration

    private func work() async throws {
        if delay > .zero { try await Task.sleep(for: delay) }
    }

    func offlineToSlave(_ context: TransitionContext) async throws { try await work() }
    func slaveToMaster(_ context: TransitionContext) async throws { try await work() }
    func masterToSlave(_ context: TransitionContext) async throws { try await work() }
    func slaveToOffline(_ context: TransitionContext) async throws { try await work() }
}

/// What runs a controller.
func running(_ controller: Controller) -> @Sendable () async throws -> Void { { try await controller.run() } }

/// What runs a participant.
func running(_ participant: Participant) -> @Sendable () async throws -> Void { { try await participant.run() } }
