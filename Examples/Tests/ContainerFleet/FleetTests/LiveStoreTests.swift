import FleetEngine
import FleetMaster
import FleetModel
import FleetSupport
import Foundation
import Support
import Testing

/// What the store does to a fleet of processes. With `FLEET_OUTAGE_SECONDS=60` ZooKeeper is away for a minute.
@Suite(
    "A fleet of processes whose ZooKeeper is away, or comes back with less", .needsEngine, .serialized,
    .timeLimit(.minutes(10)))
struct LiveStoreTests {
    /// Longer than sessions last, which is 4 seconds.
    private static let outage = Duration.seconds(
        ProcessInfo.processInfo.environment["FLEET_OUTAGE_SECONDS"].flatMap { Int($0) } ?? 8)

    @Test(
        "without ZooKeeper for longer than sessions last nothing dies, and what happened meanwhile is told afterwards")
    func outage() async throws {
        try await LiveFleet.run { fleet in
            try await fleet.idleJob("1")
            try await fleet.fleet("deploy", "idle:1", "h1", "h2", "--name", "idle", "--wait")
            let first = try await fleet.runs("h1")
            let untouched = try await fleet.runs("h2")
            try await fleet.child("zookeeper").kill()
            let begin = ContinuousClock.now
            try await fleet.engine.kill(first, signal: "KILL")
            try await eventually("it is back") {
                try await fleet.running("h1").contains { !$0.id.hasPrefix(first) }
            }
            let second = try await fleet.running("h1").map { String($0.id.prefix(12)) }
            while begin.duration(to: .now) < Self.outage {
                #expect(try await fleet.running("h1").map { String($0.id.prefix(12)) } == second)
                #expect(try await fleet.running("h2").map { String($0.id.prefix(12)) } == [untouched])
                for name in ["m1", "h1", "h2"] { #expect(try fleet.child(name).isRunning, "\(name) has ended") }
                try await Task.sleep(for: .milliseconds(500))  // the fault itself lasts so long
            }
            try fleet.startZooKeeper()
            let back = ContinuousClock.now
            #expect(try await [fleet.runs("h1", within: .seconds(60))] == second)
            #expect(try await fleet.runs("h2") == untouched)
            print("ZooKeeper was away for \(Self.outage); all was known \(back.duration(to: .now)) after it was back")
            #expect(try await fleet.row("h1")?.detail.restarts == 1)
            #expect(try await fleet.row("h1")?.detail.former?.container == first)
            try await eventually("the end of the first one is in the history") {
                try await fleet.read([TaskEvent].self, "history", "idle:1").contains {
                    $0.host == "h1" && $0.container == first && $0.exit == 137
                }
            }
            let history = try await fleet.read([TaskEvent].self, "history", "idle:1").filter { $0.host == "h1" }
            #expect(history.last?.container == second.first && history.last?.state == "RUNNING")
            #expect(try await fleet.containers("h2").count == 1)
        }
    }

    @Test("an agent that runs on takes part again when the store is restored, and no container ends (AC26)")
    func restored() async throws {
        try await LiveFleet.run(hosts: ["h1"]) { fleet in
            try await fleet.idleJob("1")
            try await fleet.fleet("deploy", "idle:1", "h1", "--name", "idle", "--wait")
            let container = try await fleet.runs("h1")
            try await fleet.child("zookeeper").kill()
            try await fleet.child("m1").kill()
            try fleet.saveStore()
            try fleet.emptyStore()
            try fleet.startZooKeeper()
            // Its session cannot go on in that store, and does not take part in it with another one.
            func refusals() throws -> Int { try fleet.child("h1").output.components(separatedBy: "Not joining").count }
            let before = try refusals()
            try await eventually(within: .seconds(60), "the agent that runs on says so") {
                try refusals() > before
            }
            #expect(try await fleet.running("h1").map { String($0.id.prefix(12)) } == [container])

            try await fleet.child("zookeeper").kill()
            try fleet.restoreStore()
            try fleet.startZooKeeper()
            try fleet.startMaster()
            #expect(try await fleet.runs("h1", within: .seconds(90)) == container)
            #expect(try await fleet.containers("h1").count == 1)
            #expect(try fleet.child("h1").isRunning)
            try await fleet.fleet("stop", "idle")
            try await eventually(within: .seconds(30), "it does as it is told again") {
                try await fleet.running("h1").isEmpty
            }
        }
    }
}
