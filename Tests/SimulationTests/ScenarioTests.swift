import HelixSimulation
import Scenario
import Testing

@Suite("Whatever goes wrong, a cluster keeps its promises")
struct ScenarioTests {
    /// Small enough for a build without optimisation.
    private static var size: ScenarioSize {
        var size = ScenarioSize()
        size.participants = 8
        size.spectators = 2
        size.faults = 16
        return size
    }

    /// The last ones have shown a fault of the product or of the simulator once, when it was another program.
    @Test("in the standard scenario", arguments: [1, 2, 3, 4, 5, 6] + [10, 24, 26, 67, 106, 136, 154, 176, 295, 497])
    func standardScenario(seed: UInt64) async {
        let report = await ScenarioRun(seed: seed, size: Self.size).perform()
        #expect(report.violations == [], "make simulate SEEDS=1 ARGS='--first-seed \(seed) --participants 8 ...'")
    }

    @Test("a plan of faults follows from its seed, and has its own mixture")
    func plans() {
        let plans = (1...20).map { ScenarioRun(seed: $0).plan }
        #expect(plans == (1...20).map { ScenarioRun(seed: $0).plan })
        #expect(Set(plans).count == 20)
        let kinds = Set((1...200).map { ScenarioRun(seed: $0).plan }.flatMap(\.faults).map(\.kind))
        #expect(kinds == Set(StandardScenario.parts.flatMap(\.faults).map(\.name)))
    }

    @Test("a failure is cut down to the faults that bring it about")
    func shrinking() async throws {
        let run = ScenarioRun(seed: 3, size: Self.size, parts: StandardScenario.parts + [Bomb()])
        let report = await run.perform()
        #expect(report.violations.map(\.rule) == ["bomb"])
        let shrunk = await run.shrink(report)
        #expect(shrunk.plan.faults.map(\.kind) == ["bomb"])
    }
}

/// A part with a fault that breaks a rule at once.
private struct Bomb: ScenarioPart {
    var faults: [FaultKind] {
        [FaultKind("bomb", weight: 60) { world, _ in world.cluster.judge.note("bomb", "it went off") }]
    }
}
