import Coordination
import Foundation
import HelixParticipant
import HelixRecords
import StateModels
import Synchronization
import TestSupport
import Testing

/// Planned operations, asked for as people do, of controllers and participants that are processes of their own.
@Suite("A planned operation loses nothing", .timeLimit(.minutes(5)))
struct OperationTests {
    private static let all = ["node_1", "node_2", "node_3", "node_4"]
    private static let partitions = 24

    /// A cluster of processes, settled.
    private struct Scene: Sendable {
        let cluster: RealCluster
        /// How many transactions there were when it had settled.
        let begin: Int64
        let start: @Sendable ([String]) throws -> RunningCommand
        let participants: [String: RunningCommand]

        func helix(_ arguments: String...) async throws -> HelixBinary.Result {
            try await HelixBinary.run(arguments, zooKeeper: cluster.servers + cluster.chroot)
        }
    }

    private func withScene(_ body: @escaping @Sendable (Scene, _ leader: RunningCommand) async throws -> Void)
        async throws
    {
        try await RealCluster.with(instances: Self.all) { cluster in
            let zooKeeper = cluster.servers + cluster.chroot
            let start: @Sendable ([String]) throws -> RunningCommand = { arguments in
                try HelixBinary.start(arguments + ["--session-timeout", "1.5"], zooKeeper: zooKeeper)
            }
            let first = try start(["controller", cluster.name, "--name", "first"])
            try await cluster.awaitLeader { $0 == "first" }
            let second = try start(["controller", cluster.name, "--name", "second"])
            var participants: [String: RunningCommand] = [:]
            for name in Self.all {
                participants[name] = try start(["participant", cluster.name, name, "--delay", "20"])
            }
            try await cluster.addResource("db", partitions: Self.partitions, replicas: 2)
            try await cluster.awaitSettled("db", partitions: Self.partitions, replicas: 2, on: Self.all)
            let begin = try cluster.server.transactionLog().changes.last?.zxid ?? 0
            try await body(Scene(cluster: cluster, begin: begin, start: start, participants: participants), first)
            let violations = try cluster.judge().violations
            #expect(violations == [])
            for process in Array(participants.values) + [first, second] { process.signal(SIGTERM) }
        }
    }

    /// The fewest replicas in service that any partition had at any moment since a transaction.
    private func fewestInService(_ cluster: RealCluster, since begin: Int64) throws -> Int {
        var checker = InvariantChecker(cluster: cluster.name, chroot: cluster.chroot)
        let changes = try cluster.server.transactionLog().changes
        checker.replay(changes.prefix { $0.zxid <= begin })
        var fewest = Int.max
        var rest = changes.drop { $0.zxid <= begin }
        while let zxid = rest.first?.zxid {
            checker.replay(rest.prefix { $0.zxid == zxid })
            rest = rest.drop { $0.zxid == zxid }
            let counts = checker.replicas(of: "db").values.map { $0.values.count { $0 == "MASTER" || $0 == "SLAVE" } }
            fewest = min(fewest, counts.min() ?? 0)
        }
        return fewest
    }

    @Test("a host that is drained serves until others have taken over, also when the leader dies meanwhile")
    func drain() async throws {
        try await withScene { scene, leader in
            let cluster = scene.cluster
            let plan = try await scene.helix("instance", "evacuate", cluster.name, "node_2", "--dry-run")
            #expect(plan.code == 0)
            let before = try await cluster.view("db")
            async let drained = scene.helix(
                "instance", "evacuate", cluster.name, "node_2", "--reason", "worn", "--wait")
            try await cluster.eventually("replicas move") { try await cluster.view("db") != before }
            leader.signal(SIGKILL)
            let result = try await drained
            #expect(result.code == 0, "\(result)")
            #expect(result.output.contains("evacuation of node_2 finished"), "\(result)")
            let stayers = Self.all.filter { $0 != "node_2" }
            try await cluster.awaitSettled("db", partitions: Self.partitions, replicas: 2, on: stayers)
            let again = try await scene.helix("instance", "evacuation", cluster.name, "node_2")
            #expect(again.code == 0 && again.output.contains("finished"), "\(again)")
            #expect(try fewestInService(cluster, since: scene.begin) == 2)
        }
    }

