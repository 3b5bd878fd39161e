/// Decides which instances hold the replicas of a resource's partitions.
///
/// A strategy is a pure function: the same problem has the same result in every process and at every time, so that a
/// new leader does not undo what its predecessor decided.
///
/// One of your own is registered with every controller of the cluster, and named by resources: USER_DEFINED ones in
/// REBALANCER_CLASS_NAME, FULL_AUTO ones in REBALANCE_STRATEGY.
///
/// ```swift
/// var configuration = ControllerConfiguration()
/// configuration.strategies = [TenantPlacement()]
/// let controller = Controller(cluster: "shop", name: "c1", coordination: zooKeeper, configuration: configuration)
/// ```
public protocol PlacementStrategy: Sendable {
    /// Name on the wire under which it is registered.
    var name: String { get }

    /// Whether places follow from names and from where replicas are now, rather than from where they were placed
    /// before; not unless a strategy says so.
    ///
    /// The problems of such a strategy number all instances that may hold the resource, also those that are not there at
    /// the moment (``PlacementProblem/absent``), name everything (``PlacementProblem/names``), and list as present what
    /// current states say.
    var placesByName: Bool { get }

    /// Whether resources are placed together, so that all of them are even as a whole; not unless a strategy says so.
    var placesTogether: Bool { get }

    /// The preference lists for a resource.
    func place(_ problem: PlacementProblem) -> PlacementResult

    /// The preference lists for several resources, which are about the same instances by the same numbers. Only
    /// strategies are asked for this that place resources together (``placesTogether``).
    func place(_ problems: [PlacementProblem]) -> [PlacementResult]
}

extension PlacementStrategy {
    /// `false`
    public var placesByName: Bool { false }

    /// `false`
    public var placesTogether: Bool { false }

    /// One after the other, each by itself.
    public func place(_ problems: [PlacementProblem]) -> [PlacementResult] { problems.map { place($0) } }
}

/// What a strategy knows of a resource: its size, the eligible instances, and where the replicas are now.
///
/// Partitions and instances are numbers here; whoever poses the problem keeps the names. Instances are numbered in a
/// fixed order (sorted names), because ties go to the lower number. Fields that are shorter than the counts say are
/// read as if they were filled up with nothing.
public struct PlacementProblem: Sendable, Hashable {
    /// How many partitions the resource has.
    public var partitionCount: Int
    /// How many replicas every partition should have. It gets fewer where there are fewer instances.
    public var replicas: Int
    /// How many instances are eligible; they are `0..<instanceCount`.
    public var instanceCount: Int
    /// By partition: the eligible instances that hold it now, the highest state first. May be longer or shorter than
    /// ``replicas``, and empty. Repetitions and numbers out of range are passed over.
    public var present: [[Int32]]
    /// By partition: how many of the first ones of ``present`` are in the top state, or on their way to it. `nil` says
    /// that ``topCount`` are. It is 0 for a partition whose leader was lost: then it does not matter which replica
    /// takes over, and the choice is free for evenness.
    public var presentTops: [Int]?
    /// By instance: how many replicas of other resources it has. Breaks ties, so that small resources do not all put
    /// their remainder on the same instances.
    public var otherReplicas: [Int]
    /// By instance: how many top states of other resources it has.
    public var otherTops: [Int]
    /// By partition: the instances that must not take it newly, because it is disabled there. One that holds the
    /// partition may keep it. `nil` when there are none.
    public var excluded: [Set<Int32>]?
    /// How many replicas of this resource one instance may have at most. `nil` when it does not matter.
    public var maximumPerInstance: Int?
    /// How many replicas of a partition are in the top state: 1 for MasterSlave, ``replicas`` for OnlineOffline, 0 if
    /// none is.
    public var topCount: Int

