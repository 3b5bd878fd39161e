import Coordination
import HelixRecords
import RebalancePipeline
import StateModels
import TestSupport
import Testing

@testable import HelixController

@Suite("External views are what the replicas are", .timeLimit(.minutes(5)))
struct ViewTests {
    /// A snapshot of `db` with one replica on `a`.
    private func snapshot(
        state: String = "MASTER", change: (inout IdealState) -> Void = { _ in }
    ) -> ClusterSnapshot {
        var snapshot = ClusterSnapshot(cluster: "test")
        var idealState = IdealState(record: ZNRecord(id: "db"))
        idealState.stateModel = "MasterSlave"
        idealState.record.simpleFields["OWN_FIELD"] = "kept"
        idealState.preferenceLists = ["db_0": ["a"]]
        change(&idealState)
        snapshot.setIdealState("db", .present(idealState))
        snapshot.setLiveInstance("a", .init(id: "s1"))
        var current = CurrentState(resource: "db", sessionID: "s1", stateModel: "MasterSlave")
        current["db_0"] = ReplicaState(currentState: state)
        snapshot.setCurrentState("a", "db", .present(current))
        return snapshot
    }

    private func publishing(
        _ cluster: ScriptedCluster, _ session: (any CoordinationSession)? = nil,
        now: @escaping @Sendable () -> Int64 = { 1_700_000_000_000 },
        _ body: @escaping @Sendable (ViewPublisher) async throws -> Void
    ) async throws {
        let service = cluster.service
        let session = if let session { session } else { try await service.openSession(SessionConfiguration()) }
        let publisher = ViewPublisher(office: try await takeOffice(session), context: makeContext(now: now))
        try await beside([publisher.run]) { try await body(publisher) }
        await session.close()
    }

    private func awaitView(_ cluster: ScriptedCluster, _ wanted: ZNRecord?) async throws {
        try await eventually("the view") {
            guard let (data, _) = try await cluster.session.getIfPresent(cluster.paths.externalView("db")) else {
                return wanted == nil
            }
            return try data == wanted?.encoded()
        }
    }

    @Test("a view has the simple fields of the ideal state, the states of all replicas, and nothing else")
    func content() async throws {
        try await ScriptedCluster.with { cluster in
            try await publishing(cluster) { publisher in
                publisher.publish(["db"], of: snapshot())
                try await awaitView(
                    cluster,
                    ZNRecord(
                        id: "db", simpleFields: ["STATE_MODEL_DEF_REF": "MasterSlave", "OWN_FIELD": "kept"],
                        mapFields: ["db_0": ["a": "MASTER"]]))
            }
        }
    }

    @Test("a view that is right is not written again, not by the next leader either")
    func unchanged() async throws {
        try await ScriptedCluster.with { cluster in
            let path = cluster.paths.externalView("db")
            for _ in 1...2 {
                try await publishing(cluster) { publisher in
                    publisher.publish(["db"], of: snapshot())
                    publisher.publish(["db"], of: snapshot())
                    try await awaitView(cluster, snapshot().externalView(of: "db")?.record)
                    publisher.publish(["db"], of: snapshot())
                    // Another resource's view comes after that of this one.
                    publisher.publish(["zz"], of: snapshot())
                    try await cluster.awaitStillness(of: .milliseconds(50))
                }
                #expect(try await cluster.session.get(path).stat.version == 0)
            }
        }
    }

    @Test("a view goes with its resource, also if that went while nobody led")
    func orphans() async throws {
        try await ScriptedCluster.with { cluster in
            try await cluster.session.create(cluster.paths.externalView("db"), ExternalView(id: "db").record.encoded())
            try await publishing(cluster) { publisher in
                publisher.publish([], of: ClusterSnapshot(cluster: "test"))
                try await awaitView(cluster, nil)
                publisher.publish(["db"], of: snapshot())
                try await eventually("the view") { try await cluster.view("db") != nil }
                publisher.publish(["db"], of: ClusterSnapshot(cluster: "test"))
                try await awaitView(cluster, nil)
            }
        }
    }

