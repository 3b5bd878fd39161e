import Placement

/// What happens to a cluster, so that its resources are placed anew.
enum PlacementChange: Equatable {
    /// Nothing, but the resources are nowhere yet.
    case start
    /// Nothing, but the resources are spread by lot.
    case scattered
    case nothing
    case nodeDown
    case nodeRemoved
    case added(Int)
    case zoneDown

    var name: String {
        switch self {
        case .start: "from nothing"
        case .scattered: "from a random placement"
        case .nothing: "nothing changed"
        case .nodeDown: "node down"
        case .nodeRemoved: "node removed"
        case .added(let count): count == 1 ? "node added" : "\(count) nodes added"
        case .zoneDown: "zone down"
        }
    }

    func apply(to cluster: inout PlacedCluster) {
        switch self {
        case .start, .scattered, .nothing: break
        case .nodeDown: cluster.lose(cluster.size.nodes / 3)
        case .nodeRemoved: cluster.lose(cluster.size.nodes / 3, to: .removed)
        case .added(let count): cluster.add(count)
        case .zoneDown: cluster.loseZone(0)
        }
    }
}

/// A change, and what a strategy made of it.
struct PlacementOutcome {
    /// The most by which nodes differ.
    struct Range {
        var replicas = 0
        var tops = 0
    }

    /// Moves, and what no placement stays below that is even within one.
    struct Moves {
        var count = 0
        /// When each resource is even.
        var least = 0
        /// When all resources together are even, too.
        var leastTogether = 0
    }

    /// Processor time for all resources.
    var time = Duration.zero
    /// Within the resource that is spread least evenly.
    var worst = Range()
    /// Over all resources together.
    var total = Range()
    var replicas = Moves()
    var tops = Moves()
    /// Replicas that were not placed.
    var missing = 0

    /// Performs a change.
    /// - Parameter cluster: the resources are where the strategy places them afterwards.
    init(_ change: PlacementChange, in cluster: inout PlacedCluster) {
        change.apply(to: &cluster)
        let problems = cluster.problems()
        let asked = cluster
        let results: [PlacementResult]
        (results, time) = ProcessorTime.best { asked.ask(problems) }
        let before = cluster.lists
        cluster.take(results)
        measureRange(cluster)
        measureMoves(from: before, in: cluster)
    }

    private mutating func measureRange(_ cluster: PlacedCluster) {
        let there = cluster.nodesThere
        var sum = InstanceLoad(instances: cluster.presence.count)
        for lists in cluster.lists {
            let load = InstanceLoad(lists, instances: cluster.presence.count)
            sum += load
            worst.replicas = max(worst.replicas, load.replicas.range(of: there))
            worst.tops = max(worst.tops, load.tops.range(of: there))
            missing += lists.reduce(0) { $0 + max(0, min(cluster.size.replicas, there.count) - $1.count) }
        }
        total = Range(replicas: sum.replicas.range(of: there), tops: sum.tops.range(of: there))
    }

    private mutating func measureMoves(from former: [[[Int32]]], in cluster: PlacedCluster) {
        for (old, new) in zip(former.joined(), cluster.lists.joined()) {
            replicas.count += new.count { !old.contains($0) }
            tops.count += new.first != old.first ? 1 : 0
        }
        let there = cluster.nodesThere
        let wanted = cluster.size.partitions * min(cluster.size.replicas, there.count)
        var sum = InstanceLoad(instances: cluster.presence.count)
        for lists in former {
            let held = InstanceLoad(lists, instances: cluster.presence.count)
            sum += held
            replicas.least += leastMoves(holding: there.map { held.replicas[$0] }, total: wanted)
            tops.least += leastMoves(holding: there.map { held.tops[$0] }, total: cluster.size.partitions)
        }
        replicas.leastTogether = max(
            replicas.least, leastMoves(holding: there.map { sum.replicas[$0] }, total: wanted * former.count))
        tops.leastTogether = max(
            tops.least, leastMoves(holding: there.map { sum.tops[$0] }, total: cluster.size.partitions * former.count))
    }
}

/// No placement that is even within one moves less: every node gets what it lacks of its share, and where shares differ
/// the larger ones go to those who hold the most.
private func leastMoves(holding load: [Int], total: Int) -> Int {
    let (base, extras) = total.quotientAndRemainder(dividingBy: load.count)
    return load.sorted(by: >).enumerated().reduce(0) { sum, held in
        sum + max(0, base + (held.offset < extras ? 1 : 0) - held.element)
    }
}

extension [Int] {
    /// The difference between the greatest and the least of some elements.
    fileprivate func range(of indices: [Int]) -> Int {
        let values = indices.map { self[$0] }
        return (values.max() ?? 0) - (values.min() ?? 0)
    }
}
