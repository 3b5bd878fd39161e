public import Coordination

/// What a spectator makes its tables of (protocol reference 7).
public enum RoutingSource: Sendable, Hashable {
    /// The views that the controller writes. An instance that died stays in them until the controller has noticed.
    case externalView
    /// The views of what the controller is about to reach; only written where the cluster's configuration asks for it.
    case targetExternalView
    /// What the live instances themselves report: the freshest, but every spectator reads a record for each instance
    /// and resource.
    case currentStates
    /// What instances say of their own accord, of one type (`CUSTOMIZEDVIEW`); only of types that the cluster aggregates.
    case customizedView(type: String)
}

/// How a spectator behaves. Everything has a default.
public struct SpectatorConfiguration: Sendable {
    /// What the tables are made of; the external views unless set.
    public var source = RoutingSource.externalView
    /// The session timeout to ask for. 30 seconds unless set.
    public var sessionTimeout: Duration = .seconds(30)
    /// Credentials for the coordination service.
    public var credentials: [Credential] = []
    /// How often everything is read again although no watch fired, as a safety net; `nil` for never. Five minutes
    /// unless set, as in Helix. Records that have not changed are not decoded again.
    public var refreshInterval: Duration? = .seconds(300)

    /// A configuration of defaults.
    /// - Parameter source: what the tables are made of.
    public init(source: RoutingSource = .externalView) { self.source = source }
}

/// Why a spectator cannot run.
public struct SpectatorError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was found, what was expected, and what to do.
    public let description: String
}
