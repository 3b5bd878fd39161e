public import Coordination
public import HelixController

/// How a master behaves. Everything has a default.
public struct MasterConfiguration: Sendable {
    /// The session timeout to ask for: so long after a master's death another one takes over. 15 seconds unless set.
    public var sessionTimeout: Duration = .seconds(15)
    /// Credentials for the store. With any, only who has the same may write the fleet's records.
    public var credentials: [Credential] = []
    /// Who alone reads secrets besides masters that have credentials: the agents' `user:base64(SHA-1("user:password"))`;
    /// everybody who reaches the store unless set.
    public var agents: String?
    /// For how long it is remembered that a resource was removed, so that a host that comes back may remove its tasks. 30
    /// days unless set.
    public var tombstoneAge: Duration = .seconds(30 * 86_400)
    /// For how long a job is kept that nobody uses; for ever unless set.
    public var jobRetention: Duration?
    /// For how long a host is kept whose agent is gone, unless the cluster's settings say something else; 14 days unless
    /// set, `nil` for ever.
    public var hostRetention: Duration? = .seconds(14 * 86_400)
    /// How long it waits after a change for others, so that a crowd of them costs one look. 20 milliseconds unless set.
    public var gathering: Duration = .milliseconds(20)
    /// Settings of the controller.
    public var controller = ControllerConfiguration()

    /// A configuration of defaults.
    public init() {}

    var access: RecordAccess { credentials.isEmpty ? .open : .masters(agents: agents) }
}
