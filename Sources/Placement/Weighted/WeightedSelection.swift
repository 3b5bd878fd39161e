/// Chooses the instances of every partition of several weighed resources together.
///
/// What is there is kept; what is missing goes, the heaviest first, where it leaves the least pressure
/// (``LoadTable``); and instances above their limits are relieved by the fewest moves. Which instances may have a
/// partition at all (distinct ones, zones, exclusions, the limit per instance) comes before weights, and capacity before
/// evenness.
struct WeightedSelection: Sendable {
    let input: WeightedInput
    /// By problem.
    private(set) var tables: [AssignmentTable]
    private(set) var loads: LoadTable
    private(set) var ladder: PressureLadder
    /// By instance: the rows that it has.
    private(set) var held: [[Int32]]
    /// By problem and instance: how many of its rows the instance has.
    private var counts: [Int32]
    /// By problem and zone: how many of its rows the zone has, where its partitions have one replica each.
    private var zoneCounts: [[Int32]]
    /// How many more comparisons there may be for the relief of instances. Where limits can be kept few are needed; where
    /// they cannot, a search for the best could take for ever.
    var effort: Int

    /// How many allowed instances are compared for a replica.
    static let comparisons = 24

    init(_ input: WeightedInput) {
        self.input = input
        tables = input.inputs.map { AssignmentTable(rows: $0.rows, width: $0.width) }
        loads = LoadTable(input)
        ladder = PressureLadder(instanceCount: input.instanceCount)
        zoneCounts = input.inputs.map { own in
            own.width == 1 ? [Int32](repeating: 0, count: Int(own.zones.zones.max() ?? -1) + 1) : []
        }
        held = [[Int32]](repeating: [], count: input.instanceCount)
        counts = [Int32](repeating: 0, count: input.instanceCount * input.inputs.count)
        let cells = input.inputs.reduce(0) { $0 + $1.rows * $1.width }
        effort = 10_000_000 + 50 * cells
        let expected = cells / max(1, input.instanceCount)
        for instance in held.indices {
            held[instance].reserveCapacity(expected + expected / 8)
            ladder.place(Int32(instance), at: 0)
        }
    }

    /// Places every row.
    mutating func select() {
        keep()
        placeMissing()
        completeByChains()
        relieve()
    }

    /// The instances of each partition of a problem: those that were there first, in their order, then the new ones.
    func table(_ problem: Int) -> AssignmentTable { tables[problem].keepingFirst(input.inputs[problem].present) }

    // MARK: The state

    func row(_ row: Int) -> ArraySlice<Int32> {
        let (problem, partition) = input.place(of: row)
        return tables[problem].row(partition)
    }

    func isMissing(_ row: Int) -> Bool {
        let (problem, partition) = input.place(of: row)
        return tables[problem].count(partition) < tables[problem].width
    }

    mutating func add(_ row: Int, to instance: Int32) {
        let (problem, partition) = input.place(of: row)
        tables[problem].append(instance, to: partition)
        counts[problem * input.instanceCount + Int(instance)] += 1
        countInZone(problem, instance, 1)
        held[Int(instance)].append(Int32(row))
        loads.add(row, to: instance)
        ladder.place(instance, at: loads.pressure(instance))
    }

    mutating func remove(_ row: Int, from instance: Int32) {
        let (problem, partition) = input.place(of: row)
        tables[problem].remove(instance, from: partition)
        counts[problem * input.instanceCount + Int(instance)] -= 1
        countInZone(problem, instance, -1)
        if let index = held[Int(instance)].firstIndex(of: Int32(row)) { held[Int(instance)].remove(at: index) }
        loads.remove(row, from: instance)
        ladder.place(instance, at: loads.pressure(instance))
    }

    /// How many rows of a problem an instance has.
    func count(_ problem: Int, _ instance: Int32) -> Int {
        Int(counts[problem * input.instanceCount + Int(instance)])
    }

    private mutating func countInZone(_ problem: Int, _ instance: Int32, _ change: Int32) {
        if !zoneCounts[problem].isEmpty { zoneCounts[problem][zone(problem, instance)] += change }
    }

