/// Where replicas of one partition may be together: in different fault zones as long as there are enough, else as evenly
/// spread over the zones as can be.
struct ZoneRule: Sendable {
    /// By instance: the number of its zone. Empty when zones do not count. Instances may be counted on and on, several
    /// times over.
    let zones: [Int32]
    /// How many replicas of a partition there are in a zone at most.
    let most: Int
    /// How many zones may have as many as `most`; all others have one less.
    private let fullZones: Int
    private let sizes: [Int]

    /// - Parameters:
    ///   - zones: by instance; as many as there are instances, or none.
    ///   - width: how many replicas a partition has.
    init(zones: [Int32], width: Int) {
        // Numbers may be anything: they are made small.
        var numbers: [Int32: Int32] = [:]
        self.zones = zones.map { zone in
            let number = numbers[zone] ?? Int32(numbers.count)
            numbers[zone] = number
            return number
        }
        var sizes = [Int](repeating: 0, count: numbers.count)
        for zone in self.zones { sizes[Int(zone)] += 1 }
        func room(_ most: Int) -> Int { sizes.reduce(0) { $0 + min(most, $1) } }
        var most = 1
        while room(most) < min(width, zones.count) { most += 1 }
        self.most = most
        self.sizes = sizes
        fullZones = width - room(most - 1)
    }

    var isTrivial: Bool { zones.isEmpty }

    /// Whether a partition that is on `row` may be on `instance` too, once it has left `leaving`.
    func allows(_ instance: Int32, in row: ArraySlice<Int32>, leaving: Int32 = -1) -> Bool {
        if zones.isEmpty { return true }
        let zone = zone(of: instance)
        let count = row.count { $0 != leaving && self.zone(of: $0) == zone }
        if count >= most { return false }
        return count < most - 1 || most == 1 || fullCount(row, leaving: leaving) < fullZones
    }

    private func fullCount(_ row: ArraySlice<Int32>, leaving: Int32) -> Int {
        let filling = row.filter { instance in
            instance != leaving
                && row.count { $0 != leaving && zone(of: $0) == zone(of: instance) } == most
        }
        return Set(filling.map(zone(of:))).count
    }

    private func zone(of instance: Int32) -> Int32 { zones[Int(instance) % zones.count] }

    /// Even shares within each set of instances that can be even with each other: zones that are too small for an equal
    /// share, or too large, are sets of their own.
    func pools(total: Int, rows: Int, instanceCount: Int) -> SharePools {
        if zones.isEmpty { return SharePools(.init(total: total, among: instanceCount), instanceCount: instanceCount) }
        var fixed = [Int?](repeating: nil, count: sizes.count)
        var left = total
        var open = Array(sizes.indices)
        while !open.isEmpty {
            let instances = open.reduce(0) { $0 + sizes[$1] }
            func surplus(_ zone: Int) -> Int { left * sizes[zone] - rows * min(most, sizes[zone]) * instances }
            func deficit(_ zone: Int) -> Int { rows * min(most - 1, sizes[zone]) * instances - left * sizes[zone] }
            let (over, under) = (open.filter { surplus($0) > 0 }, open.filter { deficit($0) > 0 })
            if over.isEmpty && under.isEmpty { break }
            let isOver = over.reduce(0) { $0 + surplus($1) } >= under.reduce(0) { $0 + deficit($1) }
            for zone in isOver ? over : under {
                let share = min(left, rows * min(isOver ? most : most - 1, sizes[zone]))
                fixed[zone] = share
                left -= share
            }
            open.removeAll { fixed[$0] != nil }
        }
        return pools(fixed: fixed, rest: left)
    }

    private func pools(fixed: [Int?], rest: Int) -> SharePools {
        let openCount = fixed.indices.reduce(0) { $0 + (fixed[$1] == nil ? sizes[$1] : 0) }
        var pools = [EvenShares(total: rest, among: openCount)]
        var poolOfZone = [Int32](repeating: 0, count: fixed.count)
        for (zone, share) in fixed.enumerated() {
            guard let share else { continue }
            poolOfZone[zone] = Int32(pools.count)
            pools.append(EvenShares(total: share, among: sizes[zone]))
        }
        return SharePools(pools, pool: zones.map { poolOfZone[Int($0)] })
    }
}
