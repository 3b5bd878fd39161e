import Placement
import StateModels

/// A cluster on paper: resources of the MasterSlave model, and where a strategy has placed them.
///
/// The strategy is asked what the rebalance pipeline would ask it (`PlacementInputs`).
struct PlacedCluster {
    struct Size {
        var resources = 1
        var partitions: Int
        var replicas = 3
        var nodes: Int
        /// 0 makes every node a zone of its own.
        var zones = 0
        /// How many things replicas weigh and nodes have a capacity of; 0 when nothing is weighed.
        var dimensions = 0

        var name: String {
            (resources > 1 ? "\(resources) × " : "") + "\(partitions) × \(replicas) on \(nodes)"
                + (zones > 0 ? ", \(zones) zones" : "") + (dimensions > 0 ? ", \(dimensions) dimensions" : "")
        }
    }

    enum Presence {
        case there
        /// Its process is down, its configuration is still there.
        case down
        /// It does not belong to the cluster any more.
        case removed
    }

    let size: Size
    let strategy: any PlacementStrategy
    /// By node, in the order of their names.
    private(set) var presence: [Presence]
    /// By resource and partition: the nodes, the one with the top state first.
    var lists: [[[Int32]]]

    /// A cluster whose resources are nowhere yet.
    init(_ size: Size, _ strategy: any PlacementStrategy) {
        self.size = size
        self.strategy = strategy
        presence = Array(repeating: .there, count: size.nodes)
        lists = Array(repeating: Array(repeating: [], count: size.partitions), count: size.resources)
    }

    var nodesThere: [Int] { presence.indices.filter { presence[$0] == .there } }

    func zone(_ node: Int) -> Int { size.zones > 0 ? node % size.zones : node }

    mutating func add(_ count: Int) { presence += Array(repeating: .there, count: count) }

    mutating func lose(_ node: Int, to state: Presence = .down) { presence[node] = state }

    mutating func loseZone(_ lost: Int) {
        for node in presence.indices where zone(node) == lost { lose(node) }
    }

    // MARK: Placing

    /// The nodes that the strategy is asked about; it numbers them by position.
    private var eligible: [Int] {
        presence.indices.filter { presence[$0] == .there || presence[$0] == .down && strategy.placesByName }
    }

    /// What the strategy is asked about each resource.
    func problems() -> [PlacementProblem] {
        let eligible = eligible
        var position = [Int32](repeating: -1, count: presence.count)
        for (place, node) in eligible.enumerated() where presence[node] == .there { position[node] = Int32(place) }
        return lists.indices.map { resource in
            var problem = PlacementProblem(
                partitionCount: size.partitions, replicas: size.replicas, instanceCount: eligible.count,
                present: lists[resource].map { present($0).map { position[Int($0)] } },
                presentTops: lists[resource].map { $0.prefix(1).count { position[Int($0)] >= 0 } },
                maximumPerInstance: maximumPerInstance)
            if size.zones > 0 { problem.zones = eligible.map { Int32(zone($0)) } }
            if size.dimensions > 0 {
                problem.weights = (0..<size.partitions).map(weight)
                problem.capacities = eligible.map { _ in capacity }
            }
            if strategy.placesByName { name(&problem, resource, eligible) }
            return problem
        }
    }

    /// Who is left of a list: as it was placed, or for a strategy that places by name as current states say it, the one
    /// in the top state first and the others in the order of their names.
    private func present(_ list: [Int32]) -> [Int32] {
        let followers = strategy.placesByName ? list.dropFirst().sorted() : Array(list.dropFirst())
        return (list.prefix(1) + followers).filter { presence[Int($0)] == .there }
    }

    private func name(_ problem: inout PlacementProblem, _ resource: Int, _ eligible: [Int]) {
        problem.absent = Set(eligible.indices.filter { presence[eligible[$0]] != .there }.map(Int32.init))
        problem.names = PlacementNames(
            resource: "db\(resource)", partitions: (0..<size.partitions).map { "db\(resource)_\($0)" },
            instances: eligible.map { "node\(10_000 + $0)_12913" }, zones: (0..<size.zones).map { "zone\($0)" })
        problem.drawingWeights = Array(repeating: 1000, count: eligible.count)
        problem.stateCounts = StateModel.masterSlave.stateCounts(
            candidates: eligible.count, replicas: size.replicas)
    }

