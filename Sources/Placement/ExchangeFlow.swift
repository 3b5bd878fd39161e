/// Completes an assignment of rows (partitions) to instances so that it is even, at the smallest cost.
///
/// This is a flow of minimum cost, seen from the instances. A row that lacks an instance asks one for a place; an
/// instance that is full passes one of its own rows on to another; and so on, until one is reached that has room. The
/// cheapest such chain is taken first (successive shortest paths), so that the assignment is the cheapest of its size
/// at every moment; it must have been so at the beginning.
///
/// Room means: less than the base of an instance's share, or one more while fewer instances of its pool have that many
/// than there are extras. So the flow itself decides who gets the extras, wherever that saves a move.
struct ExchangeFlow: Sendable {
    /// What a row may be assigned to, and at which cost.
    struct Choices: Sendable {
        /// The instances with a cost of their own.
        var listed: InstanceLists
        /// The costs of the listed ones, in step with `listed.instances`; empty when all are 0.
        var costs: [Int32] = []
        /// The cost of every other instance, `nil` when there is no other.
        var elsewhere: Int?
        /// The others that are not to be had, `nil` when there are none.
        var forbidden: InstanceLists?

        func cost(of index: Int) -> Int { costs.isEmpty ? 0 : Int(costs[index]) }

        func cost(_ row: Int, _ instance: Int32) -> Int {
            for index in listed.range(row) where listed.instances[index] == instance { return cost(of: index) }
            return elsewhere ?? 0
        }

        func forbids(_ row: Int, _ instance: Int32) -> Bool {
            forbidden?.contains(instance, in: row) ?? false
        }
    }

    /// What is wanted of a number of rows: those of one resource.
    struct Section: Sendable {
        /// Where its rows end.
        var endRow: Int
        /// How many instances a row should have; fewer where it has fewer choices.
        var wanted: Int
        var zones: ZoneRule
    }

    /// What pools may have beyond their extras: one each.
    struct Spare: Sendable {
        var count = 0
        /// By pool: whether it may have it.
        var isFor: [Bool] = []
    }

    /// A row that an instance has, and what that costs.
    struct Held: Sendable {
        let row: Int32
        let cost: Int32
        /// The least that another of its listed choices costs.
        let leastListed: Int32
    }

    let choices: Choices
    /// Every section has the same instances, by numbers of its own: those of the next follow those of the one before.
    let sections: [Section]
    /// How many instances a section has.
    let span: Int
    let instanceCount: Int
    private(set) var table: AssignmentTable
    private(set) var load: [Int32]
    /// By instance: what it may have without an extra.
    private(set) var base: [Int]
    /// By instance: whose extras it may have.
    let pool: [Int32]
    /// By pool.
    private(set) var extras: [Int]
    let spare: Spare
    /// Rows that lack something, in order.
    var openRows: [Int32]
    /// By instance: what it has.
    private(set) var held: [[Held]]
    /// By pool: its instances.
    private let membersByPool: [[Int]]
    var distance: [Int]

    private(set) var extrasUsed: [Int]
    private var spareUsed = 0
    private static let unreachable = Int.max / 2

    /// - Parameters:
    ///   - base: by instance, where it is not its pool that says what it may have without an extra.
    ///   - spare: what pools may have beyond their extras.
    init(
        choices: Choices, sections: [Section], table: AssignmentTable, load: [Int32], shares: SharePools,
        base: [Int]? = nil, spare: Spare = Spare()
    ) {
        self.choices = choices
        self.sections = sections
        self.span = load.count / max(1, sections.count)
        self.instanceCount = load.count
        self.table = table
        self.load = load
        self.base = base ?? load.indices.map(shares.base(of:))
        self.pool = shares.pool
        self.extras = shares.pools.map(\.extras)
        self.spare = spare
        var members = [[Int]](repeating: [], count: shares.pools.count)
        for (instance, pool) in shares.pool.enumerated() { members[Int(pool)].append(instance) }
        self.membersByPool = members
        self.extrasUsed = []
        self.distance = []
        self.openRows = []
        self.held = load.map { count in
            var rows: [Held] = []
            rows.reserveCapacity(Int(count) + 8)
            return rows
        }
        for row in 0..<table.rowCount {
            for instance in table.row(row) { held[Int(instance)].append(Held(row, instance, choices)) }
        }
        countExtras()
        findOpenRows()
    }

