public import Coordination
import Foundation
import HelixRecords
import Logging
import MessageQueue
public import Placement

/// Timings and strategies of a controller.
public struct ControllerConfiguration: Sendable {
    /// The session timeout to ask for: how long a dead leader keeps its office. 30 seconds unless set.
    public var sessionTimeout: Duration = .seconds(30)
    /// Credentials for the session.
    public var credentials: [Credential] = []
    /// The process as it is shown in the leader's record: `pid@host` unless set.
    public var processName: String = ProcessName.current
    /// The least time between two writes of external views; views are coalesced in between. 50 milliseconds unless set.
    public var viewInterval: Duration = .milliseconds(50)
    /// The most partitions that one batch message carries; 1 sends every transition in a message of its own.
    /// 256 unless set.
    public var partitionsPerMessage: Int = 256
    /// How often a controller that stands by brings what it knows of the cluster up to date, so that it can lead at once;
    /// `nil`: it begins to read when it leads. 1 second unless set.
    public var standbyInterval: Duration? = .seconds(1)
    /// Strategies beside the built-in one: USER_DEFINED resources name them by REBALANCER_CLASS_NAME, FULL_AUTO ones
    /// by REBALANCE_STRATEGY.
    public var strategies: [any PlacementStrategy] = []

    /// The defaults described at each property.
    public init() {}
}

/// What a controller takes from outside beside the coordination service: calendar time and unique ids.
public struct ControllerEnvironment: Sendable {
    /// Milliseconds since 1970.
    public var now: @Sendable () -> Int64
    /// A new message id.
    public var makeMessageID: @Sendable () -> String

    /// An environment with the given sources.
    public init(now: @escaping @Sendable () -> Int64, makeMessageID: @escaping @Sendable () -> String) {
        self.now = now
        self.makeMessageID = makeMessageID
    }

    /// The system's time, and random UUIDs.
    public static let system = ControllerEnvironment(
        now: { SystemTime.milliseconds() }, makeMessageID: { UUID().uuidString.lowercased() })
}

/// What all parts of a controller share.
struct ControllerContext: Sendable {
    let paths: ClusterPaths
    let name: String
    let configuration: ControllerConfiguration
    let logger: Logger
    let clock: any Clock<Duration>
    let environment: ControllerEnvironment
    let metrics: ControllerMetrics
    /// Whether something waits to be done.
    let hasPlans = Flag()
}

/// Why a controller cannot run.
public struct ControllerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was found, what was expected, and what to do.
    public let description: String
}