    /// Sticky places nothing without a limit: a fifth more than an even share, and room for the loss of a zone.
    private var maximumPerInstance: Int? {
        guard strategy is StickyPlacement else { return nil }
        let nodes = size.zones > 0 ? size.nodes * (size.zones - 1) / size.zones : size.nodes
        return (size.partitions * size.replicas * 6 / 5 + nodes - 1) / nodes
    }

    /// What a replica of a partition weighs: the heaviest partitions ten times as much as the lightest.
    private func weight(_ partition: Int) -> [Int] {
        (0..<size.dimensions).map { 10 + (partition + 1) * (7_919 + 104 * $0) % 91 }
    }

    /// What a node can carry: together they can carry half as much again as there is.
    private var capacity: [Int] {
        let total = (0..<size.partitions).reduce(into: Array(repeating: 0, count: size.dimensions)) {
            total, partition in
            for (dimension, weight) in weight(partition).enumerated() { total[dimension] += weight }
        }
        return total.map { $0 * size.replicas * 3 / 2 / size.nodes }
    }

    /// The highest utilisation of any node in any dimension, as a multiple of what it would be if all were equal.
    var utilisationOfEven: Double {
        var loads = presence.map { _ in Array(repeating: 0, count: size.dimensions) }
        var total = Array(repeating: 0, count: size.dimensions)
        for (partition, list) in lists[0].enumerated() {
            for (dimension, weight) in weight(partition).enumerated() {
                total[dimension] += weight * list.count
                for node in list { loads[Int(node)][dimension] += weight }
            }
        }
        return (0..<size.dimensions).map { dimension in
            let most = loads.map { $0[dimension] }.max() ?? 0
            return Double(most * nodesThere.count) / Double(max(1, total[dimension]))
        }.max() ?? 0
    }

    /// Asks for all resources, together if the strategy can do that.
    func ask(_ problems: [PlacementProblem]) -> [PlacementResult] {
        strategy.placesTogether ? strategy.place(problems) : placeInTurn(problems, by: strategy)
    }

    /// Takes over what the strategy said.
    mutating func take(_ results: [PlacementResult]) {
        let eligible = eligible
        lists = results.map { result in result.preferenceLists.map { $0.map { Int32(eligible[Int($0)]) } } }
    }
}

/// Places several resources on the same instances, one after the other, each knowing of the others.
func placeInTurn(_ problems: [PlacementProblem], by strategy: any PlacementStrategy) -> [PlacementResult] {
    if problems.count == 1 { return [strategy.place(problems[0])] }
    var total = InstanceLoad(instances: problems.first?.instanceCount ?? 0)
    let present = problems.map { InstanceLoad($0.present, tops: $0.presentTops, instances: $0.instanceCount) }
    for load in present { total += load }
    return zip(problems, present).map { problem, own in
        var problem = problem
        total -= own
        problem.otherReplicas = total.replicas
        problem.otherTops = total.tops
        let result = strategy.place(problem)
        total += InstanceLoad(result.preferenceLists, instances: problem.instanceCount)
        return result
    }
}

/// How many replicas and top states each instance has.
struct InstanceLoad {
    private(set) var replicas: [Int]
    private(set) var tops: [Int]

    init(instances: Int) {
        replicas = Array(repeating: 0, count: instances)
        tops = replicas
    }

    /// - Parameter tops: by list: how many of its first ones are in the top state; one unless given.
    init(_ lists: [[Int32]], tops counts: [Int]? = nil, instances: Int) {
        self.init(instances: instances)
        for (row, list) in lists.enumerated() {
            for instance in list { replicas[Int(instance)] += 1 }
            for instance in list.prefix(counts?[row] ?? 1) { tops[Int(instance)] += 1 }
        }
    }

    static func += (total: inout Self, load: Self) {
        for instance in total.replicas.indices {
            total.replicas[instance] += load.replicas[instance]
            total.tops[instance] += load.tops[instance]
        }
    }

    static func -= (total: inout Self, load: Self) {
        for instance in total.replicas.indices {
            total.replicas[instance] -= load.replicas[instance]
            total.tops[instance] -= load.tops[instance]
        }
    }
}
