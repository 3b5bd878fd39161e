import Foundation
import TestSupport
import Testing

@testable import helix

@Suite("Taking hosts down and replacing them by command", .timeLimit(.minutes(3)))
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
}
