import Foundation
import TestSupport
import Testing

@Suite("The demo", .timeLimit(.minutes(5)))
struct DemoTests {
    private func events(_ result: HelixBinary.Result) throws -> [[String: Any]] {
        try result.lines.map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
        }
    }

    private func expectGoodSummary(_ result: HelixBinary.Result) throws {
        let events = try events(result)
        #expect(events.allSatisfy { $0["event"] is String })
        let summary = try #require(events.last)
        #expect(summary["event"] as? String == "summary")
        #expect(summary["converged"] as? Bool == true)
        #expect(summary["violations"] as? Int == 0)
        #expect(summary["moves"] as? Int == summary["moves_minimum"] as? Int)
        #expect(try #require(summary["convergence_ms"] as? Int) > 0)
        #expect(try #require(summary["failover_ms"] as? Int) > 0)
        #expect(result.code == 0)
        let names = events.compactMap { $0["event"] as? String }
        for name in ["resource_added", "converged", "instance_killed", "failed_over", "rebalanced", "transition"] {
            #expect(names.contains(name), "there is no event '\(name)'")
        }
    }

    @Test("in memory tells its story in JSON lines and ends with a good summary")
    func inMemory() async throws {
        try expectGoodSummary(try await HelixBinary.run(["demo", "--format", "json"]))
    }

    @Test("on a real ZooKeeper does the same, and leaves nothing behind")
    func onZooKeeper() async throws {
        try await withZooKeeper { server in
            try expectGoodSummary(
                try await HelixBinary.run(["demo", "--format", "json", "--zookeeper", server.connectText]))
            let clusters = try await HelixBinary.run(["cluster", "list"], zooKeeper: server.connectText)
            #expect(clusters.lines == [])
        }
    }

    @Test("is a plain log where the output is no terminal")
    func plain() async throws {
        let result = try await HelixBinary.run(["demo"])
        #expect(result.code == 0)
        #expect(!result.output.contains("\u{1B}"))
        #expect(result.output.contains("is killed"))
        #expect(result.output.contains("violations      0"))
    }

    @Test("says so and exits with 1 when it does not converge in time")
    func tooLate() async throws {
        let result = try await HelixBinary.run(["demo", "--format", "json", "--patience", "0.001"])
        let summary = try #require(try events(result).last)
        #expect(summary["converged"] as? Bool == false)
        #expect(result.code == 1)
    }

    @Test("refuses what makes no sense", arguments: ["--partitions 0", "--replicas 4", "--patience 0"])
    func wrongUsage(options: String) async throws {
        let result = try await HelixBinary.run(["demo"] + options.split(separator: " ").map(String.init))
        #expect(result.code == 64)
        #expect(result.errors.contains("expected"))
    }
}
