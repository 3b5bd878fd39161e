import Coordination
import HelixController
import HelixRecords
import Logging
import RebalancePipeline
import TestSupport

extension FuzzTarget {
    /// A tree of spoilt znodes as the controller reads it, lists and spread records included, and decides about it.
    static let znodes = FuzzTarget(name: "znodes", share: 1) { generator in
        var cluster = try HostileCluster(using: &generator)
        let paths = cluster.sortedPaths
        for _ in 0..<Int.random(in: 1...6, using: &generator) { try cluster.spoil(generator.pick(paths), &generator) }
        let hostile = cluster
        let first = try await ZnodeChecks.decide(hostile, buckets: generator.once(in: 2))
        try require(!first.problems.contains { $0.text.isEmpty }, "a problem without a text")
        return first.problems.isEmpty ? .accepted : .refused
    }
}

enum ZnodeChecks {
    static func decide(_ cluster: HostileCluster, buckets: Bool) async throws -> DecisionText {
        let service = MemoryCoordination { 1_690_000_000_000 }
        let session = try await service.openSession()
        let paths = HostileCluster.paths
        for path in paths.clusterSetup { try await session.createWithParents(path) }
        for path in cluster.sortedPaths {
            try await session.createWithParents(path)
            try await session.set(path, cluster.znodes[path] ?? [])
            // Children that make sense only below a record that says that it is spread.
            guard buckets, path.hasPrefix(paths.idealStates) else { continue }
            try await session.createWithParents("\(path)/\(HostileCluster.victim)_p0-p1")
        }
        var logger = Logger(label: "fuzz")
        logger.logLevel = .critical
        let snapshot = try await ClusterSnapshot.read("test", in: session, logger: logger)
        await session.close()
        let rebalancer = Rebalancer()
        let decision = rebalancer.decide(snapshot)
        for name in snapshot.resources.keys.sorted() {
            for partition in snapshot.resources[name]?.partitions.names ?? [] {
                _ = rebalancer.explain(snapshot, resource: name, partition: partition)
            }
        }
        return DecisionText(decision, [])
    }
}
