import HelixRecords
import Placement
import StateModels

/// What preference lists depend on; they are computed again only when this changes.
struct PlacementInputs: Sendable, Hashable {
    var mode: IdealState.RebalanceMode
    var strategy: String
    /// Whether the strategy places by name (`PlacementStrategy.placesByName`).
    var isByName: Bool
    /// Wanted partitions by index, in natural order of their names.
    var partitions: [Int32]
    /// Instances that may hold replicas, in order of name.
    var eligible: [Int32]
    /// When the first of those is given up that are waited for, in milliseconds since 1970.
    var waitsUntil: Int64?
    /// Positions in `eligible` that are not there at the moment; empty unless the strategy places by name.
    var absent: Set<Int32> = []
    /// By position in `eligible`: the number of the fault zone; empty when zones do not count.
    var zones: [Int32] = []
    /// By number: the fault zone.
    var zonePaths: [FaultZone] = []
    var replicas: Int
    var topCount = 0
    /// For resources whose tops do not go back by themselves.
    var failback: Failback?
    var maximumPerInstance: Int?
    /// By position in `partitions`: positions in `eligible` that must not take it newly.
    var excluded: [Set<Int32>]?
    /// By position in `partitions`: what a replica weighs, by dimension; empty when nothing is weighed.
    var weights: [[Int]] = []
    /// By position in `eligible`: what the instance can carry, by dimension; empty when nothing is weighed.
    var capacities: [[Int]] = []
    /// What is weighed, and how even it is to be; `nil` when nothing is.
    var capacityRules: CapacityRules?

    /// What the places of tops depend on where they stay as long as they can.
    struct Failback: Sendable, Hashable {
        /// Positions in `eligible` that cannot serve at the moment.
        var away: Set<Int32>
        /// When somebody asked for a rebalance the last time, in milliseconds since 1970.
        var lastRebalance: Int64?
    }

    init(
        _ resource: ClusterSnapshot.Resource, _ configuration: ResourceConfiguration,
        _ standing: ReadConfiguration.ClusterStanding, _ strategy: any PlacementStrategy, at time: Int64
    ) {
        mode = configuration.mode
        self.strategy = strategy.name
        isByName = strategy.placesByName
        partitions = resource.wanted
        replicas = configuration.replicas
        maximumPerInstance =
            configuration.config?.maxPartitionsPerInstance ?? configuration.idealState?.maxPartitionsPerInstance
        if case .atMost(let count) = configuration.model.states[0].bound { topCount = count }
        let active = standing.active(configuration, at: time)
        eligible = isByName ? standing.assignable(tag: configuration.tag) : active
        if isByName {
            let present = Set(active)
            absent = Set(eligible.indices.filter { !present.contains(eligible[$0]) }.map(Int32.init))
        }
        waitsUntil = active.compactMap { DelayWindow.end(of: standing[$0], configuration, at: time) }.min()
        if configuration.idealState?.failback == .never {
            let away = eligible.indices.filter { !standing[eligible[$0]].isEligible }
            failback = Failback(away: Set(away.map(Int32.init)), lastRebalance: standing.lastRebalance)
        }
        numberZones(standing)
        excluded = Self.excluded(eligible, resource, configuration, standing)
        weights = configuration.weights
        if !weights.isEmpty {
            capacityRules = standing.capacityRules
            // Nothing is taken from an instance because nobody knows what it can carry.
            capacities = eligible.map { instance in
                standing[instance].capacities ?? capacityRules?.dimensions.map { _ in .max } ?? []
            }
        }
    }

    private mutating func numberZones(_ standing: ReadConfiguration.ClusterStanding) {
        guard eligible.contains(where: { standing[$0].zone != nil }) else { return }
        var numbers: [FaultZone: Int32] = [:]
        for instance in eligible {
            let zone = standing[instance].zone ?? FaultZone(path: ["", standing.name(of: instance)])
            let number = numbers[zone] ?? Int32(zonePaths.count)
            if numbers[zone] == nil {
                numbers[zone] = number
                zonePaths.append(zone)
            }
            zones.append(number)
        }
    }

    /// Where a partition is disabled it does not go, nor to instances of which nothing can be asked, or of which it is not
    /// known where they are.
    private static func excluded(
        _ eligible: [Int32], _ resource: ClusterSnapshot.Resource, _ configuration: ResourceConfiguration,
        _ standing: ReadConfiguration.ClusterStanding
    ) -> [Set<Int32>]? {
        let closed = eligible.indices.filter {
            standing[eligible[$0]].frozenBy != nil || standing[eligible[$0]].misplacedBy != nil
                || (!configuration.weights.isEmpty && standing[eligible[$0]].capacities == nil)
        }
        if closed.isEmpty && configuration.disabled.isEmpty { return nil }
        return resource.wanted.map { partition in
            let name = resource.partitions[Int(partition)]
            let disabled = eligible.indices.filter { configuration.isDisabled(name, on: eligible[$0]) }
            return Set((closed + disabled).map(Int32.init))
        }
    }

    /// Adds weights, and what other resources leave of the capacities.
    func weigh(_ problem: inout PlacementProblem, beside total: PlacedLoad) {
        guard let rules = capacityRules else { return }
        problem.weights = weights
        problem.capacities = zip(eligible, capacities).map { instance, capacities in
            zip(rules.dimensions, capacities).map { max(0, $1 - total.weight($0, of: instance)) }
        }
        problem.evenDimensions = rules.evenDimensions
        problem.tolerance = rules.tolerance
        problem.names.dimensions = rules.dimensions
    }

    /// Adds what strategies need that place by name.
    func name(
        _ problem: inout PlacementProblem, _ resource: ClusterSnapshot.Resource,
        _ configuration: ResourceConfiguration, _ standing: ReadConfiguration.ClusterStanding
    ) {
        problem.absent = absent
        problem.names = PlacementNames(
            resource: resource.name, partitions: partitions.map { resource.partitions[Int($0)] },
            instances: eligible.map(standing.name(of:)), zones: zonePaths.map(\.name),
            dimensions: problem.names.dimensions)
        problem.drawingWeights = eligible.map { standing[$0].weight }
        problem.stateCounts = configuration.model.stateCounts(candidates: eligible.count, replicas: replicas)
    }
}
