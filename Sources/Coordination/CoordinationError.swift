/// Why an operation failed.
///
/// Branch on ``code``; the ``description`` is for people and names the operation, the znode, what was found and what
/// to do next. Two errors are equal when code and path are.
public struct CoordinationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of failure. New ones may be added.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: Hashable {
            case noNode, nodeExists, notEmpty, badVersion, noChildrenForEphemerals
            case connectionLoss, sessionExpired, closed, operationTimeout
            case authenticationFailed, notAuthorized, invalidACL
            case badArguments, dataTooLarge, rolledBack
            case other(Int32)
        }
        private let kind: Kind

        /// There is no such znode.
        public static let noNode = Code(kind: .noNode)
        /// The znode exists already.
        public static let nodeExists = Code(kind: .nodeExists)
        /// The znode has children, so it cannot be deleted.
        public static let notEmpty = Code(kind: .notEmpty)
        /// The znode has another version than was expected: somebody else wrote it.
        public static let badVersion = Code(kind: .badVersion)
        /// The parent is ephemeral, and so cannot have children.
        public static let noChildrenForEphemerals = Code(kind: .noChildrenForEphemerals)
        /// The connection was lost; a write may or may not have been applied.
        public static let connectionLoss = Code(kind: .connectionLoss)
        /// The session is over; nothing was applied.
        public static let sessionExpired = Code(kind: .sessionExpired)
        /// The session was closed by its owner; a write under way may or may not have been applied.
        public static let closed = Code(kind: .closed)
        /// The service did not answer in time.
        public static let operationTimeout = Code(kind: .operationTimeout)
        /// The credentials were refused.
        public static let authenticationFailed = Code(kind: .authenticationFailed)
        /// The znode's access control does not allow it.
        public static let notAuthorized = Code(kind: .notAuthorized)
        /// The access control list is not valid.
        public static let invalidACL = Code(kind: .invalidACL)
        /// The operation itself is malformed, for example its path.
        public static let badArguments = Code(kind: .badArguments)
        /// The request is larger than the service accepts; it was not sent.
        public static let dataTooLarge = Code(kind: .dataTooLarge)
        /// Another operation of the same transaction failed.
        public static let rolledBack = Code(kind: .rolledBack)
        /// A code of the service that is not listed here.
        public static func other(_ code: Int32) -> Code { Code(kind: .other(code)) }

        /// The code's name.
        public var description: String { "\(kind)" }
    }

    /// What kind of failure it was.
    public let code: Code
    /// What was tried, for example `set`.
    public let operation: String
    /// The znode that was concerned, if one was.
    public let path: String?
    /// What was found and what to do about it.
    public let reason: String
    /// In a transaction: which operation failed, counted from 0.
    public var operationIndex: Int?

    /// An error of an operation.
    public init(
        _ code: Code, operation: String, path: String? = nil, reason: String? = nil, operationIndex: Int? = nil
    ) {
        self.code = code
        self.operation = operation
        self.path = path
        self.reason = reason ?? Self.explanation(of: code)
        self.operationIndex = operationIndex
    }

    /// Whether the same operation may succeed if it is tried again later in the same session.
    public var isTransient: Bool { code == .connectionLoss || code == .operationTimeout }

    /// Whether the session is over, so that nothing can succeed in it any more.
    public var endsSession: Bool { code == .sessionExpired || code == .closed }

    /// One line: operation, znode, reason.
    public var description: String {
        let place = path.map { " \($0)" } ?? ""
        let index = operationIndex.map { " (operation \($0) of its transaction)" } ?? ""
        return "\(operation)\(place)\(index): \(reason)"
    }

    /// Errors are equal when code and path are.
    public static func == (a: CoordinationError, b: CoordinationError) -> Bool {
        a.code == b.code && a.path == b.path
    }

    /// Hashes what ``==(_:_:)`` compares.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(code)
        hasher.combine(path)
    }

    private static func explanation(of code: Code) -> String {
        switch code {
        case .noNode: "there is no such znode"
        case .nodeExists: "the znode exists already"
        case .notEmpty: "the znode has children; delete them first"
        case .badVersion: "somebody else changed the znode meanwhile; read it again"
        case .noChildrenForEphemerals: "the parent is ephemeral and cannot have children"
        case .connectionLoss: "the connection was lost; it is unknown whether the operation was applied"
        case .sessionExpired: "the session has expired; open a new one"
        case .closed: "the session is closed"
        case .operationTimeout: "no answer in time"
        case .authenticationFailed: "the credentials were refused; check scheme and secret"
        case .notAuthorized: "the znode's access control does not allow it; check the credentials"
        case .invalidACL: "the access control list is not valid"
        case .badArguments: "the arguments are malformed"
        case .dataTooLarge: "the request is too large"
        case .rolledBack: "another operation of the same transaction failed"
        default: "failed with code \(code)"
        }
    }
}
