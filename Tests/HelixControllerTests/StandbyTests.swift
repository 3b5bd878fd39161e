import Coordination
import HelixRecords
import RebalancePipeline
import TestSupport
import Testing

@testable import HelixController

@Suite("A controller that stands by knows the cluster", .timeLimit(.minutes(5)))
struct StandbyTests {
    private static let resources = (0..<40).map { "db\($0)" }

    /// A cluster with forty resources at rest, led by one controller while another one stands by.
    private func withStandby(
        interval: Duration?, _ body: @escaping @Sendable (ScriptedCluster, WatchedReads) async throws -> Void
    ) async throws {
        try await ScriptedCluster.with(instances: ["a"]) { cluster in
            let reads = WatchedReads(cluster.service)
            let first = makeController("first", in: cluster.service)
            let second = makeController("second", in: reads) { $0.standbyInterval = interval }
            let participant = ScriptedParticipant(name: "a", paths: cluster.paths, service: cluster.service)
            try await beside([first.run, participant.run]) {
                try await eventually("the first leads") { first.status.isLeading }
                try await beside([second.run]) {
                    for resource in Self.resources { try await cluster.addResource(resource) }
                    for resource in Self.resources {
                        try await cluster.awaitStates(resource, partitions: 1, ["MASTER"])
                    }
                    try await eventually("the second stands by") { second.status == .standby }
                    try await body(cluster, reads)
                }
            }
            #expect(await cluster.check().violations == [])
        }
    }

    private func readsOfTakeover(_ cluster: ScriptedCluster, _ reads: WatchedReads) async throws -> [String] {
        let before = reads.all.count
        let owner = try await cluster.session.exists(cluster.paths.leader)?.ephemeralOwner
        try await cluster.session.delete(cluster.paths.leader)
        cluster.service.expire(try #require(owner))
        try await eventually("the second leads") { await cluster.check().leaders.count == 2 }
        try await cluster.addResource("new")
        try await cluster.awaitStates("new", partitions: 1, ["MASTER"])
        return Array(reads.all[before...])
    }

    @Test("it leads without reading again what it has read")
    func warm() async throws {
        try await withStandby(interval: .milliseconds(2)) { cluster, reads in
            try await eventually("the second has read every resource") {
                let read = Set(reads.all)
                return Self.resources.allSatisfy { read.contains(cluster.paths.idealState($0)) }
            }
            let again = try await readsOfTakeover(cluster, reads)
            #expect(again.count { $0.contains("/IDEALSTATES/db") } == 0)
            #expect(again.count { $0.contains("/CURRENTSTATES/") && $0.contains("/db") } == 0)
        }
    }

    @Test("one that is told to know nothing reads all when it leads")
    func cold() async throws {
        try await withStandby(interval: nil) { cluster, reads in
            #expect(!reads.all.contains(cluster.paths.idealState("db0")))
            let read = Set(try await readsOfTakeover(cluster, reads))
            #expect(Self.resources.allSatisfy { read.contains(cluster.paths.idealState($0)) })
        }
    }

    @Test("what happens after its last look it learns from the events")
    func afterTheLastLook() async throws {
        try await ScriptedCluster.with(instances: ["a", "b"]) { cluster in
            try await cluster.addResource("db")
            try await cluster.addResource("old")
            try await cluster.join("a", session: "s1")
            let reads = WatchedReads(cluster.service)
            let session = try await reads.openSession(SessionConfiguration())
            var cache = try await known(session) { reads.all.contains(cluster.paths.idealState("old")) }
            let before = reads.all.count
            try await cluster.addResource("new")
            try await cluster.session.delete(cluster.paths.idealState("old"))
            try await cluster.join("b", session: "s2")
            try await cluster.report("b", session: "s2", "db", ["db_0": "SLAVE"])
            try await session.sync(cluster.paths.root)
            try await cache.refresh(cache.events.drain())
            #expect(!reads.all[before...].contains(cluster.paths.idealState("db")))
            #expect(cache.snapshot.resources.filter { !$1.idealState.isAbsent }.keys.sorted() == ["db", "new"])
            #expect(cache.snapshot.externalView(of: "db")?.record.mapFields == ["db_0": ["b": "SLAVE"]])
            await session.close()
        }
    }

    @Test("after a reconnect it reads everything again")
    func reconnect() async throws {
        try await ScriptedCluster.with { cluster in
            try await cluster.addResource("db")
            let reads = WatchedReads(cluster.service)
            let session = try await reads.openSession(SessionConfiguration())
            let path = cluster.paths.idealState("db")
            _ = try await known(session) {
                let count = reads.all.count { $0 == path }
                if count == 1 { cluster.service.blink(session.id) }
                return count >= 2
            }
            await session.close()
        }
    }

    /// What is known when a condition has come true, without gaps.
    private func known(
        _ session: any CoordinationSession, when condition: @escaping @Sendable () -> Bool
    ) async throws -> ClusterCache {
        while true {
            let found = try await withThrowingTaskGroup(of: ClusterCache?.self) { group in
                group.addTask {
                    var standby = StandbyCache(session: session, context: makeContext())
                    return await standby.follow(every: .milliseconds(1))
                }
                try await eventually("enough is known") { condition() }
                group.cancelAll()
                return try await group.next() ?? nil
            }
            if let found { return found }
        }
    }

    @Test("a change costs the leader two reads at most", arguments: [1, 40])
    func readsPerChange(resources: Int) async throws {
        try await ScriptedCluster.with(instances: ["a"]) { cluster in
            let reads = WatchedReads(cluster.service)
            let leader = makeController("leader", in: reads)
            for index in 0..<resources { try await cluster.addResource("db\(index)", partitions: 8) }
            try await cluster.join("a", session: "s1")
            for index in 0..<resources {
                let masters = (0..<8).map { ("db\(index)_\($0)", "MASTER") }
                try await cluster.report(
                    "a", session: "s1", "db\(index)", Dictionary(uniqueKeysWithValues: masters))
            }
            try await beside([leader.run]) {
                try await eventually("all views are there") {
                    try await cluster.session.children(cluster.paths.externalViews).count == resources
                }
                // The first round also waits for what the beginning of a term brings.
                for round in 0..<6 {
                    let before = reads.all.count
                    var states = Dictionary(uniqueKeysWithValues: (0..<8).map { ("db0_\($0)", "MASTER") })
                    states["db0_3"] = round % 2 == 0 ? "SLAVE" : "MASTER"
                    let wanted = states
                    try await cluster.report("a", session: "s1", "db0", states)
                    try await cluster.awaitView("db0") { $0.mapValues { $0["a"] } == wanted }
                    if round % 2 == 0 {
                        try await eventually("the master is asked for") {
                            try await cluster.messages("a").count == 1
                        }
                        for message in try await cluster.messages("a") {
                            try await cluster.session.delete(cluster.paths.message("a", message.id))
                        }
                    }
                    guard round > 0 else { continue }
                    // The state; the queue, which changed when it was written to and when it was emptied.
                    let read = Array(reads.all[before...])
                    #expect(read.count { $0.contains("CURRENTSTATES") } == 1, "\(read)")
                    #expect(read.count <= (round % 2 == 0 ? 3 : 2), "\(read)")
                }
            }
        }
    }
}
