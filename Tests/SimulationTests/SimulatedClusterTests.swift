import Coordination
import HelixAdmin
import HelixParticipant
import HelixRecords
import HelixSimulation
import HelixSpectator
import Synchronization
import Testing

@Suite("A simulated cluster", .timeLimit(.minutes(5)))
struct SimulatedClusterTests {
    /// Runs `body` with three nodes that share a resource, and notes of what their handlers do.
    private func withNodes(
        seed: UInt64 = 7, recording: Bool = false,
        _ body: @escaping @Sendable (SimulatedCluster, Notes) async throws -> Void
    ) async throws {
        try await SimulatedCluster.run(seed: seed, recording: recording) { cluster in
            let notes = Notes()
            try await cluster.administrate { admin in
                try await admin.addResource(
                    "orders", ResourceSettings(partitions: 6, stateModel: "MasterSlave", replicas: .count(2)),
                    in: cluster.name)
            }
            for name in ["node1", "node2", "node3"] { try await cluster.start(name, notes) }
            try await cluster.settle()
            try await body(cluster, notes)
        }
    }

    @Test("the masters of a killed node fail over, and come back with it", arguments: 1...3 as ClosedRange<UInt64>)
    func kill(seed: UInt64) async throws {
        try await withNodes(seed: seed) { cluster, notes in
            #expect(try await cluster.masters() == ["node1", "node2", "node3"])
            cluster.kill("node1")
            try await cluster.settle()
            #expect(try await cluster.masters() == ["node2", "node3"])
            #expect(cluster.process("node1")?.isAlive == false)
            try await cluster.start("node1", notes)
            try await cluster.settle()
            #expect(try await cluster.masters() == ["node1", "node2", "node3"])
        }
    }

    @Test(
        "a node that is cut off is told to stop serving before others are promoted",
        arguments: 1...3 as ClosedRange<UInt64>)
    func isolate(seed: UInt64) async throws {
        try await withNodes(seed: seed) { cluster, notes in
            notes.clear()
            cluster.isolate("node1")
            try await cluster.advance(by: .seconds(60))
            let all = notes.all
            let suspension = try #require(all.firstIndex { $0 == "node1 suspended" })
            let promotion = try #require(all.firstIndex { $0.contains("SLAVE-MASTER") })
            #expect(suspension < promotion, "seed \(seed): \(all)")
            cluster.reconnect("node1")
            try await cluster.settle()
            #expect(try await cluster.masters() == ["node1", "node2", "node3"])
        }
    }

    @Test("a node that pauses for longer than its session starts anew")
    func pause() async throws {
        try await withNodes { cluster, notes in
            notes.clear()
            cluster.pause("node1", for: .seconds(60))
            try await cluster.advance(by: .seconds(59))
            #expect(try await cluster.masters() == ["node2", "node3"])
            #expect(!notes.all.contains { $0.hasPrefix("node1") })
            try await cluster.advance(by: .seconds(2))
            try await cluster.settle()
            #expect(notes.all.contains("node1 reset"))
            #expect(try await cluster.masters() == ["node1", "node2", "node3"])
        }
    }

    @Test("a node that is shut down brings its replicas down through their handlers")
    func shutDown() async throws {
        try await withNodes { cluster, notes in
            notes.clear()
            let start = cluster.clock.now
            cluster.shutDown("node1")
            try await cluster.settle()
            // Long before a session would have expired.
            #expect(start.duration(to: cluster.clock.now) < .seconds(15))
            #expect(notes.all.count { $0 == "node1 MASTER-SLAVE" } == 2)
            #expect(notes.all.count { $0 == "node1 SLAVE-OFFLINE" } == 4)
            #expect(try await cluster.masters() == ["node2", "node3"])
        }
    }

    @Test("a second controller takes over when the leader is killed")
    func controllers() async throws {
        try await SimulatedCluster.run(seed: 3, controllers: 2) { cluster in
            for name in ["controller-1", "controller-2"] {
                try await cluster.settle()
                cluster.kill(name)
                if name == "controller-1" { continue }
                cluster.startController("controller-3")
            }
            try await cluster.settle()
        }
    }

