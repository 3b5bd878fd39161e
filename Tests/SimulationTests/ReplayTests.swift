import HelixSimulation
import Synchronization
import Testing

@Suite("A run follows from its seed", .timeLimit(.minutes(5)))
struct ReplayTests {
    /// Some of everything: clients under faults.
    private func trace(_ seed: UInt64) async throws -> [UInt64] {
        let simulation = Simulation(seed: seed)
        _ = try await PromiseRun.judged(simulation, span: .seconds(10))
        return [simulation.trace, UInt64(simulation.steps)]
    }

    @Test("the same seed gives the same run to the last step", arguments: 1...3 as ClosedRange<UInt64>)
    func same(seed: UInt64) async throws {
        let first = try await trace(seed)
        for _ in 0..<2 { #expect(try await trace(seed) == first, "seed \(seed)") }
    }

    @Test("runs that go on at the same time do not disturb each other")
    func together() async throws {
        let alone = try await trace(1)
        try await withThrowingTaskGroup(of: (UInt64, [UInt64]).self) { group in
            for seed in [1, 2, 1, 3] as [UInt64] { group.addTask { (seed, try await trace(seed)) } }
            for try await (seed, trace) in group where seed == 1 { #expect(trace == alone) }
        }
    }

    @Test("different seeds give different runs")
    func different() async throws {
        var traces: Set<[UInt64]> = []
        for seed in 1...10 as ClosedRange<UInt64> { traces.insert(try await trace(seed)) }
        #expect(traces.count == 10)
    }

    @Test("numbers of a seed are the same everywhere")
    func generator() {
        var generator = SeededGenerator(seed: 7)
        let numbers: [UInt64] = [
            0x63cbe1e459320dd7, 0x44c3cd7f43c661c, 0xe6984080bab12a02,
        ]
        #expect((0..<3).map { _ in generator.next() } == numbers)
        var first = SeededGenerator(seed: 7)
        var second = first.split()
        #expect(first.next() != second.next())
        #expect((2_300...2_700).contains((0..<10_000).count { _ in generator.chance(0.25) }))
        for _ in 0..<100 {
            let duration = generator.duration(in: .milliseconds(2)...(.milliseconds(3)))
            #expect(duration >= .milliseconds(2) && duration <= .milliseconds(3))
        }
    }
}
