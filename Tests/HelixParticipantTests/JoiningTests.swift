import Coordination
import HelixParticipant
import HelixRecords
import StateModels
import Testing

@Suite("Joining a cluster")
struct JoiningTests {
    @Test("the live instance says who, with which session, and that batches are welcome")
    func live() async throws {
        let stand = try await Stand()
        let participant = stand.masterSlave()
        #expect(!participant.status.isJoined)
        try await stand.running(participant) { session in
            let live = try #require(try await stand.live)
            #expect(live.id == "n1_1")
            #expect(live.sessionID == session)
            #expect(live.process == "77@testhost")
            #expect(live.helixVersion == "2.0.1")
            #expect(live.acceptsBatchMessages)
            #expect(!live.isFrozen)
            let stat = try #require(try await stand.session.exists(stand.paths.liveInstance("n1_1")))
            #expect(stat.ephemeralOwner?.description == session)
            #expect(participant.status.isReady)
            let history = try #require(try await history(stand))
            #expect(history.entries.count == 1)
            #expect(history.entries[0].contains("SESSION=\(session)"))
            #expect(history.entries[0].contains("HOST=testhost"))
            #expect(history.record.simpleFields["LAST_OFFLINE_TIME"] == "-1")
        }
    }

    func history(_ stand: Stand) async throws -> ParticipantHistory? {
        let path = stand.paths.instanceHistory("n1_1")
        guard let (data, _) = try await stand.session.getIfPresent(path), !data.isEmpty else { return nil }
        return try ParticipantHistory(decoding: data, path: path)
    }

    /// What `run()` throws.
    func failure(of participant: Participant) async -> ParticipantError? {
        do {
            try await participant.run()
        } catch let error as ParticipantError {
            return error
        } catch {
            Issue.record("\(error)")
        }
        return nil
    }

    @Test("without a cluster the error says so, and how to make one")
    func noCluster() async throws {
        let stand = try await Stand()
        let participant = Participant(cluster: "other", instance: "n1_1", coordination: stand.service)
        let error = try #require(await failure(of: participant))
        #expect(error.code == .clusterNotSetUp)
        #expect(error.description.contains("there is no cluster other"))
        #expect(error.description.contains("helix cluster add other"))
    }

    @Test("a cluster that lacks a znode is an error that names it")
    func incompleteCluster() async throws {
        let stand = try await Stand()
        try await stand.session.deleteRecursively(stand.paths.controllerHistory)
        let error = try #require(await failure(of: stand.masterSlave()))
        #expect(error.code == .clusterNotSetUp)
        #expect(error.description.contains("/c/CONTROLLER/HISTORY"))
        #expect(!error.description.contains("/c/IDEALSTATES"))
    }

    @Test("an instance that was not added is refused, and the error says what to do")
    func notAdded() async throws {
        let stand = try await Stand(adding: nil)
        let error = try #require(await failure(of: stand.masterSlave()))
        #expect(error.code == .instanceNotSetUp)
        #expect(error.description.contains("/c/CONFIGS/PARTICIPANT/n1_1"))
        #expect(error.description.contains("allowParticipantAutoJoin"))
        #expect(try await stand.session.exists("/c/INSTANCES/n1_1") == nil)
        #expect(try await stand.live == nil)
    }

    @Test("where the cluster allows it the instance adds itself, with host and port of its name")
    func autoJoin() async throws {
        let stand = try await Stand(adding: nil, autoJoin: true)
        let participant = stand.participant("my_host_12918")
        try await stand.running(participant) { _ in
            for path in stand.paths.instanceSetup("my_host_12918") {
                #expect(try await stand.session.exists(path) != nil, "\(path)")
            }
            let path = stand.paths.instanceConfig("my_host_12918")
            let config = try InstanceConfig(decoding: try await stand.session.get(path).data, path: path)
            #expect(config.id == "my_host_12918")
            #expect(config.record.simpleFields["HELIX_HOST"] == "my_host")
            #expect(config.record.simpleFields["HELIX_PORT"] == "12918")
            #expect(config.record.simpleFields["HELIX_ENABLED"] == "true")
        }
    }

    @Test("an instance can bring its own configuration")
    func ownConfig() async throws {
        let stand = try await Stand(adding: nil, autoJoin: true)
        var configuration = ParticipantConfiguration()
        var wanted = InstanceConfig(id: "ignored")
        wanted.tags = ["ssd"]
        configuration.instanceConfig = wanted
        try await stand.running(stand.masterSlave(configuration: configuration)) { _ in
            let path = stand.paths.instanceConfig("n1_1")
            let config = try InstanceConfig(decoding: try await stand.session.get(path).data, path: path)
            #expect(config.id == "n1_1")
            #expect(config.tags == ["ssd"])
        }
    }