    @Test("a host is replaced by another one that is filled first, and nothing else moves")
    func swap() async throws {
        try await withScene { scene, _ in
            let cluster = scene.cluster
            let before = try #require(try await cluster.view("db"))
            #expect(try await scene.helix("instance", "swap", "start", cluster.name, "node_2", "node_9").code == 0)
            let newcomer = try scene.start(["participant", cluster.name, "node_9", "--delay", "20"])
            let filled = try await scene.helix("instance", "swap", "start", cluster.name, "node_2", "node_9", "--wait")
            #expect(filled.code == 0, "\(filled)")
            let completed = try await scene.helix("instance", "swap", "complete", cluster.name, "node_2", "node_9")
            #expect(completed.code == 0, "\(completed)")
            try await cluster.eventually("the new one has everything") {
                guard let view = try await cluster.view("db"), view.count == Self.partitions else { return false }
                return view.allSatisfy { partition, states in
                    states.values.sorted() == ["MASTER", "SLAVE"]
                        && Set(states.keys) == Set(before[partition]!.keys.map { $0 == "node_2" ? "node_9" : $0 })
                }
            }
            #expect(try fewestInService(cluster, since: scene.begin) == 2)
            newcomer.signal(SIGTERM)
        }
    }

    /// The transitions that instances were asked for since a transaction, by instance.
    private func asked(_ cluster: RealCluster, since begin: Int64) throws -> [(instance: String, message: Message)] {
        let queues = cluster.chroot + cluster.paths.root + "/INSTANCES/"
        return try cluster.server.transactionLog().changes.compactMap { change in
            guard change.zxid > begin, !change.data.isEmpty, change.path.hasPrefix(queues) else { return nil }
            let parts = change.path.dropFirst(queues.count).split(separator: "/").map(String.init)
            guard parts.count == 3, parts[1] == "MESSAGES" else { return nil }
            let message = try Message(decoding: change.data, path: change.path)
            return message.messageType == .stateTransition ? (parts[0], message) : nil
        }
    }

    @Test("a cluster that is frozen stands still, whoever ends meanwhile, and goes on from where it was")
    func freeze() async throws {
        try await withScene { scene, leader in
            let cluster = scene.cluster
            func awaitStatus(_ parts: String...) async throws {
                try await cluster.eventually("the status is \(parts)") {
                    let status = try await scene.helix("cluster", "status", cluster.name)
                    return parts.allSatisfy { status.output.contains($0) }
                }
            }
            let before = try #require(try await cluster.view("db"))
            #expect(try await scene.helix("cluster", "freeze", cluster.name, "--reason", "moves").code == 0)
            try await awaitStatus("CLUSTER_FREEZE, COMPLETED")
            let frozen = try cluster.server.transactionLog().changes.last?.zxid ?? 0

            #expect(try await scene.helix("resource", "rebalance", cluster.name, "db", "--replicas", "3").code == 0)
            let rehearsal = try await scene.helix("cluster", "unfreeze", cluster.name, "--dry-run")
            #expect(rehearsal.output.contains("\(Self.partitions) come, 0 go"), "\(rehearsal)")
            leader.signal(SIGKILL)
            try await cluster.awaitLeader { $0 == "second" }
            scene.participants["node_2"]?.signal(SIGSTOP)
            let live = cluster.paths.liveInstance("node_2")
            try await cluster.eventually("its session ends") { try await cluster.session.exists(live) == nil }
            scene.participants["node_2"]?.signal(SIGCONT)
            try await awaitStatus("CLUSTER_FREEZE, COMPLETED", "4 alive, of which 4 frozen")
            let why = try await scene.helix("why-not-converged", cluster.name)
            #expect(why.code == 1 && why.output.contains("the cluster is frozen"), "\(why)")
            #expect(try asked(cluster, since: frozen).isEmpty)

            #expect(try await scene.helix("cluster", "unfreeze", cluster.name).code == 0)
            try await awaitStatus("NORMAL, COMPLETED")
            try await cluster.awaitSettled("db", partitions: Self.partitions, replicas: 3, on: Self.all)
            let begunAnew = try asked(cluster, since: frozen).filter { instance, message in
                message.fromState == "OFFLINE"
                    && message.partitions.contains { before[$0]?[instance] != nil }
            }
            #expect(begunAnew.isEmpty, "what they had they kept")
        }
    }

