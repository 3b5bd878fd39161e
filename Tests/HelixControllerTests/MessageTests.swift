import Coordination
import HelixRecords
import RebalancePipeline
import StateModels
import TestSupport
import Testing

@testable import HelixController

@Suite("Messages ask for one hop each, and only where there is somebody to ask", .timeLimit(.minutes(5)))
struct MessageTests {
    @Test("a message has all that a receiver of any make needs")
    func content() async throws {
        try await ScriptedCluster.with(instances: ["a"]) { cluster in
            try await cluster.addResource("db") { $0.record.simpleFields["STATE_MODEL_FACTORY_NAME"] = "special" }
            try await cluster.join("a", session: "97531")
            try await beside([makeController(in: cluster.service).run]) {
                try await eventually("a message") { try await cluster.messages("a").count == 1 }
                let message = try #require(try await cluster.messages("a").first)
                let leader = try #require(try await cluster.session.exists(cluster.paths.leader)?.ephemeralOwner)
                #expect(message.problems() == [])
                var fields = message.record.simpleFields
                #expect(Int64(fields.removeValue(forKey: "CREATE_TIMESTAMP") ?? "") ?? 0 > 1_700_000_000_000)
                #expect(
                    fields == [
                        "MSG_ID": message.id, "MSG_TYPE": "STATE_TRANSITION", "MSG_STATE": "new",
                        "SRC_NAME": "controller", "SRC_SESSION_ID": leader.description, "TGT_NAME": "a",
                        "TGT_SESSION_ID": "97531", "RESOURCE_NAME": "db", "PARTITION_NAME": "db_0",
                        "STATE_MODEL_DEF": "MasterSlave", "STATE_MODEL_FACTORY_NAME": "special",
                        "FROM_STATE": "OFFLINE", "TO_STATE": "SLAVE", "RETRY_COUNT": "3",
                    ])
                #expect(message.record.listFields.isEmpty && message.record.mapFields.isEmpty)
            }
        }
    }

    @Test("how often a transition may be tried again is what the configuration says", arguments: [(7, 7), (nil, 3)])
    func retries(_ configured: Int?, _ written: Int) async throws {
        try await ScriptedCluster.with(instances: ["a"]) { cluster in
            var config = ClusterConfig(id: "test")
            config.record.mapFields["RETRY_COUNT"] = configured.map { ["*.SLAVE": "\($0)"] }
            try await cluster.session.set(cluster.paths.clusterConfig, try config.encoded())
            try await cluster.addResource("db")
            try await cluster.join("a", session: "97531")
            try await beside([makeController(in: cluster.service).run]) {
                try await eventually("a message") { try await cluster.messages("a").count == 1 }
                #expect(try await cluster.messages("a").first?.retryCount == written)
            }
        }
    }

    @Test("the order to step down carries the successor's, with all that its receiver needs")
    func relay() async throws {
        try await ScriptedCluster.with(instances: ["a", "b"]) { cluster in
            var config = ClusterConfig(id: "test")
            config.isRelayEnabled = true
            try await cluster.session.set(cluster.paths.clusterConfig, try config.encoded())
            try await cluster.join("a", session: "111", batches: true)
            try await cluster.join("b", session: "222", batches: true)
            try await cluster.report("a", session: "111", "db", ["db_0": "MASTER"])
            try await cluster.report("b", session: "222", "db", ["db_0": "SLAVE"])
            try await cluster.addResource("db", replicas: 2) {
                $0.rebalanceMode = .semiAuto
                $0.preferenceLists = ["db_0": ["b", "a"]]
            }
            try await beside([makeController(in: cluster.service).run]) {
                try await eventually("a message") { try await cluster.messages("a").count == 1 }
                let carrier = try #require(try await cluster.messages("a").first)
                #expect(carrier.partition == "db_0" && carrier.toState == "SLAVE" && !carrier.isBatch)
                #expect(carrier.record.listFields == ["RELAY_PARTICIPANTS": ["b"]])
                let relayed = try #require(carrier.relayMessages.first?.message)
                #expect(relayed.problems() == [])
                #expect(relayed.id != carrier.id && relayed.isRelay && relayed.relayFrom == "a")
                #expect(relayed.targetSession == "222" && relayed.fromState == "SLAVE" && relayed.toState == "MASTER")
                #expect(relayed.expiryPeriod == .seconds(5) && relayed.sourceSession == carrier.sourceSession)
                #expect(try await cluster.messages("b").isEmpty)
            }
        }
    }

    @Test("transitions of one kind share a message up to the limit, and never with those of another kind")
    func batches() async throws {
        try await ScriptedCluster.with(instances: ["a", "b"]) { cluster in
            try await cluster.addResource("db", partitions: 10, replicas: 2)
            try await cluster.addResource("other", partitions: 3, replicas: 2)
            try await cluster.join("a", session: "s1", batches: true)
            try await cluster.join("b", session: "s2")
            let controller = makeController(in: cluster.service) { $0.partitionsPerMessage = 4 }
            try await beside([controller.run]) {
                try await eventually("all messages") {
                    let (a, b) = (try await cluster.messages("a"), try await cluster.messages("b"))
                    return a.flatMap(\.partitions).count == 13 && b.flatMap(\.partitions).count == 13
                }
                let (a, b) = (try await cluster.messages("a"), try await cluster.messages("b"))
                #expect(a.map(\.partitions.count).sorted() == [2, 3, 4, 4])
                #expect(a.allSatisfy { $0.isBatch == ($0.partitions.count > 1) })
                #expect(
                    a.allSatisfy { message in message.partitions.allSatisfy { $0.hasPrefix(message.resource ?? "") } })
                #expect(b.allSatisfy { !$0.isBatch && $0.record.listFields.isEmpty } && b.count == 13)
            }
        }
    }

    @Test("a replica with a message under way gets no second one, whoever sent the first")
    func underWay() async throws {
        try await ScriptedCluster.with(instances: ["a"]) { cluster in
            try await cluster.addResource("db", partitions: 2)
            try await cluster.join("a", session: "s1")
            try await cluster.send(cluster.message("of-another", to: "a", session: "s1", "db", "db_0"))
            // One for a session that is over does not count.
            try await cluster.send(cluster.message("of-before", to: "a", session: "s0", "db", "db_1"))
            try await beside([makeController(in: cluster.service).run]) {
                try await eventually("a message") { try await cluster.messages("a").count == 3 }
                try await cluster.awaitStillness()
                let messages = try await cluster.messages("a").filter { $0.source == "controller" }
                #expect(messages.map(\.partition) == ["db_1"])
            }
        }
    }

    @Test("what is no longer wanted is called off, by a message that names it")
    func cancellation() async throws {
        try await ScriptedCluster.with(instances: ["a", "b"]) { cluster in
            var config = ClusterConfig(record: ZNRecord(id: cluster.paths.cluster))
            config.isCancellationEnabled = true
            try await cluster.session.set(cluster.paths.clusterConfig, config.encoded())
            try await cluster.addResource("db") {
                $0.rebalanceMode = .semiAuto; $0.preferenceLists["db_0"] = ["a"]
            }
            try await cluster.join("a", session: "s1")
            try await beside([makeController(in: cluster.service).run]) {
                try await eventually("a message") { try await cluster.messages("a").count == 1 }
                let path = cluster.paths.idealState("db")
                var idealState = try IdealState(decoding: try await cluster.session.get(path).data, path: path)
                idealState.preferenceLists["db_0"] = ["b"]
                try await cluster.session.set(path, idealState.encoded())
                try await eventually("a cancellation") { try await cluster.messages("a").count == 2 }
                let messages = try await cluster.messages("a")
                let cancellation = try #require(messages.first { $0.messageType == .cancellation })
                #expect(cancellation.problems() == [])
                #expect(cancellation.fromState == "OFFLINE" && cancellation.toState == "SLAVE")
                #expect(cancellation.partition == "db_0" && cancellation.targetSession == "s1")
            }
        }
    }

    @Test("throttles and message constraints hold from the first message on, and their changes are noticed")
    func limits() async throws {
        try await ScriptedCluster.with(instances: ["a"]) { cluster in
            try await cluster.addResource("db", partitions: 6)
            let free = ClusterConfig(record: ZNRecord(id: cluster.paths.cluster))
            var throttled = free
            throttled.throttles = [ThrottleConfig(.instance, .any, limit: 2)]
            try await cluster.session.set(cluster.paths.clusterConfig, throttled.encoded())
            try await cluster.join("a", session: "s1")
            try await beside([makeController(in: cluster.service).run]) {
                try await eventually("messages") { try await cluster.messages("a").count == 2 }
                try await cluster.awaitStillness()
                #expect(try await cluster.messages("a").count == 2)
                var constraints = ClusterConstraints(record: ZNRecord(id: ClusterConstraints.messageConstraintID))
                constraints.set(.init(id: "three", attributes: [.resource: ".*"], limit: 3))
                try await cluster.session.create(cluster.paths.constraints, [])
                try await cluster.session.create(cluster.paths.messageConstraints, constraints.encoded())
                try await cluster.session.set(cluster.paths.clusterConfig, free.encoded())
                try await eventually("one more message") { try await cluster.messages("a").count == 3 }
                try await cluster.awaitStillness()
                #expect(try await cluster.messages("a").count == 3)
                try await cluster.session.delete(cluster.paths.messageConstraints)
                try await eventually("all messages") { try await cluster.messages("a").count == 6 }
            }
        }
    }

    @Test("messages never bring an instance back that was dropped while it was live")
    func droppedInstance() async throws {
        try await ScriptedCluster.with(instances: ["a", "b"]) { cluster in
            try await cluster.addResource("db", partitions: 4, replicas: 1)
            try await cluster.join("a", session: "s1")
            let participant = ScriptedParticipant(name: "b", paths: cluster.paths, service: cluster.service)
            try await cluster.session.deleteRecursively(cluster.paths.instance("a"))
            try await beside([participant.run, makeController(in: cluster.service).run]) {
                // Those of b come up, those of a cannot be asked for; and that is tried again, at an easy pace.
                try await cluster.awaitView("db") { $0.count == 2 }
                try await cluster.session.delete(cluster.paths.instanceConfig("a"))
                try await cluster.awaitView("db") { $0.count == 4 && $0.values.allSatisfy { $0 == ["b": "MASTER"] } }
            }
            #expect(try await cluster.session.exists(cluster.paths.instance("a")) == nil)
            #expect(await cluster.check().violations == [])
        }
    }

    @Test("what could not be sent is sent once it can be")
    func sentLater() async throws {
        try await ScriptedCluster.with(instances: ["a"]) { cluster in
            try await cluster.addResource("db", partitions: 3)
            let participant = ScriptedParticipant(name: "a", paths: cluster.paths, service: cluster.service)
            let queue = cluster.paths.messages("a")
            try await cluster.session.delete(queue)
            let locked = [AccessControl(permissions: .read, scheme: "world", id: "anyone")]
            try await cluster.session.create(queue, acl: locked)
            try await beside([makeController(in: cluster.service).run]) {
                try await cluster.join("a", session: "s1")
                try await eventually("the view") { try await cluster.view("db") != nil }
                try await cluster.session.delete(queue)
                try await cluster.session.create(queue)
                try await eventually("the messages") { try await cluster.messages("a").count == 3 }
                try await cluster.session.delete(cluster.paths.liveInstance("a"))
                try await beside([participant.run]) {
                    try await cluster.awaitStates("db", partitions: 3, ["MASTER"])
                }
            }
        }
    }

    @Test("a transition that an instance keeps refusing is asked for again after pauses that grow")
    func refused() async throws {
        try await ScriptedCluster.with(instances: ["a"]) { cluster in
            try await cluster.addResource("db")
            let refusals = Counter(0)
            let participant = ScriptedParticipant(name: "a", paths: cluster.paths, service: cluster.service) { _ in
                refusals.add(1)
                return refusals.next() <= 3 ? .refuse : .obey
            }
            try await beside([participant.run, makeController(in: cluster.service).run]) {
                try await cluster.awaitStates("db", partitions: 1, ["MASTER"])
            }
            #expect(refusals.next() == 5)  // three in vain, and one for each hop
        }
    }

    @Test("a message that has lost its meaning is deleted")
    func obsolete() async throws {
        try await ScriptedCluster.with(instances: ["a"]) { cluster in
            try await cluster.addResource("db")
            try await cluster.join("a", session: "s1")
            try await cluster.report("a", session: "s1", "db", ["db_0": "MASTER"])
            // It begins in a state that the replica has left, and ends in another one than it has.
            try await cluster.send(
                cluster.message("stale", to: "a", session: "s1", "db", "db_0", from: "SLAVE", to: "OFFLINE"))
            try await beside([makeController(in: cluster.service).run]) {
                try await eventually("it is gone") { try await cluster.messages("a").isEmpty }
            }
        }
    }

    @Test("the notice of a session change is deleted, messages of other kinds to the controller are left")
    func controllerMessages() async throws {
        try await ScriptedCluster.with { cluster in
            var notice = Message(id: "SESSION-SYNC", type: .participantSessionChange)
            notice.target = Message.controllerTarget
            let notified = try notice.record.encoded()
            let other = Message(id: "other", type: .taskReply)
            let path = cluster.paths.controllerMessages
            try await cluster.session.create("\(path)/other", other.record.encoded())
            try await cluster.session.create("\(path)/unreadable", [1])
            try await beside([makeController(in: cluster.service).run]) {
                for _ in 1...3 {
                    try await cluster.session.create("\(path)/SESSION-SYNC", notified)
                    try await eventually("the notice is gone") {
                        try await cluster.session.exists("\(path)/SESSION-SYNC") == nil
                    }
                }
                #expect(try await cluster.session.children(path) == ["other", "unreadable"])
            }
        }
    }
}