    @Test("joining by itself completes an instance of which a part is missing, and keeps its configuration")
    func completion() async throws {
        let stand = try await Stand(adding: nil, autoJoin: true)
        var config = InstanceConfig(id: "n1_1")
        config.tags = ["kept"]
        try await stand.session.create(stand.paths.instanceConfig("n1_1"), try config.encoded())
        try await stand.running(stand.masterSlave()) { _ async throws in
            let path = stand.paths.instanceConfig("n1_1")
            #expect(try InstanceConfig(decoding: try await stand.session.get(path).data, path: path).tags == ["kept"])
            #expect(try await stand.session.exists(stand.paths.messages("n1_1")) != nil)
        }
    }

    @Test("an instance without a place in the topology is refused")
    func topology() async throws {
        let stand = try await Stand()
        var cluster = ClusterConfig(id: "c")
        cluster.isTopologyAware = true
        cluster.topology = "/zone/host"
        cluster.faultZoneType = "zone"
        try await stand.session.set(stand.paths.clusterConfig, try cluster.encoded())
        let error = try #require(await failure(of: stand.masterSlave()))
        #expect(error.code == .invalidTopology)
        #expect(error.description.contains("expected a value for zone"))
        var config = InstanceConfig(id: "n1_1")
        config.setDomain([("zone", "z1"), ("host", "h1")])
        try await stand.session.set(stand.paths.instanceConfig("n1_1"), try config.encoded())
        try await stand.running(stand.masterSlave()) { _ in }
        cluster.topology = nil
        try await stand.session.set(stand.paths.clusterConfig, try cluster.encoded())
        let zoneless = try #require(await failure(of: stand.masterSlave()))
        #expect(zoneless.description.contains("HELIX_ZONE_ID"))
    }

    @Test("replicas of earlier sessions are carried over in their initial state, and the old records go")
    func carryOver() async throws {
        let stand = try await Stand()
        func leave(_ session: String, _ resource: String, _ partitions: [String: String], model: String) async throws {
            var state = CurrentState(resource: resource, sessionID: session, stateModel: model)
            state.record.simpleFields["custom"] = "kept"
            for (partition, value) in partitions { state[partition] = ReplicaState(currentState: value) }
            let path = stand.paths.currentState("n1_1", session: session, resource: resource)
            try await stand.session.createWithParents(path, try state.encoded())
        }
        try await leave("old1", "db", ["a": "MASTER", "b": "ERROR"], model: "MasterSlave")
        try await leave("old2", "db", ["b": "SLAVE", "c": "SLAVE"], model: "MasterSlave")
        try await leave("old2", "web", ["w": "LEADER"], model: "LeaderStandby")
        try await leave("old2", "jobs", ["j": "RUNNING"], model: "Task")
        try await leave("old2", "ghost", ["g": "ON"], model: "NoSuchModel")
        let service = ObservedService(stand.service)
        try await stand.running(stand.masterSlave(on: service)) { session in
            let db = try #require(try await stand.current(session))
            #expect(db.partitions == ["a", "b", "c"])
            #expect(db.partitions.allSatisfy { db[$0]?.fields == ["CURRENT_STATE": "OFFLINE"] })
            #expect(db.sessionID == session)
            #expect(db.record.simpleFields["custom"] == "kept")
            #expect(try await stand.state(session, "w", "web") == "OFFLINE", "the model is known to the cluster")
            #expect(try await stand.current(session, "jobs") == nil)
            #expect(try await stand.current(session, "ghost") == nil)
            #expect(try await stand.session.children(stand.paths.currentStateSessions("n1_1")) == [session])
            // What was carried over can be dropped, and what comes next builds on the same record.
            try await stand.order("m1", "a", "OFFLINE", "DROPPED", session: session)
            try await stand.order("m2", "b", "OFFLINE", "SLAVE", session: session)
            #expect(try await stand.current(session)?.partitions == ["b", "c"])
        }
    }

