import HelixRecords
import Logging
import RebalancePipeline
import StateModels
import Synchronization
import TestSupport
import Testing

@testable import Coordination
@testable import HelixController

@Suite("The cache follows every change of a cluster", .timeLimit(.minutes(5)))
struct CacheTests {
    /// A cache that has read a cluster, and can take in what happened since.
    private func with(
        instances: [String] = ["a"],
        _ body: @escaping @Sendable (ScriptedCluster, inout ClusterCache) async throws -> Void
    ) async throws {
        try await ScriptedCluster.with(instances: instances) { cluster in
            let session = try await cluster.service.openSession(SessionConfiguration())
            var cache = makeCache(cluster, session)
            try await cache.load()
            try await body(cluster, &cache)
            await session.close()
        }
    }

    private func makeCache(_ cluster: ScriptedCluster, _ session: any CoordinationSession) -> ClusterCache {
        ClusterCache(session: session, paths: cluster.paths, logger: quietLogger)
    }

    private func states(_ cache: ClusterCache, _ resource: String) -> [String: [String: String]] {
        cache.snapshot.externalView(of: resource)?.record.mapFields ?? [:]
    }

    private func pending(_ cache: ClusterCache, _ instance: String) -> [String] {
        guard let index = cache.snapshot.instanceIndex(instance) else { return [] }
        return cache.snapshot.instances[index].messages.keys.sorted()
    }

    @Test("what is there is read, and what comes is read when it comes")
    func follows() async throws {
        try await with { cluster, cache in
            try await cluster.addResource("db")
            try await cluster.join("a", session: "s1")
            try await cluster.report("a", session: "s1", "db", ["db_0": "SLAVE"])
            try await cluster.send(
                cluster.message("m1", to: "a", session: "s1", "db", "db_0", from: "SLAVE", to: "MASTER"))
            try await cache.catchUp()
            #expect(states(cache, "db") == ["db_0": ["a": "SLAVE"]])
            #expect(pending(cache, "a") == ["m1"])
            try await cluster.report("a", session: "s1", "db", ["db_0": "MASTER"])
            try await cluster.session.delete(cluster.paths.message("a", "m1"))
            try await cache.catchUp()
            #expect(states(cache, "db") == ["db_0": ["a": "MASTER"]])
            #expect(pending(cache, "a") == [])
        }
    }

    @Test("a reading that is cut short leaves a gap, which reading everything closes", arguments: 1...12)
    func cutShort(request: Int) async throws {
        try await ScriptedCluster.with(instances: ["a"]) { cluster in
            try await cluster.addResource("db")
            try await cluster.join("a", session: "s1")
            try await cluster.report("a", session: "s1", "db", ["db_0": "SLAVE"])
            let service = InterruptedService(
                service: cluster.service, interruption: Interruption(.before, atRequest: request))
            let session = try await service.openSession(SessionConfiguration())
            var cache = makeCache(cluster, session)
            for state in ["SLAVE", "MASTER"] {
                try await cluster.report("a", session: "s1", "db", ["db_0": state])
                var isRead = false
                while !isRead {
                    do {
                        try await cache.follow(cache.events.drain())
                        isRead = true
                    } catch let error as CoordinationError {
                        #expect(error.isTransient && !cache.isComplete, "\(error)")
                        await Task.yield()
                    }
                }
                #expect(cache.isComplete)
                #expect(states(cache, "db") == ["db_0": ["a": state]])
            }
            await session.close()
        }
    }