    /// How many rows of a problem are in the zone of an instance. Zones keep the replicas of one partition apart; where
    /// each has only one, the whole resource is what they can keep apart.
    private func zoneCount(_ problem: Int, _ instance: Int32) -> Int32 {
        zoneCounts[problem].isEmpty ? 0 : zoneCounts[problem][zone(problem, instance)]
    }

    private func zone(_ problem: Int, _ instance: Int32) -> Int {
        let zones = input.inputs[problem].zones.zones
        return Int(zones[Int(instance) % zones.count])
    }

    /// Whether a row was on an instance before.
    func wasPresent(_ row: Int, on instance: Int32) -> Bool {
        let (problem, partition) = input.place(of: row)
        return input.inputs[problem].present.contains(instance, in: partition)
    }

    /// Whether the rules other than weights let a row come to an instance, once it has left another and that instance
    /// has given a row away.
    func allows(_ row: Int, on instance: Int32, leaving: Int32 = -1, giving: Int = -1) -> Bool {
        let problem = Int(input.owner[row])
        let given = giving >= 0 && Int(input.owner[giving]) == problem ? 1 : 0
        return hasRoom(problem, instance, given) && mayHave(row, instance, leaving: leaving)
    }

    /// Whether an instance may have more of a resource, once it has given some away.
    private func hasRoom(_ problem: Int, _ instance: Int32, _ given: Int = 0) -> Bool {
        count(problem, instance) - given < input.inputs[problem].maximumLoad
    }

    /// Whether a row may come to an instance that has room.
    func mayHave(_ row: Int, _ instance: Int32, leaving: Int32) -> Bool {
        let (problem, partition) = input.place(of: row)
        if tables[problem].contains(instance, in: partition) { return false }
        let own = input.inputs[problem]
        if let excluded = own.excluded, excluded.contains(instance, in: partition),
            !own.present.contains(instance, in: partition)
        {
            return false
        }
        return own.zones.isTrivial
            || own.zones.allows(instance, in: tables[problem].row(partition), leaving: leaving)
    }
}

// MARK: - Keeping and adding

extension WeightedSelection {
    /// Keeps what is there, as far as rules other than weights allow.
    private mutating func keep() {
        for (problem, own) in input.inputs.enumerated() {
            for partition in 0..<own.rows {
                for instance in own.holders(partition) where tables[problem].count(partition) < own.width {
                    guard own.zones.allows(instance, in: tables[problem].row(partition)) else { continue }
                    add(input.firstRows[problem] + partition, to: instance)
                }
            }
            shed(problem)
        }
    }

    /// Takes from the instances that have more of a resource than they may; from partitions with many replicas first.
    private mutating func shed(_ problem: Int) {
        let own = input.inputs[problem]
        func isOver(_ instance: Int32) -> Bool { count(problem, instance) > own.maximumLoad }
        var kept = own.width - 1
        while kept >= 0, (0..<Int32(input.instanceCount)).contains(where: isOver) {
            for partition in MixedOrder(count: own.rows) where tables[problem].count(partition) > kept {
                guard let giver = tables[problem].row(partition).last(where: isOver) else { continue }
                remove(input.firstRows[problem] + partition, from: giver)
            }
            kept -= 1
        }
    }

    /// Places what is missing, one replica of a partition in each round, the heaviest first.
    private mutating func placeMissing() {
        let missing = (0..<input.rowCount).filter(isMissing)
        guard !missing.isEmpty else { return }
        let order = heaviestFirst(missing)
        var partners = tables.map { PartnerCounts($0, instanceCount: input.instanceCount) }
        for level in 0..<(tables.map(\.width).max() ?? 0) {
            for row in order {
                let (problem, partition) = input.place(of: row)
                guard tables[problem].count(partition) == level, level < tables[problem].width else { continue }
                let leader = level > 0 ? tables[problem][partition, 0] : nil
                guard let instance = leastPressed(row, leader, partners[problem]) else { continue }
                if let leader { partners[problem].add(leader, instance) }
                add(row, to: instance)
            }
        }
    }

    private func heaviestFirst(_ rows: [Int]) -> [Int] {
        var totals = [Int](repeating: 1, count: input.dimensionCount)
        for cell in input.capacities.indices { totals[cell % input.dimensionCount] += input.capacities[cell] }
        let sizes = rows.map { row in
            totals.indices.reduce(0) { size, dimension in
                max(size, Int(Double(input.weight(row, dimension)) / Double(totals[dimension]) * 0x1p48))
            }
        }
        return rows.indices.sorted { sizes[$0] != sizes[$1] ? sizes[$0] > sizes[$1] : $0 < $1 }.map { rows[$0] }
    }

