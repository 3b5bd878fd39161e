import Placement

/// All strategies side by side: what they cost, how even they are, and how much they move.
struct StrategyComparison {
    let report: Report
    let isQuick: Bool

    func run() {
        let first = compare(
            isQuick
                ? .init(resources: 10, partitions: 20, nodes: 10, zones: 5)
                : .init(resources: 100, partitions: 100, nodes: 50, zones: 5),
            after: [.nodeDown, .added(1), .added(3), .zoneDown])
        var second = compare(
            isQuick ? .init(partitions: 500, nodes: 20) : .init(partitions: 50_000, nodes: 500),
            after: [.nodeDown, .nodeRemoved, .added(1)])
        second.notes = Self.notes
        report.add(first)
        report.add(second)
    }

    private static let strategies = [BalancedPlacement()] + HelixStrategies.all

    private func compare(_ size: PlacedCluster.Size, after changes: [PlacementChange]) -> TextTable {
        var outcomes = [[PlacementOutcome]](repeating: [], count: changes.count + 1)
        for strategy in Self.strategies {
            var cluster = PlacedCluster(size, strategy)
            outcomes[0].append(outcome(of: .start, in: &cluster))
            for (index, change) in changes.enumerated() {
                var changed = cluster
                outcomes[index + 1].append(outcome(of: change, in: &changed))
            }
        }
        var table = TextTable(
            title: size.name,
            header: [
                "change", "strategy", "ms", "replicas, max − min", "tops, max − min", "replicas moved", "tops moved",
            ])
        for (change, row) in zip([.start] + changes, outcomes) {
            for (strategy, outcome) in zip(Self.strategies, row) {
                table.rows.append([change.name, Self.shortName(of: strategy)] + cells(outcome, change, size))
            }
        }
        return table
    }

    private static let notes = [
        "ms: processor time for all resources. max − min: the difference between the node with the most and the one "
            + "with the least; of the resource that is spread least evenly / of all resources together.",
        "moved: replicas where none was, and tops (top states) that changed hands; in parentheses the minimum: the sum "
            + "over nodes of what each lacks of an even share, counted from where the strategy itself had placed "
            + "everything. No placement that is even stays below it (/ none whose sum over all resources is even as "
            + "well); an uneven one can.",
        "StickyRebalanceStrategy needs MAX_PARTITIONS_PER_INSTANCE, here a fifth more than an even share of what is "
            + "left without a zone.",
    ]

    /// A Java class's name without its package.
    private static func shortName(of strategy: any PlacementStrategy) -> String {
        strategy.name.split(separator: ".").last.map(String.init) ?? strategy.name
    }

    private func outcome(of change: PlacementChange, in cluster: inout PlacedCluster) -> PlacementOutcome {
        let outcome = PlacementOutcome(change, in: &cluster)
        let name = "\(Self.shortName(of: cluster.strategy)), \(change.name): "
        func state(_ figure: String, _ value: Double, _ unit: String) {
            report.state(cluster.size.name, name + figure, value, unit)
        }
        func state(_ moves: PlacementOutcome.Moves, _ what: String, _ unit: String) {
            state("\(what) moved", Double(moves.count), unit)
            state("\(what) moved, minimum for even resources", Double(moves.least), unit)
            state("\(what) moved, minimum for an even sum of them", Double(moves.leastTogether), unit)
        }
        state("time on one core", outcome.time.inMilliseconds, "ms")
        state("replicas of a resource, max − min", Double(outcome.worst.replicas), "replicas")
        state("replicas of all resources, max − min", Double(outcome.total.replicas), "replicas")
        state("top states of a resource, max − min", Double(outcome.worst.tops), "tops")
        state("top states of all resources, max − min", Double(outcome.total.tops), "tops")
        state("replicas not placed", Double(outcome.missing), "replicas")
        if change != .start {
            state(outcome.replicas, "replicas", "replicas")
            state(outcome.tops, "top states", "tops")
        }
        return outcome
    }

    private func cells(
        _ outcome: PlacementOutcome, _ change: PlacementChange, _ size: PlacedCluster.Size
    ) -> [String] {
        func range(_ worst: Int, _ total: Int) -> String { size.resources > 1 ? "\(worst) / \(total)" : "\(total)" }
        func text(_ moves: PlacementOutcome.Moves) -> String {
            change == .start ? "" : "\(moves.count) (\(range(moves.least, moves.leastTogether)))"
        }
        let missing = outcome.missing > 0 ? ", \(outcome.missing) missing" : ""
        return [
            Report.text(outcome.time.inMilliseconds, places: 1),
            range(outcome.worst.replicas, outcome.total.replicas) + missing,
            range(outcome.worst.tops, outcome.total.tops), text(outcome.replicas), text(outcome.tops),
        ]
    }
}
