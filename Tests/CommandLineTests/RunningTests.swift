import Foundation
import TestSupport
import Testing

@testable import helix

@Suite("Clusters run by command", .timeLimit(.minutes(5)))
struct RunningTests {
    /// A cluster with instances n1_1 and n2_2 and a resource of three partitions with two replicas.
    private func orders() async throws -> Stand {
        let stand = try await Stand()
        try await stand.done("cluster create orders")
        for instance in ["n1_1", "n2_2"] { try await stand.done("instance add orders \(instance)") }
        try await stand.done("resource add orders Orders --partitions 3 --replicas 2 --state-model LeaderStandby")
        return stand
    }

    /// Waits until every partition has a leader and a standby.
    private func settled(_ stand: Stand) async throws {
        try await eventually(within: .seconds(60), "a leader and a standby of each partition") {
            let text = try await stand.done("view orders").output
            return text.components(separatedBy: ":LEADER").count == 4
                && text.components(separatedBy: ":STANDBY").count == 4
        }
    }

    @Test("controllers and participants bring a resource up, and end cleanly on SIGTERM and SIGINT")
    func wholeCluster() async throws {
        let stand = try await orders()
        let explained = try await stand.done("explain orders Orders Orders_0").output
        #expect(explained.contains("No controller leads the cluster"))

        let controller = try stand.start("controller orders --name c1")
        let spectator = try stand.start("spectator orders Orders --watch")
        let view = try stand.start("view orders Orders --watch --format json")
        let participants = try ["n1_1", "n2_2"].map { try stand.start("participant orders \($0)") }
        try await settled(stand)

        try await spectator.writes("→ LEADER")
        try await view.writes(#""LEADER""#)
        try await participants[0].writes("Orders  Orders_0  OFFLINE → STANDBY")
        #expect(try await stand.done("explain orders Orders Orders_0").output.contains("as it should be"))
        #expect(try await stand.done("cluster describe orders").output.contains("c1"))
        #expect(try await stand.done("instance describe orders n1_1").output.contains("Orders_2"))
        #expect(try await stand.run("instance drop orders n1_1").errors.contains("alive"))
        #expect(try await stand.run("cluster delete orders").code == 1)
        let leader = try await stand.done("view orders Orders --partition Orders_0 --state LEADER").lines
        #expect(leader.count == 1)
        #expect(try await stand.run("view orders Orders --partition Orders_0 --state ERROR").code == 1)
        #expect(try await stand.done("spectator orders --source current-states").lines.count == 7)

        participants[0].signal(SIGTERM)
        let first = try await participants[0].ended()
        #expect(first.code == 0, "\(first.errors)")
        #expect(first.output.contains("STANDBY → OFFLINE"))
        participants[1].signal(SIGINT)
        #expect(try await participants[1].ended().code == 0)
        // It tells of the end that the replicas came to.
        try await spectator.writes("→ none")
        for process in [controller, spectator, view] {
            process.signal(process === view ? SIGINT : SIGTERM)
            let result = try await process.ended()
            #expect(result.code == 0, "\(result.errors)")
        }
        #expect(try await stand.done("cluster describe orders").output.contains("none; start one"))
        for line in view.output.split(separator: "\n") {
            #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(line.utf8)) }
        }
        try await stand.done("cluster delete orders")
    }

    @Test("a standby controller takes over at once from one that ends")
    func takeOver() async throws {
        let stand = try await orders()
        let first = try stand.start("controller orders --name c1")
        try await leads("c1", stand)
        let second = try stand.start("controller orders --name c2")
        try await eventually(within: .seconds(30), "a standby") { second.errors.contains("standby") }
        first.signal(SIGTERM)
        #expect(try await first.ended().code == 0)
        try await leads("c2", stand)
        second.signal(SIGTERM)
        #expect(try await second.ended().code == 0)
    }

    private func leads(_ name: String, _ stand: Stand) async throws {
        try await eventually(within: .seconds(30), "leadership of \(name)") {
            let json = try await stand.done("cluster describe orders --format json").json() as? [String: Any]
            return json?["leader"] as? String == name
        }
    }

    @Test("a transition fails where that is asked for, and is reset")
    func failure() async throws {
        let stand = try await orders()
        let controller = try stand.start("controller orders")
        let broken = try stand.start("participant orders n1_1 --fail OFFLINE-STANDBY --format json")
        try await broken.writes(#""outcome":"failed""#)
        try await eventually(within: .seconds(30), "an explanation that tells of ERROR") {
            try await stand.done("explain orders Orders Orders_0").output.contains("reset the partition")
        }
        #expect(try await stand.done("instance describe orders n1_1").output.contains("--fail OFFLINE-STANDBY"))
        broken.signal(SIGTERM)
        #expect(try await broken.ended().code == 0)

        let whole = try stand.start("participant orders n1_1 --state-model LeaderStandby --delay 10")
        try await whole.writes("STANDBY → LEADER")
        let refused = try await stand.run("partition reset orders Orders Orders_0 --instance n1_1")
        #expect(refused.code == 1)
        #expect(refused.errors.contains("expected ERROR"))
        for process in [whole, controller] {
            process.signal(SIGTERM)
            #expect(try await process.ended().code == 0)
        }
    }

    @Test("a replica in ERROR leaves it when it is reset")
    func reset() async throws {
        let stand = try await orders()
        let controller = try stand.start("controller orders")
        let broken = try stand.start("participant orders n1_1 --fail STANDBY-LEADER")
        try await broken.writes("STANDBY → LEADER  failed")
        try await eventually(within: .seconds(30), "three replicas in ERROR") {
            try await stand.done("instance describe orders n1_1").output.components(separatedBy: "ERROR").count == 4
        }
        #expect(
            try await stand.done("partition reset orders Orders Orders_0 --instance n1_1").output
                .contains("1 replica"))
        try await broken.writes("Orders_0  ERROR → OFFLINE")
        #expect(try await stand.done("instance reset orders n1_1").output.contains("asked"))
        try await broken.writes("Orders_2  ERROR → OFFLINE")
        #expect(
            try await stand.run("partition set-error orders Orders Orders_9 --instance n1_1").errors
                .contains("no partition Orders_9"))
        for process in [broken, controller] {
            process.signal(SIGTERM)
            #expect(try await process.ended().code == 0)
        }
    }

    @Test("a map that is watched says when ZooKeeper is gone, and when it is back")
    func staleness() async throws {
        try await withZooKeeper { server in
            let stand = Stand(zooKeeper: server.connectText)
            try await stand.done("cluster create orders")
            let spectator = try stand.start("spectator orders --watch --log-level critical")
            let view = try stand.start("view orders --watch --log-level critical")
            try await view.writes("RESOURCE")
            try await spectator.writes("no replicas yet")
            await server.kill()
            try await spectator.writes("stale")
            try await view.writes("stale")
            try await server.restart()
            try await spectator.writes("up to date again")
            for process in [spectator, view] {
                process.signal(SIGTERM)
                #expect(try await process.ended().code == 0)
            }
        }
    }
}

extension Stand {
    init(zooKeeper: String) { self.zooKeeper = zooKeeper }
}