    /// The instance on which a row leaves the least pressure. Among those where it leaves about as much, the one that has
    /// the fewest of the leader's other partitions, so that they spread when the leader is lost; then one in a zone that
    /// has the fewest of the resource, if its partitions have one replica each.
    private func leastPressed(_ row: Int, _ leader: Int32?, _ partners: PartnerCounts) -> Int32? {
        if let spare = spareHolder(row) { return spare }
        let problem = Int(input.owner[row])
        var best: Int32?
        var least = (Int.max, Int32.max, Int32.max, Int.max)
        var compared = 0
        var next = ladder.first
        while let instance = next, compared < Self.comparisons {
            next = ladder.next(after: instance)
            if ladder.level(of: instance) > least.0 { break }
            guard allows(row, on: instance) else { continue }
            compared += 1
            let level = loads.pressure(instance, taking: row) >> PressureLadder.levelShift
            let found = (
                level, leader.map { partners.count($0, instance) } ?? 0, zoneCount(problem, instance),
                count(problem, instance)
            )
            if found < least { (best, least) = (instance, found) }
        }
        return best
    }

    /// An instance that held the row before, and may keep it after all.
    func spareHolder(_ row: Int, leaving: Int32 = -1) -> Int32? {
        let (problem, partition) = input.place(of: row)
        return input.inputs[problem].holders(partition).first {
            allows(row, on: $0, leaving: leaving) && loads.fits(row, on: $0)
        }
    }

}

// MARK: - Making room

extension WeightedSelection {
    /// How instances were reached in the search for room: what would have to come from where.
    private struct Search {
        var origin: [(instance: Int32, row: Int)?]
        var queue: [Int32] = []
    }

    /// Completes partitions for which all instances that may have them have their maximum: others are moved on, by the
    /// shortest chain that ends where there is room.
    private mutating func completeByChains() {
        for problem in input.inputs.indices where hasRoomAnywhere(problem) {
            var search = Search(origin: Array(repeating: nil, count: input.instanceCount))
            for row in input.firstRows[problem]..<input.firstRows[problem + 1] {
                while isMissing(row), let last = findRoom(for: row, problem, &search) {
                    shift(along: search, to: last)
                    search.origin = Array(repeating: nil, count: input.instanceCount)
                }
            }
        }
    }

    private func hasRoomAnywhere(_ problem: Int) -> Bool {
        (0..<Int32(input.instanceCount)).contains { hasRoom(problem, $0) }
    }

    /// Searches breadth first. What was reached in vain is not tried again until something has moved.
    private func findRoom(for row: Int, _ problem: Int, _ search: inout Search) -> Int32? {
        search.queue = []
        reach(row, from: -1, &search)
        var index = 0
        while index < search.queue.count {
            let instance = search.queue[index]
            if hasRoom(problem, instance) { return instance }
            for other in held[Int(instance)] where Int(input.owner[Int(other)]) == problem {
                if !isOnWay(Int(other), to: instance, search) { reach(Int(other), from: instance, &search) }
            }
            index += 1
        }
        return nil
    }

    private func reach(_ row: Int, from giver: Int32, _ search: inout Search) {
        for instance in 0..<Int32(input.instanceCount) where search.origin[Int(instance)] == nil {
            guard mayHave(row, instance, leaving: giver) else { continue }
            search.origin[Int(instance)] = (giver, row)
            search.queue.append(instance)
        }
    }

    /// Whether a row moves already: two steps of one row may each keep its zones apart, and not both together.
    private func isOnWay(_ row: Int, to instance: Int32, _ search: Search) -> Bool {
        var instance = instance
        while instance >= 0, let origin = search.origin[Int(instance)] {
            if origin.row == row { return true }
            instance = origin.instance
        }
        return false
    }

    private mutating func shift(along search: Search, to last: Int32) {
        var instance = last
        while instance >= 0, let origin = search.origin[Int(instance)] {
            if origin.instance >= 0 { remove(origin.row, from: origin.instance) }
            add(origin.row, to: instance)
            instance = origin.instance
        }
    }
}
