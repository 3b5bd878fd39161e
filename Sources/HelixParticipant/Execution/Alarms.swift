internal import Coordination
internal import Synchronization

/// Things to be done at a later time, done by one task; to set an alarm costs no task of its own.
final class Alarms<Event: Sendable>: Sendable {
    private let timeline: Timeline
    private let queue = Mutex(DeadlineQueue<Event>())
    private let changes = Mailbox<Void>()

    init(clock: any Clock<Duration>) {
        timeline = Timeline(clock)
    }

    /// The time since this object was made.
    var now: Duration { timeline.elapsed() }

    func set(_ event: Event, after delay: Duration) {
        let deadline = timeline.elapsed() + delay
        let isFirst = queue.withLock { queue in
            queue.insert(event, at: deadline)
            return queue.first == deadline
        }
        if isFirst { changes.post(()) }
    }

    /// Hands over the events that are due, until the task is cancelled.
    func run(_ handle: ([Event]) -> Void) async {
        while !Task.isCancelled {
            let due = queue.withLock { [now] in $0.removeAll(upTo: now) }
            if !due.isEmpty { handle(due) }
            guard let next = queue.withLock({ $0.first }) else {
                if await changes.next() == nil { return }
                continue
            }
            await wait(until: next)
        }
    }

    /// Waits for the deadline, or for an earlier alarm to be set.
    private func wait(until deadline: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [timeline] in
                do { try await timeline.sleep(deadline) } catch {}  // cancelled: something else happened first
            }
            group.addTask { [changes] in _ = await changes.next() }
            await group.next()
            group.cancelAll()
        }
    }
}

/// A clock whose instants are unknown, by the time since a moment.
private struct Timeline: Sendable {
    let elapsed: @Sendable () -> Duration
    let sleep: @Sendable (_ until: Duration) async throws -> Void

    init(_ clock: some Clock<Duration>) {
        let start = clock.now
        elapsed = { start.duration(to: clock.now) }
        sleep = { try await clock.sleep(until: start.advanced(by: $0), tolerance: nil) }
    }
}

/// A heap of events by the time they are due; among equal times the first inserted comes first.
struct DeadlineQueue<Event: Sendable>: Sendable {
    private struct Item: Sendable {
        let deadline: Duration
        let number: UInt64
        let event: Event

        func isBefore(_ other: Item) -> Bool { (deadline, number) < (other.deadline, other.number) }
    }

    private var items: [Item] = []
    private var inserted: UInt64 = 0

    /// When the first event is due.
    var first: Duration? { items.first?.deadline }
    var count: Int { items.count }

    mutating func insert(_ event: Event, at deadline: Duration) {
        items.append(Item(deadline: deadline, number: inserted, event: event))
        inserted += 1
        var place = items.count - 1
        while place > 0, items[place].isBefore(items[(place - 1) / 2]) {
            items.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    /// Takes out what is due by `time`, in order.
    mutating func removeAll(upTo time: Duration) -> [Event] {
        var due: [Event] = []
        while let item = items.first, item.deadline <= time {
            due.append(item.event)
            removeFirst()
        }
        return due
    }

    private mutating func removeFirst() {
        let last = items.removeLast()
        guard !items.isEmpty else { return }
        items[0] = last
        var place = 0
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < items.count {
                if items[child].isBefore(items[least]) { least = child }
            }
            guard least != place else { return }
            items.swapAt(place, least)
            place = least
        }
    }
}
