/// A znode's data that is not what it should be.
public struct RecordError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The znode; the record's id where no path is known.
    public let path: String
    /// What was found, what was expected, and what to do.
    public let reason: String
    /// Whether the znode has no data at all, which is normal for a parent node and for a history that was never
    /// written, and which is not the same as a missing znode.
    public let isEmpty: Bool

    /// An error in the record at `path`.
    public init(path: String, reason: String, isEmpty: Bool = false) {
        self.path = path
        self.reason = reason
        self.isEmpty = isEmpty
    }

    /// One line: path and reason.
    public var description: String { "\(path): \(reason)" }

    static func empty(_ path: String) -> RecordError {
        RecordError(
            path: path, reason: "no data, expected a record; write the record, or delete the znode if it is not needed",
            isEmpty: true)
    }
}
