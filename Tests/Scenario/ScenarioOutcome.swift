import HelixSimulation
import Synchronization

/// What is left of a run when its world is gone.
final class ScenarioOutcome: Sendable {
    private struct Content {
        var cluster: SimulatedCluster?
        var failure: (any Error)?
    }

    private let content = Mutex(Content())

    func begin(_ cluster: SimulatedCluster) { content.withLock { $0.cluster = cluster } }

    func fail(_ error: any Error) { content.withLock { $0.failure = error } }

    private var cluster: SimulatedCluster? { content.withLock { $0.cluster } }

    var transactions: Int { cluster?.judge.transactions ?? 0 }

    var timeline: String { cluster.map { $0.timeline.description } ?? "" }

    var violations: [Violation] {
        let found = cluster?.judge.violations ?? []
        guard found.isEmpty, let failure = content.withLock({ $0.failure }) else { return found }
        return [Violation(time: .zero, rule: "failure", text: "\(failure)")]
    }
}