    @Test("a view that is switched off goes, and comes back")
    func switchedOff() async throws {
        try await ScriptedCluster.with { cluster in
            try await publishing(cluster) { publisher in
                publisher.publish(["db"], of: snapshot())
                try await eventually("the view") { try await cluster.view("db") != nil }
                publisher.publish(["db"], of: snapshot { $0.record.simpleFields["EXTERNAL_VIEW_DISABLED"] = "true" })
                try await awaitView(cluster, nil)
                publisher.publish(["db"], of: snapshot())
                try await eventually("the view") { try await cluster.view("db") != nil }
            }
        }
    }

    @Test("an unreadable view is written anew, and one that somebody deleted or made meanwhile is put right")
    func interference() async throws {
        try await ScriptedCluster.with { cluster in
            let path = cluster.paths.externalView("db")
            try await cluster.session.create(path, [1, 2])
            try await publishing(cluster, now: ControllerEnvironment.system.now) { publisher in
                publisher.publish(["db"], of: snapshot())
                try await awaitView(cluster, snapshot().externalView(of: "db")?.record)
                try await cluster.session.delete(path)
                publisher.publish(["db"], of: snapshot(state: "SLAVE"))
                try await awaitView(cluster, snapshot(state: "SLAVE").externalView(of: "db")?.record)
                publisher.publish(["db"], of: ClusterSnapshot(cluster: "test"))
                try await awaitView(cluster, nil)
                try await cluster.session.create(path, [1])
                publisher.publish(["db"], of: snapshot())
                try await awaitView(cluster, snapshot().externalView(of: "db")?.record)
            }
        }
    }

    @Test(
        "whichever request is lost, the last view asked for is the one that stays",
        arguments: [Interruption.Kind.before, .afterwards, .halfway])
    func interruptions(kind: Interruption.Kind) async throws {
        // Won by 4 requests: two reads of the election, its transaction; the publisher's own follow.
        for place in 4...14 {
            try await ScriptedCluster.with { cluster in
                try await cluster.session.create(
                    cluster.paths.externalView("old"), ExternalView(id: "old").record.encoded())
                let session = try await cluster.service.openSession(
                    SessionConfiguration(), interruption: Interruption(kind, atRequest: place))
                try await publishing(cluster, session) { publisher in
                    publisher.publish(["db"], of: snapshot(state: "OFFLINE"))
                    publisher.publish(["db"], of: snapshot(state: "SLAVE"))
                    try await awaitView(cluster, snapshot(state: "SLAVE").externalView(of: "db")?.record)
                    publisher.publish(["db"], of: snapshot(state: "MASTER"))
                    try await awaitView(cluster, snapshot(state: "MASTER").externalView(of: "db")?.record)
                    try await cluster.awaitStillness(of: .milliseconds(60))
                }
                #expect(try await cluster.view("db")?["db_0"] == ["a": "MASTER"])
                #expect(try await cluster.session.exists(cluster.paths.externalView("old")) == nil)
            }
        }
    }

    @Test("a view that is too large or may not be written hinders no other, and is written as soon as it can be")
    func refused() async throws {
        try await ScriptedCluster.with { cluster in
            let time = Counter(1_700_000_000_000)
            let locked = [AccessControl(permissions: .read, scheme: "world", id: "anyone")]
            try await cluster.session.create(
                cluster.paths.externalView("locked"), ExternalView(id: "locked").record.encoded(), acl: locked)
            try await publishing(cluster, now: time.next) { publisher in
                var all = snapshot()
                var large = IdealState(record: ZNRecord(id: "large"))
                large.record.simpleFields["NOISE"] = noise(2_000_000)
                all.setIdealState("large", .present(large))
                all.setIdealState(
                    "locked", .present(IdealState(record: ZNRecord(id: "locked", simpleFields: ["a": "b"]))))
                publisher.publish(["db", "large", "locked"], of: all)
                try await awaitView(cluster, snapshot().externalView(of: "db")?.record)
                #expect(try await cluster.view("large") == nil)
                large.record.simpleFields["NOISE"] = nil
                all.setIdealState("large", .present(large))
                time.add(60_000)
                publisher.publish(["large"], of: all)
                try await eventually("the view") { try await cluster.view("large") != nil }
            }
        }
    }

