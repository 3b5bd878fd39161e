internal import Coordination
internal import Synchronization

/// Says that something happened, however often, to one listener at a time.
final class Bell: Sendable {
    private let rings = Mailbox<Void>()
    private let isWaiting = Atomic(false)

    func ring() {
        if !isWaiting.exchange(true, ordering: .sequentiallyConsistent) { rings.post(()) }
    }

    /// Waits for the next ring since the last look; `false` when the task is cancelled.
    func isRung() async -> Bool {
        guard await rings.next() != nil else { return false }
        isWaiting.store(false, ordering: .sequentiallyConsistent)
        return true
    }
}