    @Test("in maintenance masters move from a host that dies, nothing is made elsewhere, and a new leader knows of it")
    func maintenance() async throws {
        try await withScene { scene, leader in
            let cluster = scene.cluster
            let enter = try await scene.helix(
                "cluster", "enter-maintenance", cluster.name, "--reason", "a rack moves")
            #expect(enter.code == 0, "\(enter)")
            let before = try #require(try await cluster.view("db"))
            scene.participants["node_2"]?.signal(SIGKILL)
            leader.signal(SIGKILL)
            try await cluster.awaitLeader { $0 == "second" }
            let lost = before.values.count { $0["node_2"] != nil }
            try await cluster.eventually("masters move") {
                let view = try await cluster.view("db") ?? [:]
                return view.count == Self.partitions
                    && view.values.allSatisfy { $0["node_2"] == nil && $0.values.contains("MASTER") }
            }
            let why = try await scene.helix("why-not-converged", cluster.name)
            #expect(why.code == 1 && why.output.contains("maintenance (a rack moves)"), "\(why)")
            let end = try await scene.helix("cluster", "exit-maintenance", cluster.name, "--dry-run")
            #expect(end.output.contains("\(lost) come, 0 go"), "\(end)")
            let view = try #require(try await cluster.view("db"))
            #expect(view.allSatisfy { Set($0.value.keys) == Set(before[$0.key]!.keys).subtracting(["node_2"]) })
            #expect(try await scene.helix("cluster", "exit-maintenance", cluster.name).code == 0)
            let stayers = Self.all.filter { $0 != "node_2" }
            try await cluster.awaitSettled("db", partitions: Self.partitions, replicas: 2, on: stayers)
        }
    }

    @Test("a host may stop when nothing suffers, and not together with another one that has the same partition")
    func stoppable() async throws {
        try await withScene { scene, _ in
            let cluster = scene.cluster
            let one = try await scene.helix("instance", "stoppable", cluster.name, "node_1", "--format", "json")
            #expect(one.code == 0, "\(one)")
            let all = try await scene.helix(
                "instance", "stoppable", cluster.name, "node_1", "node_2", "node_3", "node_4")
            #expect(all.code != 0, "\(all)")
        }
    }

    @Test(
        "a replica in ERROR stays there until an operator resets it", arguments: ["partition", "instance", "resource"])
    func reset(scope: String) async throws {
        let all = Array(Self.all.prefix(2))
        try await RealCluster.with(instances: all) { cluster in
            let zooKeeper = cluster.servers + cluster.chroot
            let controller = try HelixBinary.start(
                ["controller", cluster.name, "--name", "first", "--session-timeout", "1.5"], zooKeeper: zooKeeper)
            let failing = Participant(
                cluster: cluster.name, instance: "node_1", coordination: cluster.service, logger: RealCluster.logger)
            let isFaulty = Mutex(true)
            failing.register(.masterSlave) { _ in Spoilt { isFaulty.withLock { $0 } } }
            let participants = [running(failing), running(cluster.participant("node_2"))]
            try await beside(participants) {
                try await cluster.addResource("db", partitions: 2, replicas: 2)
                try await cluster.eventually("both are in ERROR") {
                    let view = try await cluster.view("db") ?? [:]
                    return view.count == 2
                        && view.values.allSatisfy { $0 == ["node_1": "ERROR", "node_2": "MASTER"] }
                }
                let why = try await HelixBinary.run(["why-not-converged", cluster.name], zooKeeper: zooKeeper)
                #expect(why.code == 1 && why.output.contains("ERROR"), "\(why)")
                isFaulty.withLock { $0 = false }
                let arguments: [String] =
                    switch scope {
                    case "partition":
                        ["partition", "reset", cluster.name, "db", "db_0", "db_1", "--instance", "node_1"]
                    case "instance": ["instance", "reset", cluster.name, "node_1"]
                    default: ["resource", "reset", cluster.name, "db"]
                    }
                let reset = try await HelixBinary.run(arguments, zooKeeper: zooKeeper)
                #expect(reset.code == 0, "\(reset)")
                try await cluster.awaitSettled("db", partitions: 2, replicas: 2, on: all)
            }
            #expect(try cluster.judge().violations == [])
            controller.signal(SIGTERM)
            #expect(try await controller.ended().code == 0)
        }
    }
}

/// A replica that cannot begin to serve while something is wrong.
private struct Spoilt: MasterSlaveHandler {
    let isFaulty: @Sendable () -> Bool

    struct Fault: Error {}

    init(_ isFaulty: @escaping @Sendable () -> Bool) { self.isFaulty = isFaulty }

    func offlineToSlave(_ context: TransitionContext) async throws { if isFaulty() { throw Fault() } }
    func slaveToMaster(_ context: TransitionContext) async throws {}
    func masterToSlave(_ context: TransitionContext) async throws {}
    func slaveToOffline(_ context: TransitionContext) async throws {}
}
