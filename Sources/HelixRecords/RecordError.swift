/// A znode's data that is not what it should be.
public struct RecordError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The znode.
    public let path: String
    /// What was found, what was expected, and what to do.
    public let reason: String

    /// An error in the record at `path`.
    public init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    /// One line: path and reason.
    public var description: String { "\(path): \(reason)" }
}