    @Test("what a swap changes in one transaction is seen at once, whatever event comes first")
    func swap() async throws {
        try await with(instances: ["a", "b", "z"]) { cluster, cache in
            func config(_ name: String, _ operation: InstanceOperation) throws -> [UInt8] {
                var config = InstanceConfig(id: name)
                if name == "z" { config.setDomain([("INSTANCE", "a")]) }
                config.setOperation(operation, at: 1)
                return try config.encoded()
            }
            func list(_ name: String) throws -> [UInt8] {
                var idealState = IdealState(id: "db")
                idealState.rebalanceMode = .semiAuto
                idealState.preferenceLists = ["db_0": [name]]
                return try idealState.encoded()
            }
            try await cluster.session.create(cluster.paths.idealState("db"), try list("a"))
            try await cluster.session.set(cluster.paths.instanceConfig("z"), try config("z", .swapIn))
            try await cache.catchUp()
            try await cluster.session.commit([
                .set(cluster.paths.instanceConfig("z"), data: try config("z", .enable)),
                .set(cluster.paths.instanceConfig("a"), data: try config("a", .unknown)),
                .set(cluster.paths.idealState("db"), data: try list("z")),
            ])
            try await cache.refresh([WatchEvent(path: cluster.paths.instanceConfig("z"), kind: .dataChanged)])
            let operations = ["a", "z"].map { name in
                cache.snapshot.instances[cache.snapshot.instanceIndex(name)!].config.value?.effectiveOperation
            }
            #expect(operations == [.unknown, .enable])
            #expect(cache.snapshot.resources["db"]?.idealState.value?.preferenceLists == ["db_0": ["z"]])
        }
    }

    @Test("a message is never missing while the state that came of it has not been seen", arguments: [false, true])
    func messagesBeforeStates(isFullRead: Bool) async throws {
        for place in 1...24 {
            try await ScriptedCluster.with(instances: ["a"]) { cluster in
                try await cluster.addResource("db")
                try await cluster.join("a", session: "s1")
                try await cluster.session.create(cluster.paths.currentStates("a", session: "s1"))
                try await cluster.send(cluster.message("m1", to: "a", session: "s1", "db", "db_0"))
                let inner = try await cluster.service.openSession(SessionConfiguration())
                // Between any two requests of the cache the participant commits.
                let commit = Intrusion(inner, beforeRequest: place) {
                    var state = CurrentState(resource: "db", sessionID: "s1", stateModel: "MasterSlave")
                    state["db_0"] = ReplicaState(currentState: "SLAVE")
                    try await cluster.session.commit([
                        .create(
                            cluster.paths.currentState("a", session: "s1", resource: "db"), data: state.record.encoded()
                        ),
                        .delete(cluster.paths.message("a", "m1")),
                    ])
                }
                var cache = makeCache(cluster, commit)
                if !isFullRead {
                    commit.isActive = false
                    try await cache.load()
                    commit.isActive = true
                    try await cluster.session.set(
                        cluster.paths.liveInstance("a"),
                        try await cluster.session.get(cluster.paths.liveInstance("a")).data)
                    try await cluster.send(cluster.message("m2", to: "a", session: "s0", "db", "db_0"))
                }
                if isFullRead { try await cache.load() } else { try await cache.refresh(cache.events.drain()) }
                let isUnderWay = pending(cache, "a").contains("m1")
                let hasState = !states(cache, "db").isEmpty
                #expect(isUnderWay || hasState, "the commit came before request \(place)")
                await inner.close()
            }
        }
    }

    @Test("a message list that changes while it is read is looked at again without another event")
    func lateMessages() async throws {
        try await ScriptedCluster.with(instances: ["a"]) { cluster in
            try await cluster.addResource("db")
            try await cluster.join("a", session: "s1")
            let inner = try await cluster.service.openSession(SessionConfiguration())
            let intrusion = Intrusion(inner, beforeRequest: 2) {
                try await cluster.session.delete(cluster.paths.message("a", "m1"))
            }
            intrusion.isActive = false
            var cache = makeCache(cluster, intrusion)
            try await cache.load()
            try await cluster.send(cluster.message("m1", to: "a", session: "s1", "db", "db_0"))
            try await cache.refresh(cache.events.drain())
            #expect(pending(cache, "a") == ["m1"])
            try await cluster.send(cluster.message("m2", to: "a", session: "s1", "db", "db_0"))
            intrusion.isActive = true
            try await cache.refresh(cache.events.drain())
            // The loop waits for events now: there must be one, or a nudge.
            let events = try #require(await cache.events.next())
            try await cache.refresh(events)
            #expect(pending(cache, "a") == ["m2"])
            await inner.close()
        }
    }

