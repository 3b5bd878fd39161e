import ArgumentParser
@preconcurrency import Foundation
import HelixSimulation
import Scenario

@main
struct Simulate: AsyncParsableCommand {
    @Option var seeds = 10
    @Option var firstSeed: UInt64 = 1
    @Flag var timeline = false
    @Option var participants = 50
    @Option var faults = 40
    @Option var spectators = 10

    func run() async throws {
        let clock = ContinuousClock()
        setvbuf(stdout, nil, _IOLBF, 0)
        var size = ScenarioSize()
        size.participants = participants
        size.faults = faults
        size.spectators = spectators
        for seed in firstSeed..<firstSeed + UInt64(seeds) {
            let start = clock.now
            let report = await ScenarioRun(seed: seed, size: size).perform(recording: timeline)
            let real = clock.now - start
            if timeline { print(report.timeline) }
            print(seed, String(report.trace, radix: 16), report.steps, report.transactions, report.duration, real, report.duration / real)
            for violation in report.violations { print("   ", violation) }
        }
    }
}
