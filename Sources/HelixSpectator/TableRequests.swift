import Synchronization

/// Who asks for a table that shows all that was written before, and how far that was answered.
final class TableRequests: Sendable {
    private let count = Mutex(0)
    private let asked = LatestValue<Int>()
    private let answered = LatestValue<Int>()

    /// The latest request.
    var latest: Int { asked.value ?? 0 }

    func make() -> Int {
        count.withLock { count in
            count += 1
            asked.publish(count)
            return count
        }
    }

    /// All requests up to this one are answered by the latest table.
    func answer(_ request: Int) { answered.publish(request) }

    /// Nobody answers any more.
    func finish() { answered.finish() }

    /// - Returns: whether the request was answered; not when nobody answers any more, or the task is cancelled.
    func isAnswered(_ request: Int) async -> Bool {
        var version = 0
        while let (latest, next) = await answered.next(after: version) {
            if latest >= request { return true }
            version = next
        }
        return false
    }

    /// Calls `body` whenever requests came, until the task is cancelled.
    func follow(_ body: () -> Void) async {
        var version = 0
        while let (_, next) = await asked.next(after: version) {
            version = next
            body()
        }
    }
}
