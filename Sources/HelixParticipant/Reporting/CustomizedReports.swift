internal import Coordination
internal import HelixRecords
internal import Synchronization

/// What the application has said of partitions of its own accord and has not been written yet. It outlives sessions.
final class CustomizedReports: Sendable {
    /// A record.
    struct Place: Sendable, Hashable, Comparable {
        let type: String
        let resource: String

        static func < (a: Place, b: Place) -> Bool { (a.type, a.resource) < (b.type, b.resource) }
    }

    /// What is said of a partition.
    struct Statement: Sendable, Hashable {
        var state: String
        /// Milliseconds since 1970.
        var startTime: Int64
        var endTime: Int64?
        var fields: [String: String]
    }

    /// By partition; `nil` where nothing is to be said any more.
    typealias Statements = [String: Statement?]

    private let unwritten = Mutex<[Place: Statements]>([:])
    private let bell = Mailbox<Void>()

    /// Takes in what is to be said; what was to be said before of the partition is not said any more.
    func say(_ statement: Statement?, of partition: String, at place: Place) {
        unwritten.withLock { $0[place, default: [:]][partition] = .some(statement) }
        bell.post(())
    }

    /// Waits until there is something to write.
    /// - Returns: `false` when the task is cancelled.
    func wait() async -> Bool { await bell.next() != nil }

    /// What is to be written, by name.
    var due: [(place: Place, statements: Statements)] {
        unwritten.withLock { $0.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
    }

    /// It was written. What has been said since then stays.
    func settle(_ statements: Statements, at place: Place) {
        unwritten.withLock { unwritten in
            for (partition, statement) in statements where unwritten[place]?[partition] == .some(statement) {
                unwritten[place]?[partition] = nil
            }
            if unwritten[place]?.isEmpty == true { unwritten[place] = nil }
        }
    }
}
