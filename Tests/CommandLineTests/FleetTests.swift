import Foundation
import TestSupport
import Testing

@testable import helix

@Suite("Taking hosts down and replacing them by command", .timeLimit(.minutes(5)))
struct FleetTests {
    /// A cluster in which instances run, a resource of four partitions with two replicas, and a controller.
    private func withCluster(
        _ instances: [String] = ["n1_1", "n2_2", "n3_3"], _ body: (Stand) async throws -> Void
    ) async throws {
        let stand = try await Stand()
        try await stand.done("cluster create orders")
        var running: [RunningCommand] = []
        for instance in instances {
            try await stand.done("instance add orders \(instance)")
            running.append(try stand.start("participant orders \(instance)"))
        }
        try await stand.done("resource add orders Orders --partitions 4 --replicas 2 --state-model LeaderStandby")
        running.append(try stand.start("controller orders"))
        try await served(stand)
        try await body(stand)
        for command in running { command.signal(SIGKILL) }
    }

    /// Waits until every partition has a leader and a standby.
    private func served(_ stand: Stand) async throws {
        try await eventually(within: .seconds(60), "a leader and a standby of each partition") {
            let text = try await stand.done("view orders").output
            return text.components(separatedBy: ":LEADER").count == 5
                && text.components(separatedBy: ":STANDBY").count == 5
        }
    }

    @Test("an instance is evacuated: planned, waited for, and finished")
    func evacuation() async throws {
        try await withCluster { stand in
            let plan = try await stand.done("instance evacuate orders n1_1 --dry-run").output
            #expect(plan.contains("n1_1"))
            let before = try await stand.run("instance evacuation orders n1_1")
            #expect((before.code, before.output.contains("not being evacuated")) == (1, true))
            let lines = try await stand.done("instance evacuate orders n1_1 --reason retired --wait").lines
            #expect(try #require(lines.last).contains("finished"))
            #expect(try await stand.run("instance evacuation orders n1_1").code == 0)
            let json = try #require(
                try await stand.done("instance evacuation orders n1_1 --format json").json() as? [String: Any])
            #expect(json["state"] as? String == "finished")
            try await served(stand)
        }
    }

    @Test("waiting for an evacuation that cannot end is ended by SIGINT, and the evacuation goes on")
    func interrupted() async throws {
        try await withCluster(["n1_1", "n2_2"]) { stand in
            let waiting = try stand.start("instance evacuate orders n1_1 --wait")
            try await waiting.writes("4 replicas")
            waiting.signal(SIGINT)
            let result = try await waiting.ended()
            #expect((result.code, result.errors.contains("goes on")) == (1, true))
            #expect(try await stand.done("instance describe orders n1_1").output.contains("EVACUATE"))
        }
    }

    @Test("an instance is replaced by a new one, which holds what it held")
    func swap() async throws {
        try await withCluster { stand in
            let plan = try await stand.done("instance swap start orders n1_1 n9_9 --dry-run").output
            #expect(plan.contains("n9_9 would get a copy of"))
            try await stand.done("instance swap start orders n1_1 n9_9")
            let early = try await stand.run("instance swap complete orders n1_1 n9_9")
            #expect((early.code, early.errors.contains("n9_9 is not alive")) == (1, true))
            let participant = try stand.start("participant orders n9_9")
            let lines = try await stand.done("instance swap start orders n1_1 n9_9 --wait").lines
            #expect(try #require(lines.last).contains("ready"))
            #expect(try await stand.run("instance swap status orders n1_1 n9_9").code == 0)
            let before = try await held(by: "n1_1", stand)
            #expect(try await stand.done("instance swap complete orders n1_1 n9_9").output.contains("taken the place"))
            try await eventually(within: .seconds(30), "the exchange") {
                let former = try await held(by: "n1_1", stand)
                let present = try await held(by: "n9_9", stand)
                return former.isEmpty && present == before
            }
            #expect(try await stand.run("instance swap cancel orders n1_1 n9_9").code == 1)
            participant.signal(SIGTERM)
            _ = try await participant.ended()
        }
    }

    @Test("instances are purged that are gone, and killed that are not")
    func removal() async throws {
        try await withCluster(["n1_1", "n2_2"]) { stand in
            try await stand.done("instance add orders n3_3")
            #expect(try await stand.run("instance purge orders").errors.contains("OFFLINE_DURATION_FOR_PURGE_MS"))
            #expect(
                try await stand.done("instance kill orders n2_2 --dry-run").output.contains("would lose 4 replicas"))
            #expect(try await stand.done("instance kill orders n2_2").output.contains("end its process"))
            #expect(try await stand.run("instance kill orders n2_2").errors.contains("nothing to kill"))
            try await eventually(within: .seconds(30), "the controller notes that n2_2 is gone") {
                try await stand.done("instance purge orders --offline-for 0s --dry-run").output
                    .contains("n2_2      would be  it has been offline for long")
            }
            let text = try await stand.done("instance purge orders --offline-for 0s").output
            #expect(text.contains("n1_1      no      it is alive"), "\(text)")
            #expect(try await stand.done("instance list orders --format json").output.contains("n2_2") == false)
        }
    }

    @Test("it is told whether instances may be stopped")
    func stoppable() async throws {
        try await withCluster { stand in
            try await eventually(within: .seconds(30), "nothing is under way") {
                try await stand.run("instance stoppable orders n1_1").code == 0
            }
            let all = try await stand.run("instance stoppable orders n1_1 n2_2 n3_3 --format json")
            #expect(all.code == 1)
            let json = try #require(try all.json() as? [String: Any])
            #expect((json["stoppable"] as? [String])?.first == "n1_1")
            #expect((json["instances"] as? [[String: Any]])?.count == 3)
            let none = try await stand.run("instance stoppable orders n9_9")
            #expect((none.code, none.output.contains("check the name")) == (1, true))
            try await stand.done("instance disable orders n3_3 --reason worn")
            let disabled = try await stand.run("instance stoppable orders n3_3 --checks enabled").output
            #expect(disabled.contains("it is disabled (worn)"))
            try await stand.done("instance stoppable orders n3_3 --checks enabled --checks alive --skip enabled")
        }
    }

    /// An instance's replicas and their states.
    private func held(by instance: String, _ stand: Stand) async throws -> [String] {
        let json = try await stand.done("instance describe orders \(instance) --format json").json() as? [String: Any]
        let replicas = json?["replicas"] as? [[String: Any]] ?? []
        return replicas.map { "\($0["partition"] ?? "") \($0["state"] ?? "")" }.sorted()
    }
}
