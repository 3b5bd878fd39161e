import HelixRecords
import StateModels

/// What the pipeline decided, as one value.
public struct Decision: Sendable {
    /// The decisions by resource.
    public internal(set) var resources: [String: ResourceDecision] = [:]
    /// The transitions to ask for now, the most urgent first. Only those of what was looked at in this pass.
    public internal(set) var transitions: [PlannedTransition] = []
    /// The transitions under way to call off. Only those of what was looked at in this pass.
    public internal(set) var cancellations: [PlannedCancellation] = []
    /// Messages that have lost their meaning and should be deleted.
    public internal(set) var obsoleteMessages: [ObsoleteMessage] = []
    /// Resources whose replicas changed, so that their external view may be out of date; and resources that are gone.
    public internal(set) var viewsToRefresh: Set<String> = []
    /// Resources whose ideal state does not show where they are placed (``placement(of:in:)``). Only those that were looked
    /// at in this pass.
    public internal(set) var unrecorded: Set<String> = []
    /// Whether something may have been placed anew in this pass.
    var hasPlaced = false
    /// Whether where resources are placed may have changed in this pass.
    public var hasPlacedAnew: Bool { hasPlaced }
    /// How many replicas were given another place, by resource. Only in this pass.
    var relocated: [String: Int] = [:]
    /// Instances that have been offline for so long that they should be dropped.
    public internal(set) var departed: [DepartedInstance] = []
    /// The mode that was asked for, and what is to be done about it; `nil` while the cluster works as always.
    public internal(set) var management: ManagementMode?
    /// The next time at which a pass is due even if nothing changes, in milliseconds since 1970.
    public internal(set) var nextDeadline: Int64?
    /// Faults of the cluster as a whole.
    public internal(set) var problems: [Problem] = []

    /// Since when messages have been stale, by instance and id, in milliseconds since 1970.
    var staleSince: [ObsoleteMessage: Int64] = [:]
    /// Stale messages that may have to go at once.
    var suspects: Set<ObsoleteMessage> = []
    /// What stage 1 found out about the instances.
    var standing: ClusterStanding?
    /// How many transitions may be under way.
    var throttle = TransitionThrottle(nil)
    /// How many messages may be.
    var constraints = MessageConstraints(nil)
    /// The record of constraints, if it cannot be read.
    var unreadableConstraints: String?
    /// How many are.
    var traffic = TransitionTraffic()
    /// The field that says which resources go first.
    var priorityField: String?
    /// What has to wait for that.
    var waiting = WaitingTransitions()
    /// What all resources together have placed.
    var load = PlacedLoad()
    /// The resources that have faults, and how many they have together.
    var faulty: Set<String> = []
    var resourceProblemCount = 0
    /// When resources must be looked at again though nothing changes there.
    var deadlines: [String: Int64] = [:]

    /// A decision about nothing.
    public init() {}

    /// How many faults ``allProblems`` lists.
    public var problemCount: Int { problems.count + resourceProblemCount }

    /// Every fault that was found, the cluster's own first, then by resource.
    public var allProblems: [Problem] {
        problems + faulty.sorted().flatMap { resources[$0]?.problems ?? [] }
    }

    /// Keeps what was decided about a resource.
    mutating func keep(_ own: ResourceDecision, of resource: String, insteadOf formerProblems: Int) {
        resourceProblemCount += own.problems.count - formerProblems
        if own.problems.isEmpty { faulty.remove(resource) } else { faulty.insert(resource) }
        resources[resource] = own
    }

    mutating func note(deadline: Int64) {
        nextDeadline = min(nextDeadline ?? .max, deadline)
    }
}