    @Test("replicas that another client spread over buckets are carried over too, and tasks' states go")
    func foreignForms() async throws {
        let stand = try await Stand()
        let folder = stand.paths.currentStates("n1_1", session: "old")
        var parent = CurrentState(resource: "db", sessionID: "old", stateModel: "MasterSlave")
        parent.bucketSize = 2
        try await stand.session.createWithParents("\(folder)/db", try parent.encoded())
        for (name, partition) in [("db_p0-p1", "db_1"), ("db_p2-p3", "db_2")] {
            var bucket = CurrentState(resource: name, sessionID: "old", stateModel: "MasterSlave")
            bucket[partition] = ReplicaState(currentState: "MASTER")
            try await stand.session.create("\(folder)/db/\(name)", try bucket.encoded())
        }
        let tasks = stand.paths.taskCurrentStateSessions("n1_1")
        try await stand.session.createWithParents("\(tasks)/old/job", [])
        try await stand.running(stand.masterSlave()) { session in
            let record = try #require(try await stand.current(session))
            #expect(record.partitions == [] && record.bucketSize == 2)
            let path = stand.paths.currentState("n1_1", session: session, resource: "db")
            #expect(try await stand.session.children(path) == ["db_p0-p1", "db_p2-p3"])
            let bucket = try CurrentState(decoding: try await stand.session.get("\(path)/db_p0-p1").data, path: path)
            #expect(bucket["db_1"]?.currentState == "OFFLINE")
            #expect(try await stand.session.children(tasks) == [])
            #expect(try await stand.session.children(stand.paths.currentStateSessions("n1_1")) == [session])
        }
    }

    @Test("a live instance whose creation got no answer is recognised as our own")
    func lostAnswer() async throws {
        let stand = try await Stand()
        let service = ObservedService(stand.service)
        service.loseAnswer(ofWriteTo: "/LIVEINSTANCES/")
        let participant = stand.masterSlave(on: service)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do { try await participant.run() } catch is CancellationError {}
            }
            try await eventually("it has joined") {
                stand.clock.advance(by: .milliseconds(20))
                return participant.status.isJoined
            }
            #expect(try await stand.live?.sessionID == participant.status.session)
            group.cancelAll()
        }
    }

    @Test("a record of an earlier session that cannot be read stays where it is")
    func unreadableCarryOver() async throws {
        let stand = try await Stand()
        let bad = stand.paths.currentState("n1_1", session: "old", resource: "bad")
        try await stand.session.createWithParents(bad, Array("garbage".utf8))
        var state = CurrentState(resource: "db", sessionID: "old", stateModel: "MasterSlave")
        state["a"] = ReplicaState(currentState: "MASTER")
        try await stand.session.create(
            stand.paths.currentState("n1_1", session: "old", resource: "db"), try state.encoded())
        try await stand.running(stand.masterSlave()) { session async throws in
            #expect(try await stand.state(session, "a") == "OFFLINE")
            #expect(try await stand.session.get(bad).data == Array("garbage".utf8))
        }
    }

    // MARK: The name is taken

    @Test("a name that another session holds is waited for, and its records are left alone until it ends")
    func collision() async throws {
        let stand = try await Stand()
        let other = try await stand.service.openSession()
        let path = stand.paths.liveInstance("n1_1")
        try await other.create(
            path, try LiveInstance.make(instance: "n1_1", sessionID: "x", process: "1@other").encoded(),
            mode: .ephemeral)
        var state = CurrentState(resource: "db", sessionID: "x", stateModel: "MasterSlave")
        state["db_0"] = ReplicaState(currentState: "SLAVE")
        let record = stand.paths.currentState("n1_1", session: "x", resource: "db")
        try await other.createWithParents(record, try state.encoded())
        let participant = stand.masterSlave()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do { try await participant.run() } catch is CancellationError {}
            }
            try await eventually("it waits") { stand.clock.sleeperCount > 0 }
            #expect(!participant.status.isJoined)
            stand.clock.advance(by: .seconds(34))
            await giveWay()
            #expect(try await other.exists(record) != nil)
            await other.close()
            try await eventually("it has joined") { participant.status.isJoined }
            #expect(try await stand.live?.sessionID == participant.status.session)
            #expect(try await stand.session.exists(record) == nil)
            group.cancelAll()
        }
    }

    @Test("a name that stays taken is an error that tells who has it")
    func collisionForEver() async throws {
        let stand = try await Stand()
        let other = try await stand.service.openSession()
        try await other.create(
            stand.paths.liveInstance("n1_1"),
            try LiveInstance.make(instance: "n1_1", sessionID: "x", process: "1@other").encoded(), mode: .ephemeral)
        let participant = stand.masterSlave()
        async let failed = failure(of: participant)
        try await eventually("it waits") { stand.clock.sleeperCount > 0 }
        stand.clock.advance(by: .seconds(35))
        let error = try #require(await failed)
        #expect(error.code == .nameTaken)
        #expect(error.description.contains("1@other"))
        #expect(error.description.contains(other.id.description))
        #expect(try await stand.live?.sessionID == "x", "the other's record is untouched")
    }

    @Test("a participant runs once")
    func twice() async throws {
        let stand = try await Stand()
        let participant = stand.masterSlave()
        try await stand.running(participant) { _ in
            let error = try #require(await failure(of: participant))
            #expect(error.code == .alreadyRun)
        }
    }
}
