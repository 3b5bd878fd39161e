import HelixParticipant
import StateModels

/// A handler for any state model that tells of each transition on standard output, and does nothing else.
struct TellingHandler: TransitionHandler {
    let delay: Duration
    let failing: Set<Transition>
    let output: OutputOptions

    func transition(_ context: TransitionContext) async throws {
        do {
            if delay > .zero { try await Task.sleep(for: delay) }
            if failing.contains(Transition(context.from, to: context.to)) {
                throw FailureOnDemand(transition: "\(context.from)-\(context.to)")
            }
        } catch {
            try output.showNext(TransitionLine(context, outcome: error is CancellationError ? .cancelled : .failed))
            throw error
        }
        try output.showNext(TransitionLine(context, outcome: .done))
    }
}

/// A transition that fails because it was asked to.
struct FailureOnDemand: Error, CustomStringConvertible {
    let transition: String

    var description: String { "the transition \(transition) fails because of --fail \(transition)" }
}

/// What became of a transition.
struct TransitionLine: Rendering {
    enum Outcome: String, Encodable, Sendable {
        case done, failed, cancelled
    }

    private let resource: String
    private let partition: String
    private let from: String
    private let to: String
    private let outcome: Outcome

    init(_ context: TransitionContext, outcome: Outcome) {
        resource = context.resource
        partition = context.partition
        from = context.from
        to = context.to
        self.outcome = outcome
    }

    var text: String {
        "\(resource)  \(partition)  \(from) → \(to)" + (outcome == .done ? "" : "  \(outcome.rawValue)")
    }
}
