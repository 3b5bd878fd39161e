/// CRUSH in rounds: fault zones are drawn, and within a zone those instances that still lack some draw again.
///
/// It is more even than ``CrushPlacement`` with few partitions, and moves more when an instance is lost. The lists are
/// those of Java's `MultiRoundCrushRebalanceStrategy`, with two differences: where there are too few zones Java gives
/// the resource up, and here the partitions get what there is; and where zones do not matter Java cannot place at all.
///
/// - Complexity: for each replica, proportional to the number of zones and that of instances in a zone.
public struct MultiRoundCrushPlacement: PlacementStrategy {
    /// `org.apache.helix.controller.rebalancer.strategy.MultiRoundCrushRebalanceStrategy`
    public let name = "org.apache.helix.controller.rebalancer.strategy.MultiRoundCrushRebalanceStrategy"

    /// `true`
    public let placesByName = true

    /// The strategy has nothing to set.
    public init() {}

    /// Places every partition; fewer replicas where there are too few zones.
    public func place(_ problem: PlacementProblem) -> PlacementResult {
        let named = NamedProblem(problem)
        let tree = CrushTree(named, members: Array(named.instances.indices), isLive: named.isThere)
        let stateCount = named.stateCounts.count
        let queues = queues(named, tree)
        var lists = [[(state: Int, instance: Int32)]](repeating: [], count: named.partitions.count)
        for (place, zone) in tree.zones.enumerated() {
            for state in 0..<stateCount {
                let partitions = queues[place * stateCount + state]
                if partitions.isEmpty { continue }
                var rounds = ZoneRounds(named, zone: zone, partitions: partitions)
                for (partition, instance) in rounds.instances() { lists[partition].append((state, instance)) }
            }
        }
        return named.result(lists.map(Self.byState))
    }

    /// By zone and state: the partitions that have a replica in that state there, in the order in which Java walks the
    /// map of them.
    private func queues(_ problem: NamedProblem, _ tree: CrushTree) -> [[Int32]] {
        let states = problem.stateCounts.enumerated().flatMap { Array(repeating: $0.offset, count: $0.element) }
        let stateCount = problem.stateCounts.count
        var queues = [[Int32]](repeating: [], count: tree.zones.count * stateCount)
        for partition in JavaHashOrder.positions(of: problem.partitions.map(\.hashCode)) {
            let name = problem.partitions[partition]
            for (zone, state) in zip(tree.root.numbers(states.count, for: name), states) {
                queues[Int(zone) * stateCount + state].append(Int32(partition))
            }
        }
        return queues
    }

    /// The states one after the other; within a state the order is that of the zones.
    private static func byState(_ list: [(state: Int, instance: Int32)]) -> [Int32] {
        list.enumerated()
            .sorted { ($0.element.state, $0.offset) < ($1.element.state, $1.offset) }.map(\.element.instance)
    }
}

extension CrushBucket {
    /// How often the draw starts anew with another input when it has found too few.
    private static let mostTries = 100

    /// What `count` children stand for that a name draws.
    func numbers(_ count: Int, for name: JavaString) -> [Int32] {
        var drawn: [Int] = []
        var input = UInt32(bitPattern: name.hashCode)
        for _ in 0..<Self.mostTries where drawn.count < min(count, drawable) {
            select(count, input: input, adding: &drawn)
            input = JenkinsHash.hash(input)
        }
        return drawn.prefix(max(0, count)).map(number)
    }
}