/// What was decided about one resource.
public struct ResourceDecision: Sendable {
    /// The preference lists as instance indices, by partition index; empty where there is none.
    public internal(set) var preferenceLists: [[Int32]] = []
    /// What is held back by its partition's own state, by partition index; ``Decision/held(in:of:_:)`` tells all.
    public internal(set) var held: [Int: [HeldTransition]] = [:]
    /// Faults of the resource, then those of its partitions by name.
    public internal(set) var problems: [Problem] = []
    /// What stage 1 made of the resource's records.
    var configuration: ReadConfiguration.Outcome?
    /// By partition index: transitions that were asked for and whose replica has not moved since.
    var asked: [Int: [AskedTransition]] = [:]
    /// By partition index: what was called off and goes on all the same.
    var calledOff: [Int: [CalledOff]] = [:]
    /// Faults of the resource as a whole.
    var ownProblems: [Problem] = []
    /// By partition index: faults found there.
    var partitionProblems: [Int: Problem] = [:]
    /// By partition index: when it must be looked at again though nothing changed there.
    var deadlines: [Int: Int64] = [:]
    /// What the resource's placement depends on; `nil` when it is not for the controller to place.
    var inputs: PlacementInputs?
    /// Where the controller itself has placed the resource.
    var placement: PlacedResource?
    /// By partition index: transitions under way, where these are limited.
    var charges: [Int: [TransitionTraffic.Charge]] = [:]
    /// The partitions that have a replica in ERROR.
    var errorPartitions: Set<Int> = []
    /// By partition index: its place in the order of partitions; empty until it is asked for.
    var turns: [Int] = []
    /// Why the resource is not placed anew, while the cluster is in maintenance.
    var maintenance: HoldReason?
    /// By partition index: those of which a user has written the preference list.
    var userLists: Set<Int> = []
}

/// A transition that an instance shall be asked for.
public struct PlannedTransition: Sendable, Hashable {
    /// The resource.
    public var resource: String
    /// The partition.
    public var partition: String
    /// The instance.
    public var instance: String
    /// The instance's session; the message is void in any other.
    public var session: String
    /// Whether the instance takes batch messages.
    public var acceptsBatchMessages: Bool
    /// The state model.
    public var stateModel: String
    /// The state model factory.
    public var stateModelFactory: String
    /// How many partitions one znode of the resource's records holds; 0 where they are in one piece.
    public var bucketSize = 0
    /// The resource's group, `nil` where there is none.
    public var resourceGroup: String?
    /// The tag that instances must have to hold the resource, `nil` where any may.
    public var resourceTag: String?
    /// Where the transition begins.
    public var from: String
    /// Where it ends: one hop.
    public var to: String
    /// How long it may take; `nil` for as long as it likes.
    public var timeout: Duration?
    /// How often it may be tried again.
    public var retries: Int
    /// What the instance is to pass on to another once it is done: at most one, which passes on nothing itself.
    public var relays: [PlannedTransition] = []
    /// Smaller is more urgent: partitions without a top state come first, then the model's transition priority.
    var urgency: Int
}

/// A transition under way that an instance shall be asked to call off (protocol reference 4.9.3).
public struct PlannedCancellation: Sendable, Hashable {
    /// The resource.
    public var resource: String
    /// The partition.
    public var partition: String
    /// The instance.
    public var instance: String
    /// The instance's session; the message is void in any other.
    public var session: String
    /// The state model.
    public var stateModel: String
    /// The state model factory.
    public var stateModelFactory: String
    /// Where the transition begins.
    public var from: String
    /// Where it would end.
    public var to: String
}

/// A message that has lost its meaning.
public struct ObsoleteMessage: Sendable, Hashable {
    /// The instance in whose queue it is.
    public var instance: String
    /// Its id.
    public var id: String
}

/// Something that an operator should know.
public struct Problem: Error, Sendable, Hashable, CustomStringConvertible {
    /// The resource concerned, if it is one.
    public var resource: String?
    /// The partition concerned, if it is one.
    public var partition: String?
    /// What was found, what was expected, and what to do.
    public var text: String
    /// Whether it is that too many replicas are in the top state.
    var isAboutTops = false

    /// One line.
    public var description: String {
        [resource, partition].compactMap { $0 }.joined(separator: "/") + (resource == nil ? "" : ": ") + text
    }
}
