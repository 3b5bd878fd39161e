package import Coordination
public import HelixAdmin
import HelixController
import HelixRecords
public import HelixSpectator
import RebalancePipeline
import Synchronization

extension SimulatedCluster {
    /// Performs operations of an administrator, in a session of its own.
    @discardableResult
    public func administrate<Value: Sendable>(
        _ body: @escaping @Sendable (Administrator) async throws -> Value
    ) async throws -> Value {
        try await withOwnSession("administrator") { session in
            let administrator = Administrator(
                session: session, logger: self.timeline.logger(for: "administrator"),
                now: { self.simulation.milliseconds }, makeMessageID: { self.makeMessageID() }, host: "administrator")
            return try await body(administrator)
        }
    }

    /// Runs `body` with a session through a connection that nothing disturbs but a loss of servers.
    package func withOwnSession<Value: Sendable>(
        _ name: String, _ body: @escaping @Sendable (any CoordinationSession) async throws -> Value
    ) async throws -> Value {
        let process = simulation.makeProcess(name)
        defer { simulation.kill(process) }
        return try await simulation.ensemble.coordination(for: process).withSession { try await body($0) }
    }

    /// Lets time pass until the cluster is as it should be and nothing is under way any more.
    ///
    /// Sessions of killed processes have expired then, and participants that run have joined; for those that stand still
    /// or are cut off it does not wait.
    ///
    /// - Parameter limit: how long that may take in simulated time; two minutes unless set.
    /// - Throws: ``NotSettled``, which says what is missing.
    public func settle(within limit: Duration = .seconds(120)) async throws {
        let deadline = clock.now.advanced(by: limit)
        var missing: [String] = []
        repeat {
            try await clock.sleep(for: .milliseconds(500))
            guard clock.now.elapsed - judge.lastCommit >= quiet else { continue }
            let before = judge.lastCommit
            missing = try await unsettled()
            if missing.isEmpty, judge.lastCommit == before { return }
        } while clock.now < deadline
        if missing.isEmpty { missing = try await unsettled() }
        if missing.isEmpty { missing = ["it keeps being written to"] }
        throw NotSettled(cluster: name, limit: limit, missing: missing)
    }

    /// How long nothing may be written before a cluster counts as settled: whoever's server was lost has found another
    /// one by then, and knows what was written last.
    private var quiet: Duration { .seconds(6) }

    /// What is not yet as it should be.
    package func unsettled() async throws -> [String] {
        try await withOwnSession("judge") { session in
            var missing: [String] = []
            let silent = self.simulation.ensemble.silentSessions
            if silent > 0 { missing.append("\(silent) sessions are not heard of, and have not expired") }
            missing += self.unsteady.map { "\($0) stands still, or is about to end" }
            missing += self.leadersPlans
            let snapshot = try await ClusterSnapshot.read(
                self.name, in: session, now: self.simulation.milliseconds, logger: self.timeline.logger(for: "judge"))
            missing += self.absentMembers.map { "\($0) has not joined" }
            for instance in snapshot.instances where instance.live != nil && !instance.messages.isEmpty {
                missing.append("\(instance.name) has \(instance.messages.count) messages")
            }
            for name in snapshot.resources.keys.sorted() where !self.isPublished(name, snapshot) {
                missing.append("the external view of \(name) is not up to date")
            }
            return missing
        }
    }

    /// The participants that run, could reach the coordination service, and have no live instance.
    private var absentMembers: [String] {
        members.withLock { $0 }.sorted().filter { name in
            guard let process = process(name), process.isAlive, !process.isPaused,
                !simulation.ensemble.isIsolated(process)
            else { return false }
            return simulation.ensemble.data(at: paths.liveInstance(name)) == nil
        }
    }

    /// What the leader still has to do.
    private var leadersPlans: [String] {
        let leading = controllers.withLock { $0 }.filter {
            process($0.key)?.isAlive == true && $0.value.status.isLeading
        }
        guard simulation.ensemble.data(at: paths.leader) != nil, leading.count == 1, let leader = leading.first else {
            return ["\(leading.count) controllers lead"]
        }
        guard leader.value.hasPlans else { return [] }
        return ["\(leader.key) has transitions to ask for, or waits for a time to come"]
    }

    private func isPublished(_ resource: String, _ snapshot: ClusterSnapshot) -> Bool {
        let expected = snapshot.externalView(of: resource)?.record
        return publishedMap(of: resource) == expected?.mapFields ?? [:]
            && publishedFields(of: resource) == expected?.simpleFields
    }

    /// The states of a resource's replicas by partition and instance, as its external view says; nothing of what cannot
    /// be read.
    package func publishedMap(of resource: String) -> [String: [String: String]] {
        let path = paths.externalView(resource)
        let znodes = [path] + simulation.ensemble.children(of: path).map { "\(path)/\($0)" }
        return znodes.reduce(into: [:]) { map, znode in
            guard let data = simulation.ensemble.data(at: znode) else { return }
            do { map.merge(try ZNRecord(decoding: data, path: znode).mapFields) { $1 } } catch {}
        }
    }

    /// The fields that a resource's external view takes over from its ideal state.
    private func publishedFields(of resource: String) -> [String: String]? {
        let path = paths.externalView(resource)
        guard let data = simulation.ensemble.data(at: path) else { return nil }
        do { return try ZNRecord(decoding: data, path: path).simpleFields } catch { return nil }
    }

    /// Where the replicas are now, as a spectator sees it that has caught up.
    public func routingTable() async throws -> RoutingTable {
        let process = simulation.makeProcess("onlooker")
        defer { simulation.kill(process) }
        let spectator = Spectator(
            cluster: name, coordination: simulation.ensemble.coordination(for: process), clock: clock,
            now: { self.simulation.milliseconds })
        return try await spectator.withRoutingTables { _ in try await spectator.upToDateTable() }
    }
}

extension NotSettled {
    /// Replicas stay in ERROR whatever operators do.
    package static func failed(_ cluster: String, _ limit: Duration, _ replicas: [ReplicaWorld.Failure]) -> NotSettled {
        NotSettled(
            cluster: cluster, limit: limit, missing: replicas.map { "\($0.partition) on \($0.instance) is in ERROR" })
    }
}

/// A cluster did not become as it should be in time.
public struct NotSettled: Error, Sendable, CustomStringConvertible {
    /// The cluster.
    public let cluster: String
    /// How long it was given, in simulated time.
    public let limit: Duration
    /// What is missing.
    public let missing: [String]

    /// One line for each thing that is missing.
    public var description: String {
        "cluster \(cluster) is not settled after \(limit): " + missing.prefix(20).joined(separator: "; ")
    }
}
