import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

@Suite("Whatever happens")
struct ChurnTests {
    /// A thousand seeds, some in each case. To run one again: `Churn(seed:)` with the seed of the message.
    @Test("Bounds hold at every step, and when faults stop the cluster converges and stays still", arguments: 0..<50)
    func churn(block: Int) {
        for seed in UInt64(block * 20)..<UInt64(block * 20 + 20) { run(seed) }
    }

    private func run(_ seed: UInt64) {
        var churn = Churn(seed: seed)
        for _ in 0..<14 {
            churn.happen()
            churn.watch()
            for step in 0..<Int.random(in: 0...12, using: &churn.generator) {
                if step % 2 == 0 { churn.world.pass() }
                churn.step()
            }
        }
        churn.cureEverything()
        guard churn.comeToRest() else {
            Issue.record("never comes to rest, \(churn.name)")
            return
        }
        for partition in churn.partitions {
            let counts = churn.world.counts("db")[partition] ?? [:]
            #expect(counts == churn.expected(partition), "\(partition) \(churn.name)")
        }
        #expect(churn.world.pass().isEmpty, "\(churn.name)")
        let held = churn.world.decision.resources["db"]?.held ?? [:]
        #expect(held.isEmpty, "\(held), \(churn.name)")
        #expect(churn.world.decision.nextDeadline == nil, "\(churn.name)")
    }
}