    @Test("a connection that is lost while messages are read loses no message", arguments: 1...8)
    func lostMessages(place: Int) async throws {
        try await ScriptedCluster.with(instances: ["a"]) { cluster in
            try await cluster.addResource("db")
            try await cluster.join("a", session: "s1")
            try await cluster.send(cluster.message("m1", to: "a", session: "s1", "db", "db_0"))
            let interruption = Interruption(.before, atRequest: place)
            let session = try await cluster.service.openSession(SessionConfiguration(), interruption: interruption)
            var cache = makeCache(cluster, session)
            do { try await cache.load() } catch { try await cache.load() }
            #expect(pending(cache, "a") == ["m1"])
            await session.close()
        }
    }

    @Test("a list that does not exist yet is read when it is created, even while everything is read again")
    func missingLists() async throws {
        try await with { cluster, cache in
            try await cluster.addResource("db")
            // A participant of another make: its folder of states comes with its first state.
            try await cluster.join("a", session: "s1")
            try await cache.catchUp()
            try await cluster.report("a", session: "s1", "db", ["db_0": "SLAVE"])
            try await cache.load()  // as after a reconnect: this takes the event of the creation
            #expect(states(cache, "db") == ["db_0": ["a": "SLAVE"]])
            try await cluster.report("a", session: "s1", "db", ["db_0": "MASTER"])
            try await cache.catchUp()
            #expect(states(cache, "db") == ["db_0": ["a": "MASTER"]])
        }
    }

    @Test("the cluster's configuration is found again when it was deleted and comes back")
    func clusterConfigComesBack() async throws {
        try await with { cluster, cache in
            try await cluster.session.delete(cluster.paths.clusterConfig)
            try await cache.catchUp()
            #expect(cache.snapshot.clusterConfig.isAbsent)
            try await cluster.session.create(cluster.paths.clusterConfig, ZNRecord(id: "test").encoded())
            try await cache.catchUp()
            #expect(cache.snapshot.clusterConfig.value != nil)
        }
    }

    @Test("an instance that comes back with another session has none of its former states")
    func newSession() async throws {
        try await with { cluster, cache in
            try await cluster.addResource("db")
            for (session, state) in [("s1", "MASTER"), ("s2", "SLAVE"), ("s3", "MASTER")] {
                let path = cluster.paths.liveInstance("a")
                if try await cluster.session.exists(path) != nil { try await cluster.session.delete(path) }
                try await cluster.join("a", session: session)
                try await cache.catchUp()
                #expect(states(cache, "db").isEmpty)
                try await cluster.report("a", session: session, "db", ["db_0": state])
                try await cache.catchUp()
                #expect(states(cache, "db") == ["db_0": ["a": state]])
            }
        }
    }

    @Test("records that are deleted and created again between two looks are the new ones")
    func createdAgain() async throws {
        try await with { cluster, cache in
            try await cluster.addResource("db", partitions: 1)
            try await cache.catchUp()
            try await cluster.session.delete(cluster.paths.idealState("db"))
            try await cluster.addResource("db", partitions: 3)
            try await cache.catchUp()
            #expect(cache.snapshot.resources["db"]?.idealState.value?.partitions.count == 3)
            try await cluster.session.delete(cluster.paths.idealState("db"))
            try await cache.catchUp()
            try await cluster.addResource("db", partitions: 5)
            try await cache.catchUp()
            #expect(cache.snapshot.resources["db"]?.idealState.value?.partitions.count == 5)
            try await cluster.session.set(
                cluster.paths.idealState("db"), try await cluster.session.get(cluster.paths.idealState("db")).data)
            try await cache.catchUp()
        }
    }

