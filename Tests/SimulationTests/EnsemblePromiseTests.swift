import HelixSimulation
import Testing

/// What ZooKeeper promises, the simulated ensemble keeps, whatever happens to it. (What is checked: `PromiseClient` for
/// what clients read, `PromiseBook` for what becomes of writes and sessions.)
@Suite("The ensemble keeps ZooKeeper's promises", .timeLimit(.minutes(5)))
struct EnsemblePromiseTests {
    @Test("under random faults", arguments: 1...25 as ClosedRange<UInt64>)
    func underFaults(seed: UInt64) async throws {
        let book = try await PromiseRun.judged(Simulation(seed: seed))
        for violation in book.violations.prefix(5) { Issue.record("seed \(seed): \(violation)") }
    }

    @Test("and everything that may happen does")
    func everythingHappens() async throws {
        var counts: [String: Int] = [:]
        for seed in 101...106 as ClosedRange<UInt64> {
            counts.merge(try await PromiseRun.judged(Simulation(seed: seed)).counts) { $0 + $1 }
        }
        let things = [
            "lost, applied", "lost, not applied", "events", "reads that fail", "connectionLoss",
            "sessionExpired", "badVersion", "noNode", "nodeExists",
        ]
        for thing in things where counts[thing] == nil { Issue.record("\(thing) never happened; there were \(counts)") }
    }
}
