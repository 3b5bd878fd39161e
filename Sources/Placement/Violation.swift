/// A rule that a placement could not keep, in numbers.
public struct Violation: Sendable, Hashable {
    /// What was to be kept.
    public enum Rule: String, Sendable, Hashable, CaseIterable {
        /// A partition has as many replicas as wanted. `wanted` and `found` are replicas; ``Shortfall`` says why.
        case replicas
        /// Replicas of a partition are in different fault zones. `wanted` and `found` are zones, `instance` is the first
        /// that shares one.
        case faultZones
        /// All instances together have room for what is to be placed. `wanted` is the demand and `found` the room: by
        /// weight in `dimension`, or by ``PlacementProblem/maximumPerInstance`` where there is no dimension.
        case demand
        /// An instance carries no more than its capacity. `wanted` is the capacity and `found` the load in `dimension`.
        case capacity
    }

    /// The rule.
    public var rule: Rule
    /// The partition's number, if the rule is about one.
    public var partition: Int?
    /// The instance's number, if the rule is about one.
    public var instance: Int32?
    /// The dimension's number, if the rule is about one.
    public var dimension: Int?
    /// What was to be there, or not to be exceeded.
    public var wanted: Int
    /// What is there instead.
    public var found: Int

    /// A violation.
    public init(
        _ rule: Rule, partition: Int? = nil, instance: Int32? = nil, dimension: Int? = nil, wanted: Int, found: Int
    ) {
        self.rule = rule
        self.partition = partition
        self.instance = instance
        self.dimension = dimension
        self.wanted = wanted
        self.found = found
    }
}

extension PlacementInput {
    /// The preference lists for chosen replicas and tops, with all that is wrong about them.
    func result(of replicas: AssignmentTable, tops: AssignmentTable?) -> PlacementResult {
        let shortfalls = shortfalls(of: replicas)
        return PlacementResult(
            preferenceLists: (0..<rows).map { row in
                let (list, tops) = (replicas.row(row), tops?.row(row) ?? [])
                // Most stay what they are: they need no memory of their own.
                if row < given.count, given[row][...] == list, list.starts(with: tops) { return given[row] }
                var result: [Int32] = []
                result.reserveCapacity(list.count)
                result += tops
                for instance in list where !tops.contains(instance) { result.append(instance) }
                return result
            },
            shortfalls: shortfalls, violations: violations(of: replicas, shortfalls))
    }

    private func violations(of table: AssignmentTable, _ shortfalls: [Shortfall]) -> [Violation] {
        var found = shortfalls.map {
            Violation(.replicas, partition: $0.partition, wanted: $0.wanted, found: $0.placed)
        }
        found += sharedZones(of: table)
        found.sort { $0.partition ?? 0 < $1.partition ?? 0 }
        if shortfalls.contains(where: { $0.reason == .maximumPerInstance }) {
            let (wanted, room) = (rows * width, instanceCount * maximumLoad)
            if wanted > room { found.append(Violation(.demand, wanted: wanted, found: room)) }
        }
        return found
    }

    /// The partitions that have several replicas in one zone.
    private func sharedZones(of table: AssignmentTable) -> [Violation] {
        if zones.isTrivial { return [] }
        return (0..<rows).compactMap { row in
            let list = table.row(row)
            var (sharing, count) = (Int32(-1), 0)
            for cell in list.indices {
                let zone = zones.zones[Int(list[cell])]
                if !list[..<cell].contains(where: { zones.zones[Int($0)] == zone }) {
                    count += 1
                } else if sharing < 0 {
                    sharing = list[cell]
                }
            }
            if sharing < 0 { return nil }
            return Violation(.faultZones, partition: row, instance: sharing, wanted: list.count, found: count)
        }
    }
}
