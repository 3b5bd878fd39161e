public import Coordination
public import HelixRecords
import MessageQueue
public import StateModels

/// How a participant behaves. Everything has a default.
public struct ParticipantConfiguration: Sendable {
    /// The session timeout to ask for: so long after the participant's death its replicas are given to others.
    /// 30 seconds unless set.
    public var sessionTimeout: Duration = .seconds(30)

    /// Credentials for the coordination service.
    public var credentials: [Credential] = []

    /// How many transitions run at once, unless the cluster's or the instance's configuration sets
    /// `STATE_TRANSITION.maxThreads`. 40 unless set, as in Helix.
    ///
    /// A resource whose configuration sets `maxThreads` has a limit of its own, and does not count here.
    public var concurrentTransitions = 40

    /// How many transitions of one kind run at once, whatever their resource: `Transition("OFFLINE", to: "SLAVE"): 4`. None
    /// unless set. They do not count in the other limits, so a few long ones do not hold up many short ones.
    ///
    /// What has to wait for a place begins in the order of the state model's transitions, the most urgent first, and
    /// among equals in the order of the messages.
    public var transitionLimits: [Transition: Int] = [:]

    /// How long a transition runs before its message is marked as read. 200 ms unless set; most transitions are done
    /// by then and need no mark.
    public var readMarkDelay: Duration = .milliseconds(200)

    /// How long a detail that a handler reports (``Replica/report(detail:)``) waits for others before it is written.
    /// 200 ms unless set; however often details change, there is no more than one write for a resource in that time.
    public var detailDelay: Duration = .milliseconds(200)

    /// How long a graceful shutdown may take to bring the replicas to the initial state. What is left then is
    /// cancelled. 20 seconds unless set.
    public var handoverTimeout: Duration = .seconds(20)

    /// How long handlers may take to return and be reset after a lost session before the participant joins again
    /// without waiting for them. 5 seconds unless set.
    ///
    /// A replica whose handler has not returned takes no transition until it has.
    public var resetTimeout: Duration = .seconds(5)

    /// How many lost connections within ``flappingWindow`` are too many: with more the instance disables itself, and an
    /// operator has to enable it again (protocol reference 5.6). 600 unless set, as in Helix.
    public var maximumConnectionLosses = 600

    /// See ``maximumConnectionLosses``. 5 minutes unless set.
    public var flappingWindow: Duration = .seconds(300)

    /// The process as it is shown in the live instance's record: `pid@host` unless set.
    public var processName: String = ProcessName.current

    /// The configuration with which the instance is added if the cluster allows it to join by itself. `nil` makes one
    /// of the instance's name, which should have the form `host_port`.
    public var instanceConfig: InstanceConfig?

    /// The replicas of which the instance still has something, by what it knows itself: from its disk, for example. Asked
    /// each time that it joins. None unless set.
    ///
    /// Those that the cluster's records do not know of any more, since they were lost or were restored from an earlier time,
    /// join in the initial state, as those of the instance's last session do (protocol reference 5.1, step 8). So the
    /// controller can have them dropped, or brought back up.
    public var heldReplicas: @Sendable () async -> [HeldReplica] = { [] }

    /// A configuration of defaults.
    public init() {}
}
