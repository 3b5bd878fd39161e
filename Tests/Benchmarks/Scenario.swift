import Coordination
import Foundation
import HelixRecords
import TestSupport
import ZooKeeper

/// A cluster is brought up, loses an instance, gets it back, and grows by one; what that took is read from the server's log.
struct Scenario {
    struct Size {
        var instances: Int
        var partitions: Int
        var replicas: Int
        var name: String { "\(instances) × \(partitions) × \(replicas)" }
    }

    let size: Size
    let report: Report
    let isQuick: Bool

    private let cluster = "bench"
    private let resource = "db"

    private func add(_ figure: String, _ value: Double, _ unit: String, bar: String? = nil) {
        report.add(size.name, figure, value, unit, bar: bar)
    }

    func run() async throws {
        var options = ZooKeeperServer.Options()
        options.javaOptions = ["-Xmx2g", "-XX:+UseSerialGC"]
        let server = try await ZooKeeperServer.start(options)
        do {
            try await measure(server)
            await server.stop()
        } catch {
            await server.stop()
            throw error
        }
    }

    private func measure(_ server: ZooKeeperServer) async throws {
        let ceiling = try await RawCeiling(
            connectText: server.connectText, report: report, scenario: size.name, isQuick: isQuick
        ).measure(payload: 600)
        let service = ZooKeeperCoordination(server.connectText)
        let session = try await service.openSession(SessionConfiguration())
        let names = (0..<size.instances).map { "node_\(100 + $0)" }
        let paths = ClusterPaths(cluster: cluster)
        try await createCluster(session, paths, instances: names + ["node_999"])

        let participants = try Child(["participants", server.connectText, cluster])
        defer { participants.kill() }
        for name in names { try participants.order("start \(name)") }
        let controller = try Child(["controller", server.connectText, cluster, "controller_1"])
        defer { controller.kill() }
        try await eventually(within: .seconds(60), "all instances are live and a controller leads") {
            let live = try await session.children(paths.liveInstances)
            let leader = try await session.exists(paths.leader)
            return live.count == names.count && leader != nil
        }

        let cpuBefore = try (controller.cpuMilliseconds(), participants.cpuMilliseconds())
        try await session.create(paths.idealState(resource), idealState().record.encoded())
        try await settled(session, live: size.instances)
        let cpuAfter = try (controller.cpuMilliseconds(), participants.cpuMilliseconds())
        try reportBootstrap(server, ceiling: ceiling, cpuBefore, cpuAfter)
        add("controller: memory, resident", try controller.memory.megabytes("VmRSS"), "MB", bar: "≤ 120")
        add("controller: memory, highest", try controller.memory.megabytes("VmHWM"), "MB", bar: "≤ 120")
        try await reportEvenness(session, "bootstrap")

        try participants.order("kill \(names[1])")
        try await settled(session, live: size.instances - 1)
        try reportFailover(server, of: names[1])
        try await reportEvenness(session, "after a loss")

        try participants.order("start \(names[1])")
        try await settled(session, live: size.instances)
        let before = try await view(session)
        try participants.order("start node_999")
        try await settled(session, live: size.instances + 1)
        let after = try await view(session)
        let moves = Placements(after).arrivals(since: Placements(before))
        let minimum = size.partitions * size.replicas / (size.instances + 1)
        add("node added: replicas moved", Double(moves), "replicas")
        add("node added: moves against the minimum", Double(moves) / Double(minimum), "×")
        try await reportEvenness(session, "after an addition")
        await session.close()
    }

    // MARK: Setting up

    private func createCluster(
        _ session: any CoordinationSession, _ paths: ClusterPaths, instances: [String]
    ) async throws {
        for path in paths.clusterSetup { try await session.createWithParents(path) }
        try await session.set(paths.clusterConfig, ZNRecord(id: cluster).encoded())
        for name in instances {
            for path in paths.instanceSetup(name) { try await session.createWithParents(path) }
            try await session.set(paths.instanceConfig(name), ZNRecord(id: name).encoded())
        }
    }

    private func idealState() -> IdealState {
        var idealState = IdealState(record: ZNRecord(id: resource))
        idealState.numPartitions = size.partitions
        idealState.replicas = .count(size.replicas)
        idealState.stateModel = "MasterSlave"
        idealState.rebalanceMode = .fullAuto
        for partition in 0..<size.partitions { idealState.preferenceLists["\(resource)_\(partition)"] = [] }
        return idealState
    }

    // MARK: Waiting

