import Foundation
import Shared
import Support
import Testing

/// The session timeout, and time for the failover on a busy machine.
private let longestGap: Int64 = 2_000 + 6_000

private let shards = (0..<8).map { "shard_\($0)" }
private let interval: Int64 = 200

@Suite("LeaderStandby, the job scheduler")
struct LeaderStandbyTests {
    @Test("runs each tick once, by the leader, though leaders are killed, frozen and stopped", .timeLimit(.minutes(5)))
    func ticks() async throws {
        try await withStage("LeaderStandby") { stage in
            let log = try FencedLog(directory: stage.directory.appending(path: "log").path)
            try await stage.perform("setup", "--shards", "8")
            #expect(try await stage.perform("setup", "--shards", "8").contains("FOUND"))
            _ = try stage.start("controller", "controller")
            var nodes: [String: ChildProcess] = [:]
            for name in ["a", "b", "c"] { nodes[name] = try start(name, on: stage) }
            try await eventually("ticks by three leaders") { try ticks(log, by: ["a", "b", "c"], isEven: true) }

            // As the README says: kill -9.
            try await nodes.removeValue(forKey: "a")?.kill()
            try await eventually("ticks by the two that are left") { try ticks(log, by: ["b", "c"]) }
            nodes["a"] = try start("a", on: stage)
            try await eventually("ticks by three again") { try ticks(log, by: ["a", "b", "c"], isEven: true) }

            // kill -STOP, kill -CONT.
            let frozen = try #require(nodes["b"])
            frozen.signal(SIGSTOP)
            try await eventually("ticks by those that are awake") { try ticks(log, by: ["a", "c"]) }
            frozen.signal(SIGCONT)
            try await eventually("ticks by three after the thaw") { try ticks(log, by: ["a", "b", "c"], isEven: true) }

            // Ctrl-C.
            let stopped = nodes.removeValue(forKey: "c")
            #expect(try await stopped?.terminate() == 0)
            try await eventually("ticks by the last two") { try ticks(log, by: ["a", "b"]) }
            for node in nodes.values { #expect(try await node.terminate() == 0) }
            for shard in shards { try check(log.entries(of: shard), of: shard) }
        }
    }

    private func start(_ name: String, on stage: Stage) throws -> ChildProcess {
        try stage.start(
            name, "node", "--name", name, "--interval", "\(interval)", "--log",
            stage.directory.appending(path: "log").path)
    }

    /// Whether all shards tick now, led by these nodes and, if that is wanted, evenly.
    private func ticks(_ log: FencedLog, by nodes: Set<String>, isEven: Bool = false) throws -> Bool {
        let last = try shards.map { try log.entries(of: $0).last }
        let shares = Dictionary(grouping: last.compactMap { $0?.node }) { $0 }.mapValues(\.count)
        let isFresh = last.allSatisfy { $0?.event == "ran" && now() - ($0?.time ?? 0) < 3 * interval }
        guard isFresh, Set(shares.keys).isSubset(of: nodes) else { return false }
        return !isEven || (shares.count == nodes.count && shares.values.max()! - shares.values.min()! <= 1)
    }

    private func check(_ entries: [FencedLog.Entry], of shard: String) throws {
        let ticks = entries.filter { $0.event == "ran" }
        let first = try #require(ticks.first)
        #expect(
            ticks.map(\.number) == Array(first.number..<first.number + Int64(ticks.count)), "\(shard): each tick once")
        #expect(zip(entries, entries.dropFirst()).allSatisfy { $0.token <= $1.token }, "\(shard): nobody came back")
        for (token, term) in Dictionary(grouping: entries, by: \.token) {
            #expect(Set(term.map(\.node)).count == 1, "\(shard): one leader has the token \(token)")
        }
        let longest = ticks.map { $0.time - $0.number * interval }.max() ?? 0
        #expect(longest < longestGap, "\(shard): no tick was later than the session timeout and the failover")
    }
}

@Suite("The fenced log")
struct FencedLogTests {
    @Test("refuses whoever was replaced, and tells by whom")
    func refuses() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "fenced-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        let log = try FencedLog(directory: directory.path)
        try log.append(to: "shard_0", by: "old", token: 7) { _ in [("leads", 1)] }
        try log.append(to: "shard_0", by: "new", token: 9) { [("leads", $0?.number ?? 0)] }
        let refusal = #expect(throws: FencedLog.Fenced.self) {
            try log.append(to: "shard_0", by: "old", token: 7) { _ in [("ran", 2)] }
        }
        #expect(refusal?.by.node == "new")
        try log.append(to: "shard_0", by: "new", token: 9) { last in
            #expect(last?.event == "leads")
            return [("ran", 2), ("ran", 3)]
        }
        #expect(try log.entries(of: "shard_0").map(\.number) == [1, 1, 2, 3])
        #expect(try log.entries(of: "shard_1").isEmpty)
    }

    @Test(
        "reads the lines that it writes, and no others", arguments: ["", "ran", "ran number=x node=a token=1 time=2"])
    func lines(other: String) {
        let entry = FencedLog.Entry(event: "ran", number: 3, node: "a", token: 12, time: 99)
        #expect(FencedLog.Entry(line: Substring(entry.line)) == entry)
        #expect(FencedLog.Entry(line: Substring(other)) == nil)
    }
}
