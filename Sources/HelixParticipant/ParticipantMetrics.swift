internal import Metrics
internal import Synchronization

/// What a participant counts.
///
/// | metric | dimensions |
/// |---|---|
/// | `helix_participant_transitions_total` | `from`, `to`, `result`: completed, failed, cancelled or unfinished |
/// | `helix_participant_transition_duration_seconds` | `from`, `to` |
/// | `helix_participant_pending_transitions` | – |
final class ParticipantMetrics: Sendable {
    private struct Key: Hashable {
        let from: String
        let to: String
        let result: String
    }

    private struct Instruments {
        let count: Counter
        let duration: Timer
    }

    private let pending = Gauge(label: "helix_participant_pending_transitions")
    private let instruments = Mutex<[Key: Instruments]>([:])

    func setPending(_ count: Int) { pending.record(count) }

    func record(_ step: Step, _ result: TransitionResult, _ duration: Duration) {
        let name =
            switch result {
            case .completed: "completed"
            case .rolledBack, .cancelled: "cancelled"
            case .unfinished: "unfinished"
            case .failed: "failed"
            }
        let found = instruments(for: Key(from: step.from, to: step.to, result: name))
        found.count.increment()
        found.duration.record(duration: duration)
    }

    private func instruments(for key: Key) -> Instruments {
        instruments.withLock { instruments in
            if let found = instruments[key] { return found }
            let states = [("from", key.from), ("to", key.to)]
            let made = Instruments(
                count: Counter(
                    label: "helix_participant_transitions_total", dimensions: states + [("result", key.result)]),
                duration: Timer(label: "helix_participant_transition_duration_seconds", dimensions: states))
            instruments[key] = made
            return made
        }
    }
}
