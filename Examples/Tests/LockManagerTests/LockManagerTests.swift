import Foundation
import Shared
import Support
import Testing

private let locks = (0..<12).map { "lock_\($0)" }

@Suite("LockManager")
struct LockManagerTests {
    @Test("spreads locks evenly, takes over those of the dead, and gives none to two", .timeLimit(.minutes(5)))
    func locksAreExclusive() async throws {
        try await withStage("LockManager") { stage in
            let log = try FencedLog(directory: stage.directory.appending(path: "log").path)
            try await stage.perform("setup", "--locks", "12")
            #expect(try await stage.perform("setup", "--locks", "12").contains("FOUND"))
            _ = try stage.start("controller", "controller")
            let table = try stage.start("table", "table")
            var nodes = ["a": try start("a", on: stage)]
            try await shows(table, "TOTAL a=12")
            nodes["b"] = try start("b", on: stage)
            nodes["c"] = try start("c", on: stage)
            try await shows(table, "TOTAL a=4 b=4 c=4")

            // As the README says: kill -9.
            let before = try holders(log)
            var deaths = ["a": [now()]]
            try await nodes.removeValue(forKey: "a")?.kill()
            try await shows(table, "TOTAL b=6 c=6")
            #expect(try holders(log).filter { before[$0.key] != "a" } == before.filter { $0.value != "a" })

            nodes["a"] = try start("a", on: stage)
            try await shows(table, "TOTAL a=4 b=4 c=4")

            // kill -STOP, kill -CONT.
            deaths["b"] = [now()]
            nodes["b"]?.signal(SIGSTOP)
            try await shows(table, "TOTAL a=6 c=6")
            nodes["b"]?.signal(SIGCONT)
            try await shows(table, "TOTAL a=4 b=4 c=4")

            // Ctrl-C.
            #expect(try await nodes["c"]?.terminate() == 0)
            #expect(nodes["c"]?.lines("RELEASED").count ?? 0 >= 4)
            try await shows(table, "TOTAL a=6 b=6")
            #expect(try await stage.perform("table", "--once").hasSuffix("TOTAL a=6 b=6\n"))

            for lock in locks { try check(log.entries(of: lock), of: lock, deaths) }
            for (name, node) in nodes where name != "b" { #expect(node.lines("REFUSED").isEmpty) }
        }
    }

    private func start(_ name: String, on stage: Stage) throws -> ChildProcess {
        try stage.start(
            name, "node", "--name", name, "--interval", "50", "--log", stage.directory.appending(path: "log").path)
    }

    private func shows(_ table: ChildProcess, _ total: String) async throws {
        try await eventually(total) { table.lines("TOTAL").last.map { $0 == total } ?? false }
    }

    private func holders(_ log: FencedLog) throws -> [String: String] {
        var holders: [String: String] = [:]
        for lock in locks { holders[lock] = try log.entries(of: lock).last?.node }
        return holders
    }

    /// - Parameter deaths: when which node was killed or frozen, so that it could not let go of its locks.
    private func check(_ entries: [FencedLog.Entry], of lock: String, _ deaths: [String: [Int64]]) throws {
        var holder: FencedLog.Entry?
        var count: Int64 = 0
        for entry in entries {
            switch entry.event {
            case "acquired":
                if let holder {
                    let hasDied = deaths[holder.node]?.contains { holder.time <= $0 && $0 < entry.time } ?? false
                    #expect(hasDied, "\(lock) was given to \(entry.node) while \(holder.node) held it")
                }
                #expect(entry.token > holder?.token ?? 0, "\(lock): the token grows")
                holder = entry
            case "used":
                #expect(entry.token == holder?.token, "\(lock) was used by \(entry.node), which did not hold it")
                #expect(entry.number == count + 1, "\(lock): its counter counts each use once")
                count = entry.number
            case "released":
                #expect(entry.token == holder?.token, "\(lock) was released by \(entry.node), which did not hold it")
                holder = nil
            default: Issue.record("\(lock): unknown entry \(entry.line)")
            }
        }
        #expect(count > 0, "\(lock) was used")
    }
}