    func section(ofRow row: Int) -> Int {
        if sections.count == 1 { return 0 }
        var (low, high) = (0, sections.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if row < sections[middle].endRow { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// The instances of a row's section.
    func instances(ofRow row: Int) -> Range<Int> {
        let first = section(ofRow: row) * span
        return first..<first + span
    }

    /// Whether a row could still take another of its choices.
    func isOpen(_ row: Int) -> Bool {
        let wanted = sections[section(ofRow: row)].wanted
        let most = choices.elsewhere == nil ? min(wanted, choices.listed.count(row)) : wanted
        return table.count(row) < most
    }

    /// Whether an instance has room without taking an extra.
    func hasRoom(_ instance: Int) -> Bool { load[instance] < base[instance] }

    func hasExtrasLeft(_ pool: Int) -> Bool { extrasUsed[pool] < extras[pool] }

    var isSpareLeft: Bool { spareUsed < spare.count }

    private var isRoomLeft: Bool {
        isSpareLeft || extras.indices.contains(where: hasExtrasLeft) || load.indices.contains(where: hasRoom)
    }

    /// The node that stands for the extras of a pool; those of the instances come before.
    func extrasNode(_ pool: Int) -> Int { instanceCount + pool }

    /// The node that stands for what pools may have beyond their extras.
    var spareNode: Int { instanceCount + extras.count }

    var nodeCount: Int { instanceCount + extras.count + 1 }

    /// Whether a pool would have to go beyond its extras to take one more, and may.
    func needsSpare(_ pool: Int) -> Bool { spare.count > 0 && spare.isFor[pool] && extrasUsed[pool] == extras[pool] }

    func members(_ pool: Int) -> [Int] { membersByPool[pool] }

    func isBeyondExtras(_ pool: Int) -> Bool { extrasUsed[pool] > extras[pool] }

    /// Whether a row can come to an instance, once it has left another.
    func canTake(_ instance: Int32, _ row: Int, leaving: Int) -> Bool {
        if table.contains(instance, in: row) { return false }
        let zones = sections[Int(instance) / span].zones
        return zones.isTrivial || zones.allows(instance, in: table.row(row), leaving: Int32(leaving))
    }

    private mutating func countExtras() {
        extrasUsed = [Int](repeating: 0, count: extras.count)
        for instance in load.indices where load[instance] > base[instance] { extrasUsed[Int(pool[instance])] += 1 }
        spareUsed = extras.indices.count(where: isBeyondExtras)
    }

    private mutating func findOpenRows() {
        openRows = (0..<table.rowCount).compactMap { isOpen($0) ? Int32($0) : nil }
    }

    /// Assigns rows while there is room and a chain of exchanges that costs no more than `limit`.
    mutating func run(upTo limit: Int = .max) {
        while !openRows.isEmpty, isRoomLeft {
            measureDistances()
            guard let nearest = nearestRoom(), nearest <= limit, takePaths(of: nearest) > 0 else { return }
            openRows = openRows.filter { isOpen(Int($0)) }
        }
    }

    /// Assigns what is still open beyond even shares, each instance at most `maximum`: zones and exclusions may leave no
    /// other way.
    mutating func overfill(upTo maximum: Int) {
        while !openRows.isEmpty {
            measureDistances()
            let full = (0..<instanceCount).filter { distance[$0] < Self.unreachable && load[$0] < maximum }
            guard let least = full.map({ Int(load[$0]) }).min() else { return }
            let missing = openRows.reduce(0) {
                $0 + sections[section(ofRow: Int($1))].wanted - table.count(Int($1))
            }
            // The least of them cannot stay below this, so nothing is lost by going there at once.
            let hadExtras = extras.contains { $0 > 0 }
            let level = min(maximum, least + (hadExtras ? 1 : max(1, missing / full.count)))
            let raised = full.filter { base[$0] < level }
            for instance in raised { base[instance] = level }
            if raised.isEmpty && !hadExtras {
                // No chain reaches what room there is without bringing two replicas into one zone: others may do.
                let open = full.filter { base[$0] < maximum }
                if open.isEmpty { return }
                for instance in open { base[instance] += 1 }
            }
            extras = extras.map { _ in 0 }
            countExtras()
            run()
        }
    }

    mutating func assign(_ row: Int32, to instance: Int) {
        table.append(Int32(instance), to: Int(row))
        held[instance].append(Held(Int(row), Int32(instance), choices))
        load[instance] += 1
        guard load[instance] == base[instance] + 1 else { return }
        if needsSpare(Int(pool[instance])) { spareUsed += 1 }
        extrasUsed[Int(pool[instance])] += 1
    }

    mutating func release(_ row: Int32, from instance: Int) {
        table.remove(Int32(instance), from: Int(row))
        if load[instance] == base[instance] + 1 {
            extrasUsed[Int(pool[instance])] -= 1
            if needsSpare(Int(pool[instance])) { spareUsed -= 1 }
        }
        load[instance] -= 1
        guard let index = held[instance].firstIndex(where: { $0.row == row }) else { return }
        held[instance].swapAt(index, held[instance].count - 1)
        held[instance].removeLast()
    }
}

extension ExchangeFlow.Held {
    fileprivate init(_ row: Int, _ instance: Int32, _ choices: ExchangeFlow.Choices) {
        var (cost, least) = (choices.elsewhere ?? 0, Int(Int32.max))
        for index in choices.listed.range(row) {
            if choices.listed.instances[index] == instance {
                cost = choices.cost(of: index)
            } else {
                least = min(least, choices.cost(of: index))
            }
        }
        self.init(row: Int32(row), cost: Int32(cost), leastListed: Int32(least))
    }
}

// MARK: - Distances

extension ExchangeFlow {
    /// The cost of the cheapest chain that ends at an instance with room, `nil` when there is none.
    private func nearestRoom() -> Int? {
        var nearest = Self.unreachable
        for pool in extras.indices where hasExtrasLeft(pool) { nearest = min(nearest, distance[extrasNode(pool)]) }
        for instance in 0..<instanceCount where hasRoom(instance) { nearest = min(nearest, distance[instance]) }
        if isSpareLeft { nearest = min(nearest, distance[spareNode]) }
        return nearest < Self.unreachable ? nearest : nil
    }

    /// Finds for every instance the cost of the cheapest chain from a row that lacks something (Bellman and Ford: what
    /// a row gets back for leaving an instance makes negative steps). Nothing is found where the assignment is not the
    /// cheapest of its size, so that going in circles would pay.
    private mutating func measureDistances() {
        distance = [Int](repeating: Self.unreachable, count: nodeCount)
        var queue = WorkQueue(count: nodeCount)
        for row in openRows { relaxListed(Int(row), leaving: -1, from: 0, &queue) }
        for rows in openRows.chunked(by: { section(ofRow: Int($0)) }) {
            relaxElsewhere(rows, leaving: -1, from: 0, &queue)
        }
        while let node = queue.next() {
            if queue.turns(of: node) > nodeCount {
                distance = [Int](repeating: Self.unreachable, count: nodeCount)
                return
            }
            if node == spareNode {
                for pool in extras.indices where isBeyondExtras(pool) {
                    relax(extrasNode(pool), distance[node], &queue)
                }
            } else if node >= instanceCount {
                if needsSpare(node - instanceCount) { relax(spareNode, distance[node], &queue) }
                for instance in members(node - instanceCount) where holdsExtra(instance, of: node - instanceCount) {
                    relax(instance, distance[node], &queue)
                }
            } else {
                relaxNeighbours(of: node, &queue)
            }
        }
    }

    private mutating func relax(_ node: Int, _ candidate: Int, _ queue: inout WorkQueue) {
        guard candidate < distance[node] else { return }
        distance[node] = candidate
        queue.add(node)
    }

    func holdsExtra(_ instance: Int, of pool: Int) -> Bool {
        self.pool[instance] == pool && load[instance] > base[instance]
    }

    /// Whether an instance would have to have an extra to take one more, and there is such a thing in its pool.
    func needsExtra(_ instance: Int) -> Bool {
        load[instance] == base[instance] && (extras[Int(pool[instance])] > 0 || spare.count > 0)
    }

    private mutating func relaxNeighbours(of instance: Int, _ queue: inout WorkQueue) {
        if needsExtra(instance) { relax(extrasNode(Int(pool[instance])), distance[instance], &queue) }
        let start = distance[instance]
        let section = instance / span * span
        let farthest = distance[section..<section + span].max() ?? 0
        for held in held[instance] where start - Int(held.cost) + Int(held.leastListed) < farthest {
            relaxListed(Int(held.row), leaving: instance, from: start - Int(held.cost), &queue)
        }
        guard let elsewhere = choices.elsewhere else { return }
        for refund in [elsewhere, 0] {
            let rows = held[instance].lazy.filter { $0.cost == refund }.map(\.row)
            relaxElsewhere(rows, leaving: instance, from: start - refund, &queue)
        }
    }

    private mutating func relaxListed(_ row: Int, leaving: Int, from start: Int, _ queue: inout WorkQueue) {
        for index in choices.listed.range(row) {
            let instance = choices.listed.instances[index]
            let candidate = start + choices.cost(of: index)
            if candidate < distance[Int(instance)], canTake(instance, row, leaving: leaving) {
                relax(Int(instance), candidate, &queue)
            }
        }
    }

    /// Relaxes the steps of several rows of one section to instances that are not listed. Nearly every row can go
    /// nearly everywhere, so the first few rows settle all instances, and the rest need not be looked at.
    private mutating func relaxElsewhere(
        _ rows: some Collection<Int32>, leaving: Int, from start: Int, _ queue: inout WorkQueue
    ) {
        guard let elsewhere = choices.elsewhere, let first = rows.first else { return }
        let candidate = start + elsewhere
        var unsettled = instances(ofRow: Int(first)).filter { distance[$0] > candidate }.map(Int32.init)
        for row in rows {
            if unsettled.isEmpty { return }
            unsettled.removeAll { instance in
                if choices.forbids(Int(row), instance) || !canTake(instance, Int(row), leaving: leaving) {
                    return false
                }
                relax(Int(instance), candidate, &queue)
                return true
            }
        }
    }
}

/// Nodes that wait for their turn, each at most once.
private struct WorkQueue {
    private var nodes: [Int] = []
    private var head = 0
    private var isWaiting: [Bool]
    private var turns: [Int]

    init(count: Int) {
        isWaiting = [Bool](repeating: false, count: count)
        turns = [Int](repeating: 0, count: count)
    }

    /// How often it has been a node's turn.
    func turns(of node: Int) -> Int { turns[node] }

    mutating func add(_ node: Int) {
        guard !isWaiting[node] else { return }
        isWaiting[node] = true
        nodes.append(node)
    }

    mutating func next() -> Int? {
        guard head < nodes.count else { return nil }
        let node = nodes[head]
        head += 1
        isWaiting[node] = false
        turns[node] += 1
        return node
    }
}

extension [Int32] {
    /// The runs of elements that have the same key.
    fileprivate func chunked(by key: (Int32) -> Int) -> [[Int32]] {
        var chunks: [[Int32]] = []
        var last: Int?
        for element in self {
            if key(element) == last {
                chunks[chunks.count - 1].append(element)
            } else {
                chunks.append([element])
                last = key(element)
            }
        }
        return chunks
    }
}
