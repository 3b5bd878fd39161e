import Synchronization

/// What was done when, to be read when something has gone wrong.
final class Timeline: Sendable {
    private struct State {
        var lines: [String] = []
        var counts: [String: Int] = [:]
    }

    private let start = ContinuousClock.now
    private let state = Mutex(State())

    /// How long the run has lasted.
    var elapsed: Duration { ContinuousClock.now - start }

    /// Adds a line.
    func note(_ text: String) {
        let line = "\(elapsed.inSeconds) \(text)"
        state.withLock { $0.lines.append(line) }
    }

    /// Counts a fault that has begun.
    func count(_ fault: Fault) {
        state.withLock { $0.counts["\(fault.role) \(fault.kind)", default: 0] += 1 }
    }

    var text: String { state.withLock { $0.lines.joined(separator: "\n") } }

    /// How many faults of each kind have begun, by role and kind.
    var counts: [String: Int] { state.withLock { $0.counts } }
}
