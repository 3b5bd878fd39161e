internal import Coordination
internal import Synchronization

/// The wish to leave, which may come at any time: before there is a session, while joining, or from a member, who hands
/// over first.
final class Departure: Sendable {
    private struct State {
        var isRequested = false
        var isMember = false
    }

    private let state = Mutex(State())
    private let toOutsider = Bell()
    private let toMember = Bell()

    var isRequested: Bool { state.withLock { $0.isRequested } }

    func request() {
        let isMember = state.withLock { state in
            state.isRequested = true
            return state.isMember
        }
        if isMember { toMember.ring() } else { toOutsider.ring() }
    }

    /// From now on the wish goes to the member.
    /// - Returns: `false` when the wish was there before.
    func becomeMember() -> Bool {
        state.withLock { state in
            if !state.isRequested { state.isMember = true }
            return state.isMember
        }
    }

    func endMembership() { state.withLock { $0.isMember = false } }

    /// Waits for the wish to leave while there is nothing to hand over; `false` when the task is cancelled.
    func isWishedByOutsider() async -> Bool { await toOutsider.isRung() }

    /// Waits for the wish to leave as a member; `false` when the task is cancelled.
    func isWishedByMember() async -> Bool { await toMember.isRung() }
}

/// Whether `body` ended by itself within a time; it is cancelled otherwise.
func isDone(
    within limit: Duration, on clock: any Clock<Duration>, _ body: @escaping @Sendable () async -> Void
) async -> Bool {
    await withTaskGroup(of: Bool.self) { group in
        group.addTask {
            await body()
            return true
        }
        group.addTask {
            do {
                try await clock.sleep(for: limit)
                return false
            } catch {
                return true  // cancelled: the body was first
            }
        }
        defer { group.cancelAll() }
        return await group.next() ?? true
    }
}
