/// Why a request was not carried out.
///
/// Branch on ``code``; the ``message`` is for people: what was found, what was expected, and what to do.
public struct AdministrationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of refusal. New ones may be added.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: Hashable {
            case doesNotExist, alreadyExists, isNotSetUp, isLive, isNotAlive, isInUse
            case invalidName, invalidValue, unreadableRecord, illegalMove
            case notInError, alreadyInError, messagePending, tooFewInstances, notReady, conflict
        }
        private let kind: Kind

        /// What is named does not exist.
        public static let doesNotExist = Code(kind: .doesNotExist)
        /// There is something else of that name already.
        public static let alreadyExists = Code(kind: .alreadyExists)
        /// It exists, but some of its znodes are missing.
        public static let isNotSetUp = Code(kind: .isNotSetUp)
        /// The instance is alive, or the cluster has live instances or a leader.
        public static let isLive = Code(kind: .isLive)
        /// The instance is not alive.
        public static let isNotAlive = Code(kind: .isNotAlive)
        /// Something else depends on it.
        public static let isInUse = Code(kind: .isInUse)
        /// A name cannot be the name of a znode, or would be ambiguous in a record.
        public static let invalidName = Code(kind: .invalidName)
        /// A field or an argument has a value that cannot be.
        public static let invalidValue = Code(kind: .invalidValue)
        /// A record that would have to be changed cannot be read.
        public static let unreadableRecord = Code(kind: .unreadableRecord)
        /// An instance cannot go from the operation that it has to the one asked for.
        public static let illegalMove = Code(kind: .illegalMove)
        /// A replica that should be reset is not in state ERROR.
        public static let notInError = Code(kind: .notInError)
        /// A replica that should be put into ERROR is there.
        public static let alreadyInError = Code(kind: .alreadyInError)
        /// A message for the replica is on its way already.
        public static let messagePending = Code(kind: .messagePending)
        /// There are fewer instances than replicas wanted.
        public static let tooFewInstances = Code(kind: .tooFewInstances)
        /// Something has to happen before.
        public static let notReady = Code(kind: .notReady)
        /// Others kept changing the same record.
        public static let conflict = Code(kind: .conflict)

        /// The code's name.
        public var description: String { "\(kind)" }
    }

    /// What kind of refusal it is.
    public let code: Code
    /// What was found, what was expected, and what to do.
    public let message: String

    /// A refusal.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