    @Test("what may never happen is thrown with its seed, though the body succeeds")
    func violations() async throws {
        let error = try await #require(throws: Violations.self) {
            try await SimulatedCluster.run(seed: 9) { cluster in
                try await cluster.settle()
                let name = cluster.name
                cluster.start("rogue") { _, coordination in
                    try await coordination.withSession { session in
                        try await session.createWithParents("/\(name)/EXTERNALVIEW/orders")
                    }
                }
                try await cluster.advance(by: .seconds(1))
            }
        }
        #expect(error.seed == 9)
        #expect(error.violations.map(\.rule) == ["deposed"])
        #expect("\(error)".contains("seed 9"))
    }

    @Test("a rule of one's own is judged like the others")
    func ownRule() async throws {
        let error = try await #require(throws: Violations.self) {
            try await SimulatedCluster.run { cluster in
                try await cluster.advance(by: .seconds(1))
                cluster.judge.note("sold-twice", "ticket 7")
            }
        }
        #expect(error.violations.map { "\($0.rule) \($0.text)" } == ["sold-twice ticket 7"])
        #expect(error.violations[0].time >= .seconds(1))
    }

    @Test("what does not settle says what is missing")
    func notSettled() async throws {
        let error = try await #require(throws: NotSettled.self) {
            try await SimulatedCluster.run(controllers: 0) { cluster in try await cluster.settle(within: .seconds(5)) }
        }
        #expect("\(error)".contains("lead"))
    }

    @Test("an error of a process ends the simulation, and so does one of the work beside a participant")
    func failure() async throws {
        struct Failure: Error {}
        await #expect(throws: Failure.self) {
            try await SimulatedCluster.run { cluster in
                cluster.start("client") { _, _ in throw Failure() }
                try await cluster.advance(by: .seconds(10))
            }
        }
        await #expect(throws: Failure.self) {
            try await SimulatedCluster.run { cluster in
                try await cluster.startParticipant("node1", beside: { throw Failure() }) { _ in }
                try await cluster.advance(by: .seconds(10))
            }
        }
    }

    @Test("the work beside a participant pauses and ends with it")
    func beside() async throws {
        try await SimulatedCluster.run { cluster in
            let beats = Mutex(0)
            try await cluster.startParticipant(
                "node1",
                beside: { [clock = cluster.clock] in
                    while true {
                        beats.withLock { $0 += 1 }
                        try await clock.sleep(for: .seconds(1))
                    }
                }
            ) { _ in }
            try await cluster.advance(by: .milliseconds(9500))
            #expect((9...11).contains(beats.withLock { $0 }))
            cluster.pause("node1", for: .seconds(10))
            try await cluster.advance(by: .milliseconds(9900))
            #expect(beats.withLock { $0 } <= 11)
            try await cluster.advance(by: .seconds(1))
            cluster.shutDown("node1")
            try await cluster.advance(by: .seconds(1))
            let count = beats.withLock { $0 }
            try await cluster.advance(by: .seconds(10))
            #expect(beats.withLock { $0 } == count)
            #expect(cluster.process("node1")?.isAlive == false)
        }
    }

    @Test("a timeline is kept when it is asked for, and is the same for the same seed")
    func timeline() async throws {
        let timelines = Mutex<[String]>([])
        for _ in 1...2 {
            try await withNodes(recording: true) { cluster, _ in
                cluster.kill("node1")
                try await cluster.settle()
                timelines.withLock { $0.append(cluster.timeline.description) }
            }
        }
        let found = timelines.withLock { $0 }
        #expect(found[0] == found[1])
        #expect(found[0].contains("is killed") && found[0].contains("controller-1"))
        try await withNodes { cluster, _ in #expect(cluster.timeline.entries.isEmpty) }
    }
}

/// What handlers noted, in order.
private final class Notes: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
    func clear() { lines.withLock { $0 = [] } }
}

extension SimulatedCluster {
    fileprivate func start(_ name: String, _ notes: Notes) async throws {
        try await startParticipant(name) { $0.register(.masterSlave) { Shard(replica: $0, notes: notes) } }
    }

    fileprivate func masters() async throws -> [String] {
        try await routingTable().instances(serving: "orders", in: "MASTER").map(\.name)
    }
}

private struct Shard: MasterSlaveHandler {
    let replica: Replica
    let notes: Notes

    private func note(_ context: TransitionContext) { notes.add("\(replica.instance) \(context.from)-\(context.to)") }

    func offlineToSlave(_ context: TransitionContext) async throws { note(context) }
    func slaveToMaster(_ context: TransitionContext) async throws { note(context) }
    func masterToSlave(_ context: TransitionContext) async throws { note(context) }
    func slaveToOffline(_ context: TransitionContext) async throws { note(context) }
    func suspended() async { notes.add("\(replica.instance) suspended") }
    func reset() async { notes.add("\(replica.instance) reset") }
}