    @Test("a view whose ideal state is spread is spread too, and only the bucket that changed is written")
    func buckets() async throws {
        try await ScriptedCluster.with { cluster in
            @Sendable func wide(_ last: String) -> ClusterSnapshot {
                var snapshot = snapshot {
                    $0.record.simpleFields["BUCKET_SIZE"] = "2"
                    for partition in 0..<6 { $0.preferenceLists["db_\(partition)"] = ["a"] }
                }
                var current = CurrentState(resource: "db", sessionID: "s1", stateModel: "MasterSlave")
                for partition in 0..<6 {
                    current["db_\(partition)"] = ReplicaState(currentState: partition == 5 ? last : "MASTER")
                }
                snapshot.setCurrentState("a", "db", .present(current))
                return snapshot
            }
            let path = cluster.paths.externalView("db")
            for state in ["SLAVE", "OFFLINE"] {  // two leaders
                try await publishing(cluster) { publisher in
                    publisher.publish(["db"], of: wide(state))
                    try await eventually("the last bucket") {
                        guard let data = try await cluster.session.getIfPresent("\(path)/db_p4-p5")?.data else {
                            return false
                        }
                        return try ZNRecord(decoding: data, path: path).mapFields["db_5"] == ["a": state]
                    }
                }
            }
            // What is known to have changed needs no look at the rest; a bucket that becomes empty goes, one comes.
            try await publishing(cluster) { publisher in
                publisher.publish(["db"], of: wide("OFFLINE"))
                try await cluster.awaitStillness(of: .milliseconds(60))
                var changed = wide("OFFLINE")
                _ = changed.takeChanges()
                changed.updateCurrentState(
                    "a", "db", ["db_4": nil, "db_5": nil, "db_9": ReplicaState(currentState: "SLAVE")])
                var work = ViewWork()
                work.add(["db"], changed.takeChanges())
                let before = cluster.service.count
                publisher.publish(work, of: changed)
                try await eventually("the new bucket") { try await cluster.session.exists("\(path)/db_p8-p9") != nil }
                #expect(cluster.service.count == before + 1, "one transaction")
                publisher.publish(["db"], of: wide("OFFLINE"))
                try await eventually("the old bucket") { try await cluster.session.exists("\(path)/db_p4-p5") != nil }
            }
            #expect(try await cluster.view("db")?.record.mapFields == [:])
            #expect(try await cluster.session.children(path).sorted() == ["db_p0-p1", "db_p2-p3", "db_p4-p5"])
            #expect(try await cluster.session.get("\(path)/db_p0-p1").stat.version == 0)
            #expect(try await cluster.session.get("\(path)/db_p2-p3").stat.version == 0)
            try await publishing(cluster) { publisher in
                publisher.publish(["db"], of: ClusterSnapshot(cluster: "test"))
                try await awaitView(cluster, nil)
            }
        }
    }

    @Test("of what cannot be read the view says what it said before")
    func unreadable() async throws {
        try await ScriptedCluster.with { cluster in
            try await publishing(cluster) { publisher in
                publisher.publish(["db"], of: snapshot())
                try await awaitView(cluster, snapshot().externalView(of: "db")?.record)
            }
            // A new leader, which knows nothing of before.
            var blind = ClusterSnapshot(cluster: "test")
            let error = RecordError(path: "/test/IDEALSTATES/db", reason: "for the test")
            blind.setIdealState("db", .unreadable(error))
            blind.setLiveInstance("a", .init(id: "s1"))
            blind.setCurrentState("a", "db", .unreadable(error))
            try await publishing(cluster) { [blind] publisher in
                publisher.publish(["db"], of: blind)
                try await cluster.awaitStillness(of: .milliseconds(60))
            }
            #expect(try await cluster.view("db")?.record == snapshot().externalView(of: "db")?.record)
        }
    }
}

/// Letters that compress badly, the same in every run.
func noise(_ count: Int) -> String {
    var state: UInt64 = 42
    return String(
        decoding: (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(33 + (state >> 33) % 90)
        }, as: UTF8.self)
}

extension ViewWork: ExpressibleByArrayLiteral {
    /// The whole views of resources.
    init(arrayLiteral resources: String...) {
        self.init()
        add(Set(resources), .everything)
    }
}