    /// Whether tops stay where they are, even if that is not even: only partitions without one get one.
    public var keepsTops = false
    /// Instances that can hold replicas but no tops at the moment.
    public var topless: Set<Int32> = []
    /// The resource, its partitions and the instances by name, for strategies that place by name.
    public var names = PlacementNames()
    /// By instance: the number of its fault zone. Replicas of a partition are in different zones as long as there are
    /// enough. Empty when every instance is a zone of its own.
    public var zones: [Int32] = []
    /// By instance: how much more than others it should hold (INSTANCE_WEIGHT); 1000 where nothing is said. Only
    /// strategies that draw lots look at it.
    public var drawingWeights: [Int] = []
    /// Instances that may hold the resource and are not there at the moment, or disabled: no replica may be placed on
    /// them. Empty unless the strategy asks for them (``PlacementStrategy/placesByName``).
    public var absent: Set<Int32> = []
    /// By position in the order of states, the highest first: how many replicas of a partition are in a state, as the
    /// state model counts them for all instances. Empty when the strategy need not know.
    public var stateCounts: [Int] = []
    /// By partition: what one replica weighs, by dimension. Empty when nothing is weighed; then only numbers of replicas
    /// count.
    public var weights: [[Int]] = []
    /// By instance: what it can carry of all weighed resources together, by dimension.
    public var capacities: [[Int]] = []
    /// The dimensions whose utilisation is to be even; the others are limits and no more. Empty means all.
    public var evenDimensions: [Int] = []
    /// How far above the lowest possible the highest utilisation may be before anything moves, in thousandths of it.
    public var tolerance = 25

    /// A problem; by default a resource that is nowhere yet.
    public init(
        partitionCount: Int, replicas: Int, instanceCount: Int, present: [[Int32]] = [], presentTops: [Int]? = nil,
        otherReplicas: [Int] = [], otherTops: [Int] = [], excluded: [Set<Int32>]? = nil,
        maximumPerInstance: Int? = nil, topCount: Int = 1
    ) {
        self.partitionCount = partitionCount
        self.replicas = replicas
        self.instanceCount = instanceCount
        self.present = present
        self.presentTops = presentTops
        self.otherReplicas = otherReplicas
        self.otherTops = otherTops
        self.excluded = excluded
        self.maximumPerInstance = maximumPerInstance
        self.topCount = topCount
    }
}

/// The names behind the numbers of a ``PlacementProblem``.
public struct PlacementNames: Sendable, Hashable {
    /// The resource.
    public var resource: String
    /// By partition.
    public var partitions: [String]
    /// By instance.
    public var instances: [String]
    /// By zone, as ``PlacementProblem/zones`` numbers them.
    public var zones: [String]
    /// By dimension of ``PlacementProblem/weights``.
    public var dimensions: [String]

    /// Names; empty ones unless given.
    public init(
        resource: String = "", partitions: [String] = [], instances: [String] = [], zones: [String] = [],
        dimensions: [String] = []
    ) {
        self.resource = resource
        self.partitions = partitions
        self.instances = instances
        self.zones = zones
        self.dimensions = dimensions
    }
}

/// Where the replicas of a resource should be.
public struct PlacementResult: Sendable, Hashable {
    /// By partition: distinct instances, those in the top state first.
    public var preferenceLists: [[Int32]]
    /// The partitions that got fewer replicas than wanted, by partition.
    public var shortfalls: [Shortfall]
    /// The rules that could not be kept: those about partitions first, in their order.
    public var violations: [Violation]

    /// A result.
    public init(preferenceLists: [[Int32]], shortfalls: [Shortfall] = [], violations: [Violation] = []) {
        self.preferenceLists = preferenceLists
        self.shortfalls = shortfalls
        self.violations = violations
    }
}

/// A partition that got fewer replicas than wanted.
public struct Shortfall: Sendable, Hashable {
    /// What stood in the way.
    public enum Reason: String, Sendable, Hashable, CaseIterable {
        /// Every eligible instance has a replica already.
        case tooFewInstances
        /// On all other instances the partition is disabled.
        case excluded
        /// All other instances have reached ``PlacementProblem/maximumPerInstance``.
        case maximumPerInstance
    }

    /// The partition's number.
    public var partition: Int
    /// How many replicas it should have.
    public var wanted: Int
    /// How many it got.
    public var placed: Int
    /// Why it did not get more.
    public var reason: Reason

    /// A shortfall.
    public init(partition: Int, wanted: Int, placed: Int, reason: Reason) {
        self.partition = partition
        self.wanted = wanted
        self.placed = placed
        self.reason = reason
    }
}