    private func view(_ session: any CoordinationSession) async throws -> ExternalView {
        let path = ClusterPaths(cluster: cluster).externalView(resource)
        guard let (data, _) = try await session.getIfPresent(path) else {
            return ExternalView(record: ZNRecord(id: resource))
        }
        return try ExternalView(decoding: data, path: path)
    }

    /// Waits until every partition has its replicas on live instances, one of them the master, evenly.
    private func settled(_ session: any CoordinationSession, live: Int) async throws {
        try await eventually(within: .seconds(120), "the cluster has settled with \(live) instances") {
            let placements = Placements(try await view(session))
            return placements.isComplete(partitions: size.partitions, replicas: size.replicas)
                && placements.byInstance.count == live && placements.skew(\.count) <= 1 && placements.topSkew <= 1
        }
    }

    // MARK: Figures

    private func reportBootstrap(
        _ server: ZooKeeperServer, ceiling: Double, _ before: (Double, Double), _ after: (Double, Double)
    ) throws {
        let log = try ClusterLog(server.transactionLog(), cluster: cluster)
        let transitions = Double(size.partitions * size.replicas + size.partitions)
        let window = log.bootstrapWindow()
        let seconds = Double(window.upperBound - window.lowerBound) / 1000
        let writes = log.writes(in: window)
        add("bootstrap: time", seconds * 1000, "ms")
        add("bootstrap: transitions", transitions / seconds, "1/s")
        add("bootstrap: transitions / single sets", transitions / seconds / ceiling, "×", bar: "≥ 0.5")
        add("bootstrap: znode writes per transition", Double(writes) / transitions, "writes", bar: "≤ 2.5")
        add("bootstrap: CPU per transition, controller", (after.0 - before.0) / transitions, "ms")
        add("bootstrap: CPU per transition, participants", (after.1 - before.1) / transitions, "ms")
        add(
            "bootstrap: CPU per transition", (after.0 - before.0 + after.1 - before.1) / transitions, "ms",
            bar: "≤ 0.25")
        add("bootstrap: median record", Double(log.medianRecord(in: window)), "bytes")
        add("violations: more than one master at any zxid", Double(log.doubleMasters()), "partitions", bar: "0")
    }

    private func reportFailover(_ server: ZooKeeperServer, of instance: String) throws {
        let log = try ClusterLog(server.transactionLog(), cluster: cluster)
        let times = log.failover(of: instance)
        add("failover: masters lost", Double(times.count), "partitions")
        add("failover: p50", times.percentile(0.5), "ms")
        add("failover: p99", times.percentile(0.99), "ms")
        add("failover: last master replaced", times.max() ?? .nan, "ms", bar: "≤ 100 for 171 masters")
        add("violations: more than one master at any zxid", Double(log.doubleMasters()), "partitions", bar: "0")
    }

    private func reportEvenness(_ session: any CoordinationSession, _ when: String) async throws {
        let placements = Placements(try await view(session))
        add("evenness \(when): replicas, max − min", Double(placements.skew(\.count)), "replicas", bar: "≤ 1")
        add("evenness \(when): masters, max − min", Double(placements.topSkew), "masters", bar: "≤ 1")
    }
}

/// Who holds what, from an external view.
struct Placements {
    var byInstance: [String: Set<String>] = [:]
    var masters: [String: Int] = [:]
    private var counts: [String: (replicas: Int, masters: Int)] = [:]

    init(_ view: ExternalView) {
        for (partition, states) in view.record.mapFields {
            for (instance, state) in states where state == "MASTER" || state == "SLAVE" {
                byInstance[instance, default: []].insert(partition)
                counts[partition, default: (0, 0)].replicas += 1
                if state == "MASTER" {
                    masters[instance, default: 0] += 1
                    counts[partition, default: (0, 0)].masters += 1
                }
            }
        }
    }

    func isComplete(partitions: Int, replicas: Int) -> Bool {
        counts.count == partitions && counts.values.allSatisfy { $0.replicas == replicas && $0.masters == 1 }
    }

    func skew(_ size: (Set<String>) -> Int) -> Int {
        let sizes = byInstance.values.map(size)
        return (sizes.max() ?? 0) - (sizes.min() ?? 0)
    }

    var topSkew: Int {
        let sizes = byInstance.keys.map { masters[$0] ?? 0 }
        return (sizes.max() ?? 0) - (sizes.min() ?? 0)
    }

    /// Replicas that were not where they are now.
    func arrivals(since former: Placements) -> Int {
        byInstance.map { $1.subtracting(former.byInstance[$0] ?? []).count }.reduce(0, +)
    }
}