    @Test("a live instance's record that becomes unreadable leaves its session as it was")
    func unreadableLiveInstance() async throws {
        try await with { cluster, cache in
            try await cluster.addResource("db")
            try await cluster.join("a", session: "12345")
            try await cluster.report("a", session: "12345", "db", ["db_0": "MASTER"])
            try await cache.catchUp()
            try await cluster.session.set(cluster.paths.liveInstance("a"), Array("{".utf8))
            try await cache.catchUp()
            #expect(states(cache, "db") == ["db_0": ["a": "MASTER"]])
            // One that never was readable has the session that owns the znode.
            try await cluster.session.create(cluster.paths.liveInstance("b"), Array("?".utf8), mode: .ephemeral)
            try await cache.catchUp()
            #expect(cache.liveSession("b") == cluster.session.id.description)
        }
    }

    @Test("a znode that may not be read is unreadable, not absent, and does not hinder the others")
    func notAllowed() async throws {
        try await with(instances: ["a", "b"]) { cluster, cache in
            let locked = [AccessControl(permissions: [.write, .administer], scheme: "world", id: "anyone")]
            try await cluster.session.create(cluster.paths.idealState("locked"), [1], acl: locked)
            try await cluster.addResource("open")
            try await cluster.session.create(cluster.paths.instanceConfig("c"), [1], acl: locked)
            try await cluster.session.create(cluster.paths.stateModel("m"), [1], acl: locked)
            try await cluster.session.create(cluster.paths.resourceConfig("locked"), [1], acl: locked)
            try await cluster.session.create(cluster.paths.liveInstance("b"), [1], mode: .ephemeral, acl: locked)
            try await cache.catchUp()
            #expect(cache.snapshot.resources["locked"]?.idealState.error != nil)
            #expect(cache.snapshot.resources["locked"]?.config.error != nil)
            #expect(cache.snapshot.resources["open"]?.idealState.value != nil)
            #expect(cache.snapshot.stateModels["m"]?.error != nil)
            // It is looked at again when it changes.
            try await cluster.session.set(cluster.paths.idealState("locked"), [2])
            #expect(!cache.events.drain().isEmpty)
        }
    }

    @Test("a session id that makes no path hinders nobody else", arguments: ["a/b", "..", "x//y", "\u{1}"])
    func oddSession(text: String) async throws {
        try await with(instances: ["a", "b"]) { cluster, cache in
            try await cluster.addResource("db")
            try await cluster.join("a", session: text)
            try await cluster.join("b", session: "s1")
            try await cluster.report("b", session: "s1", "db", ["db_0": "MASTER"])
            try await cache.catchUp()
            try await cache.load()
            #expect(states(cache, "db") == ["db_0": ["b": "MASTER"]])
        }
    }

    @Test("records that are spread over several znodes are put together, and followed bucket by bucket")
    func buckets() async throws {
        try await with { cluster, cache in
            var record = ZNRecord(id: "db", simpleFields: ["BUCKET_SIZE": "2", "STATE_MODEL_DEF_REF": "MasterSlave"])
            for partition in 0..<5 { record.listFields["db_\(partition)"] = ["a"] }
            let (head, buckets) = try record.bucketized()
            let path = cluster.paths.idealState("db")
            try await cluster.session.create(path, head.encoded())
            // Another make writes the head first.
            for bucket in buckets { try await cluster.session.create("\(path)/\(bucket.id)", bucket.encoded()) }
            try await cache.catchUp()
            #expect(cache.snapshot.resources["db"]?.idealState.value?.record.listFields == record.listFields)

            var first = buckets[0]
            first.listFields["db_0"] = ["a", "b"]
            try await cluster.session.set("\(path)/\(first.id)", first.encoded())
            try await cluster.session.delete("\(path)/\(buckets[2].id)")
            try await cache.catchUp()
            record.listFields["db_0"] = ["a", "b"]
            record.listFields["db_4"] = nil
            #expect(cache.snapshot.resources["db"]?.idealState.value?.record.listFields == record.listFields)

            try await cluster.session.set("\(path)/\(first.id)", [1])
            try await cache.catchUp()
            #expect(cache.snapshot.resources["db"]?.idealState.error != nil)
            try await cluster.session.set("\(path)/\(first.id)", first.encoded())
            try await cache.catchUp()
            #expect(cache.snapshot.resources["db"]?.idealState.value?.record.listFields == record.listFields)
            try await cluster.session.deleteRecursively(path)
            try await cache.catchUp()
            #expect(cache.snapshot.resources["db"]?.idealState.value == nil)
        }
    }

