import Coordination
import Foundation
import HelixRecords
import StateModels
import TestSupport
import ZooKeeper

/// The leader of a large cluster dies, and a replica changes before another one leads: how long it takes until that one
/// asks for what has to be done.
struct LeaderBenchmark {
    let report: Report
    let isQuick: Bool

    private var instances: Int { isQuick ? 6 : 50 }
    private var resources: Int { isQuick ? 20 : 700 }
    private var partitions: Int { isQuick ? 8 : 32 }
    private static let replicas = 3
    private var scenario: String { "leader change, \(instances) × \(resources) × \(partitions) × \(Self.replicas)" }

    func run() async throws {
        var options = ZooKeeperServer.Options()
        options.javaOptions = ["-Xmx2g", "-XX:+UseSerialGC"]
        let server = try await ZooKeeperServer.start(options)
        do {
            try await ZooKeeperCoordination(server.connectText).withSession { session in
                try await prepare(session)
                for isCold in [true, false] { try await measure(server, session, isCold: isCold) }
            }
            await server.stop()
        } catch {
            await server.stop()
            throw error
        }
    }

    // MARK: A cluster at rest

    private static let paths = ClusterPaths(cluster: "bench")
    private func instance(_ index: Int) -> String { "node_\(100 + index % instances)" }
    /// The instances of a partition, the master first: in turns.
    private func holders(_ resource: Int, _ partition: Int) -> [String] {
        (0..<Self.replicas).map { instance((resource + 1) * 7 + partition * Self.replicas + $0) }
    }

    private func prepare(_ session: any CoordinationSession) async throws {
        let paths = Self.paths
        for path in paths.clusterSetup { try await session.createWithParents(path) }
        try await session.set(paths.clusterConfig, ZNRecord(id: "bench").encoded())
        let sessionID = session.id.description
        var states: [String: [String: CurrentState]] = [:]
        for index in 0..<resources {
            let name = "db\(index)"
            var idealState = IdealState(record: ZNRecord(id: name))
            idealState.numPartitions = partitions
            idealState.replicas = .count(Self.replicas)
            idealState.stateModel = "MasterSlave"
            idealState.rebalanceMode = .semiAuto
            for partition in 0..<partitions {
                let list = holders(index, partition)
                idealState.preferenceLists["\(name)_\(partition)"] = list
                for (rank, holder) in list.enumerated() {
                    states[holder, default: [:]][
                        name, default: CurrentState(resource: name, sessionID: sessionID, stateModel: "MasterSlave")
                    ]["\(name)_\(partition)"] = ReplicaState(currentState: rank == 0 ? "MASTER" : "SLAVE")
                }
            }
            try await session.create(paths.idealState(name), idealState.record.encoded())
        }
        for index in 0..<instances {
            let name = instance(index)
            for path in paths.instanceSetup(name) { try await session.createWithParents(path) }
            try await session.set(paths.instanceConfig(name), ZNRecord(id: name).encoded())
            try await session.createWithParents(paths.currentStates(name, session: sessionID))
            let records = states[name, default: [:]].sorted { $0.key < $1.key }
            let writes = try records.map { resource, state in
                WriteOperation.create(
                    paths.currentState(name, session: sessionID, resource: resource),
                    data: try state.record.encoded())
            }
            for result in await session.write(writes) { _ = try result.get() }
            let live = LiveInstance.make(instance: name, sessionID: sessionID, process: "1@bench")
            try await session.create(paths.liveInstance(name), live.record.encoded(), mode: .ephemeral)
        }
        let count = states.values.map(\.count).reduce(0, +)
        report.add(scenario, "current-state znodes", Double(count), "znodes")
    }

    // MARK: The change

    private func measure(_ server: ZooKeeperServer, _ session: any CoordinationSession, isCold: Bool) async throws {
        let (paths, flags) = (Self.paths, isCold ? ["--cold"] : [])
        let first = try Child(["controller", server.connectText, paths.cluster, "first"] + flags)
        defer { first.kill() }
        try await eventually(within: .seconds(60), "all views are there") {
            try await session.children(paths.externalViews).count == resources
        }
        let second = try Child(["controller", server.connectText, paths.cluster, "second"] + flags)
        defer { second.kill() }
        // A cold one has nothing to do once it stands by; a warm one reads, and then rests too.
        try await rest(of: second)
        first.kill()
        // The master of one partition is one no more, and nobody has noticed.
        let (resource, holder) = ("db1", holders(1, 0)[0])
        let path = paths.currentState(holder, session: session.id.description, resource: resource)
        var state = try CurrentState(decoding: try await session.get(path).data, path: path)
        state["\(resource)_0"] = ReplicaState(currentState: "SLAVE")
        try await session.set(path, state.record.encoded())
        try await eventually(within: .seconds(60), "the master is asked for") {
            try await !session.children(paths.messages(holder)).isEmpty
        }
        let kind = isCold ? "cold" : "warm"
        guard
            let times = ClusterLog(try server.transactionLog(), cluster: paths.cluster).lastLeaderChange(
                messageTo: holder)
        else { throw BenchmarkFailure("the log does not tell of a change of leader") }
        report.add(scenario, "\(kind): first message after the office was won", Double(times.message - times.won), "ms")
        report.add(
            scenario, "\(kind): first message after the former leader was gone", Double(times.message - times.gone),
            "ms",
            bar: isCold ? "≤ 2000" : "≤ 300")
        second.kill()
        try await restore(session, path, state, partition: "\(resource)_0", holder)
    }

    /// What was before, for another measurement.
    private func restore(
        _ session: any CoordinationSession, _ path: String, _ state: CurrentState, partition: String, _ holder: String
    ) async throws {
        var state = state
        state[partition] = ReplicaState(currentState: "MASTER")
        try await session.set(path, state.record.encoded())
        for id in try await session.children(Self.paths.messages(holder)) {
            try await session.delete(Self.paths.message(holder, id))
        }
        try await eventually(within: .seconds(60), "nobody leads") {
            try await session.exists(Self.paths.leader) == nil
        }
    }

    /// Waits until a process has used no processor time for two seconds.
    private func rest(of child: Child) async throws {
        var (used, since) = (try child.cpuMilliseconds(), ContinuousClock.now)
        try await eventually(within: .seconds(120), "the controller that stands by has read what it wants") {
            let now = try child.cpuMilliseconds()
            if now > used + 20 { (used, since) = (now, .now) }
            return now > 0 && ContinuousClock.now - since > .seconds(2)
        }
    }
}

/// Why something could not be measured.
struct BenchmarkFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
