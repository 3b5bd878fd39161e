import HelixSimulation
import Placement

/// What placing one large resource costs, on one core.
struct PlacementBenchmark {
    let report: Report
    let isQuick: Bool

    func run() throws {
        try plain(isQuick ? .init(partitions: 3_330, nodes: 20) : .init(partitions: 333_000, nodes: 1_000))
        zoned(
            isQuick
                ? .init(partitions: 750, nodes: 20, zones: 5) : .init(partitions: 75_000, nodes: 1_000, zones: 5))
        weighed(
            isQuick
                ? .init(partitions: 750, nodes: 20, zones: 5, dimensions: 3)
                : .init(partitions: 75_000, nodes: 1_000, zones: 5, dimensions: 3))
    }

    /// From nothing, without zones.
    private func plain(_ size: PlacedCluster.Size) throws {
        var cluster = PlacedCluster(size, BalancedPlacement())
        let problems = cluster.problems()
        let (_, growth) = try ProcessMemory.growth { cluster.ask(problems) }
        let outcome = PlacementOutcome(.start, in: &cluster)
        add(outcome, .start, size, bar: "≤ 1000")
        report.add(size.name, "placement, from nothing: memory, growth at the highest", growth, "MB")
        measureChanges(of: cluster)
    }

    /// From a placement in which nothing but the zones is in order.
    private func zoned(_ size: PlacedCluster.Size) {
        var cluster = PlacedCluster(size, BalancedPlacement())
        cluster.lists = [scatteredLists(size)]
        add(PlacementOutcome(.scattered, in: &cluster), .scattered, size, bar: "≤ 3000")
        measureChanges(of: cluster)
    }

    /// By weights and capacities.
    private func weighed(_ size: PlacedCluster.Size) {
        var cluster = PlacedCluster(size, BalancedPlacement())
        addWeighed(.start, &cluster, bar: "≤ 3000")
        for change in [PlacementChange.nothing, .nodeDown, .added(1)] {
            var changed = cluster
            addWeighed(change, &changed, bar: "≤ 100")
        }
    }

    private func addWeighed(_ change: PlacementChange, _ cluster: inout PlacedCluster, bar: String) {
        let size = cluster.size
        let before = cluster.lists[0]
        let outcome = PlacementOutcome(change, in: &cluster)
        let name = "placement, \(change.name): "
        report.add(size.name, name + "time on one core", outcome.time.inMilliseconds, "ms", bar: isQuick ? nil : bar)
        report.add(
            size.name, name + "highest utilisation", cluster.utilisationOfEven, "× the even share",
            bar: isQuick ? nil : "≤ 1.03")
        if change == .start { return }
        let there = Set(cluster.nodesThere.map(Int32.init))
        let lost = before.reduce(0) { $0 + $1.count { !there.contains($0) } }
        report.add(
            size.name, name + "replicas moved", Double(outcome.replicas.count), "replicas", bar: "\(lost) were lost")
    }

    /// Each from where the strategy has placed everything.
    private func measureChanges(of cluster: PlacedCluster) {
        for change in [PlacementChange.nothing, .nodeDown, .added(1)] {
            var changed = cluster
            add(PlacementOutcome(change, in: &changed), change, cluster.size, bar: "≤ 100")
        }
    }

    /// For each partition a node in as many zones as it has replicas, by lot.
    private func scatteredLists(_ size: PlacedCluster.Size) -> [[Int32]] {
        var generator = SeededGenerator(seed: 1)
        return (0..<size.partitions).map { _ in
            (0..<size.zones).shuffled(using: &generator).prefix(size.replicas).map { zone in
                Int32(zone + size.zones * Int.random(in: 0..<size.nodes / size.zones, using: &generator))
            }
        }
    }

    private func add(
        _ outcome: PlacementOutcome, _ change: PlacementChange, _ size: PlacedCluster.Size, bar: String
    ) {
        let name = "placement, \(change.name): "
        report.add(size.name, name + "time on one core", outcome.time.inMilliseconds, "ms", bar: isQuick ? nil : bar)
        report.add(size.name, name + "replicas, max − min", Double(outcome.total.replicas), "replicas", bar: "≤ 1")
        report.add(size.name, name + "top states, max − min", Double(outcome.total.tops), "tops", bar: "≤ 1")
        if change == .start { return }
        add(outcome.replicas, size, name + "replicas moved", "replicas")
        add(outcome.tops, size, name + "top states moved", "tops")
    }

    private func add(_ moves: PlacementOutcome.Moves, _ size: PlacedCluster.Size, _ name: String, _ unit: String) {
        report.add(size.name, name, Double(moves.count), unit, bar: "\(moves.least), the minimum")
    }
}
