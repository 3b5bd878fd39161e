public import Coordination
import Foundation
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
        self.host = host ?? Self.hostName
    }

    /// Without asking a name server, which could take its time.
    private static let hostName: String = {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }()
}
