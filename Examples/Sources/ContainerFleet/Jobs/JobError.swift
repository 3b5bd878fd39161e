/// Why a job, a reference or a selector is not accepted.
///
/// Branch on ``kind``; the ``description`` is for people.
public struct JobError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of errors. New ones may be added.
    public struct Kind: Sendable, Hashable {
        private enum Name: Hashable { case unreadable, invalid, unknown, ambiguous }
        private let name: Name

        /// The text is not what it should be.
        public static let unreadable = Kind(name: .unreadable)
        /// Fields are wrong; ``JobError/problems`` has all of them.
        public static let invalid = Kind(name: .invalid)
        /// No job is meant.
        public static let unknown = Kind(name: .unknown)
        /// More than one job may be meant.
        public static let ambiguous = Kind(name: .ambiguous)
    }

    /// What kind of error it is.
    public var kind: Kind
    /// What was found, and what to do.
    public var reason: String
    /// All that is wrong with a job, in the order of the fields' paths.
    public var problems: [FieldProblem]

    /// An error for a reason.
    public init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
        problems = []
    }

    /// A job with wrong fields.
    public init(_ problems: [FieldProblem]) {
        kind = .invalid
        reason =
            problems.count == 1 ? "the job has a field that is wrong" : "the job has \(problems.count) wrong fields"
        self.problems = problems.sorted { ($0.path, $0.description) < ($1.path, $1.description) }
    }

    /// The reason; after it, each problem on a line of its own.
    public var description: String { ([reason] + problems.map { "  \($0)" }).joined(separator: "\n") }
}

/// A field of a job that is wrong.
public struct FieldProblem: Sendable, Hashable, CustomStringConvertible {
    /// Where it is, for example `ports.http.host`.
    public var path: String
    /// What is there.
    public var found: String
    /// What may be there.
    public var expected: String

    /// A problem with a field.
    public init(_ path: String, found: String, expected: String) {
        self.path = path
        self.found = found
        self.expected = expected
    }

    /// On one line.
    public var description: String { "\(path): found \(found), expected \(expected)" }
}
