public import Coordination
import Foundation
public import HelixRecords
public import Logging

/// Sets clusters up and operates them: what the command line, tests and tools do, as functions.
///
/// Every operation reads what is there, checks the request against it, and writes by compare-and-set, so that two
/// administrators, or an administrator and a controller, never overwrite each other's changes; fields that are not known
/// here are kept. A request that makes no sense is refused before anything is written. What has been done already is
/// done again without harm.
///
/// ```swift
/// try await service.withSession { session in
///     let administrator = Administrator(session: session)
///     try await administrator.addCluster("orders")
///     try await administrator.addInstance("node1_8080", in: "orders")
///     try await administrator.addResource(
///         "Orders", ResourceSettings(partitions: 16, stateModel: "MasterSlave", replicas: .count(3)), in: "orders")
/// }
/// ```
///
/// Operations throw ``AdministrationError`` when the request cannot be carried out, and `CoordinationError` when the
/// coordination service fails.
public struct Administrator: Sendable {
    let session: any CoordinationSession
    let logger: Logger
    /// Milliseconds since 1970.
    let now: @Sendable () -> Int64
    let makeMessageID: @Sendable () -> String
    /// The host that messages name as their source.
    let host: String

    /// An administrator that works in a session.
    /// - Parameters:
    ///   - session: the session; it must last as long as the administrator is used.
    ///   - logger: gets a line for every change, at level `debug`.
    ///   - now: milliseconds since 1970; the system's time unless set.
    ///   - makeMessageID: unique ids for messages; random UUIDs unless set.
    ///   - host: the name under which messages are sent; this host's unless set.
    public init(
        session: any CoordinationSession, logger: Logger = Logger(label: "helix.admin"),
        now: (@Sendable () -> Int64)? = nil, makeMessageID: (@Sendable () -> String)? = nil, host: String? = nil
    ) {
        self.session = session
        self.logger = logger
        self.now = now ?? { SystemTime.milliseconds() }
        self.makeMessageID = makeMessageID ?? { UUID().uuidString.lowercased() }
        self.host = host ?? ProcessInfo.processInfo.hostName
    }
}

/// Why a request was not carried out.
///
/// Branch on ``code``; the ``message`` is for people: what was found, what was expected, and what to do.
public struct AdministrationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of refusal. New ones may be added.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: Hashable {
            case doesNotExist, alreadyExists, isNotSetUp, isLive, isNotAlive, isInUse
            case invalidName, invalidValue, unreadableRecord, illegalMove
            case notInError, messagePending, tooFewInstances, conflict
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
        /// A message for the replica is on its way already.
        public static let messagePending = Code(kind: .messagePending)
        /// There are fewer instances than replicas wanted.
        public static let tooFewInstances = Code(kind: .tooFewInstances)
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