    @Test("current states that are spread over several znodes are put together")
    func bucketsOfStates() async throws {
        try await with { cluster, cache in
            try await cluster.addResource("db", partitions: 3)
            try await cluster.join("a", session: "s1")
            var state = CurrentState(resource: "db", sessionID: "s1", stateModel: "MasterSlave")
            state.record.simpleFields["BUCKET_SIZE"] = "2"
            for partition in 0..<3 { state["db_\(partition)"] = ReplicaState(currentState: "SLAVE") }
            let (head, buckets) = try state.record.bucketized()
            let path = cluster.paths.currentState("a", session: "s1", resource: "db")
            try await cluster.session.createWithParents(path)
            for bucket in buckets { try await cluster.session.create("\(path)/\(bucket.id)", bucket.encoded()) }
            try await cluster.session.set(path, head.encoded())
            try await cache.catchUp()
            #expect(states(cache, "db").keys.sorted() == ["db_0", "db_1", "db_2"])
        }
    }

    @Test("what is gone is not watched any more, however many instances come and go")
    func watches() async throws {
        try await with { cluster, cache in
            try await cluster.addResource("db")
            var counts: [Int] = []
            for round in 1...6 {
                try await cluster.join("a", session: "s\(round)")
                try await cluster.report("a", session: "s\(round)", "db", ["db_0": "SLAVE"])
                try await cache.catchUp()
                try await cluster.session.delete(cluster.paths.liveInstance("a"))
                try await cluster.session.deleteRecursively(cluster.paths.currentStates("a", session: "s\(round)"))
                try await cache.catchUp()
                counts.append(cluster.service.memory.store.withLock(\.watchCount))
            }
            #expect(Set(counts.dropFirst(2)).count == 1, "\(counts)")
        }
    }

    @Test("the signal of maintenance is followed, and one that cannot be read is one all the same")
    func maintenance() async throws {
        try await with { cluster, cache in
            #expect(!cache.snapshot.isInMaintenance)
            let path = cluster.paths.maintenance
            for round in 1...3 {
                let signal = MaintenanceSignal(reason: "round \(round)", trigger: .user, at: Int64(round))
                try await cluster.session.create(path, signal.encoded())
                try await cache.catchUp()
                #expect(cache.snapshot.maintenance.value == signal)
                try await cluster.session.set(path, Array("{".utf8))
                try await cache.catchUp()
                #expect(cache.snapshot.isInMaintenance && cache.snapshot.maintenance.error?.path == path)
                try await cluster.session.delete(path)
                try await cache.catchUp()
                #expect(!cache.snapshot.isInMaintenance)
            }
        }
    }

    @Test("a notice that sessions have changed is taken, the live instances are read, and it is told once")
    func sessionNotice() async throws {
        try await with { cluster, cache in
            var notice = Message(id: "SESSION-SYNC", type: .participantSessionChange)
            notice.target = Message.controllerTarget
            for _ in 1...2 {
                try await cluster.session.create(
                    cluster.paths.controllerMessage("SESSION-SYNC"), notice.record.encoded())
                try await cluster.session.createWithParents(cluster.paths.controllerMessage("other"), [1])
                try await cache.catchUp()
                #expect(cache.takeNotices() == ["SESSION-SYNC"])
                #expect(cache.takeNotices() == [])
                // Deleted and created again before the next look.
                try await cluster.session.delete(cluster.paths.controllerMessage("SESSION-SYNC"))
            }
        }
    }
}

extension ClusterCache {
    /// Takes in everything that has happened.
    mutating func catchUp() async throws {
        var quietLooks = 0
        while quietLooks < 2 {  // what was put off is taken in by the look after
            let events = self.events.drain()
            try await refresh(events)
            quietLooks = events.isEmpty ? quietLooks + 1 : 0
        }
    }
}
