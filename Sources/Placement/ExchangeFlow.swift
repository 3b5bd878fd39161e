/// Completes an assignment of rows (partitions) to instances so that it is even, at the smallest cost.
///
/// This is a flow of minimum cost, seen from the instances. A row that lacks an instance asks one for a place; an
/// instance that is full passes one of its own rows on to another; and so on, until one is reached that has room. The
/// cheapest such chain is taken first (successive shortest paths), so that the assignment is the cheapest of its size
/// at every moment; it must have been so at the beginning.
///
/// Room means: less than `shares.base` rows, or one more while fewer than `shares.extras` instances have that many. So
/// the flow itself decides who gets the extras, wherever that saves a move.
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

    let choices: Choices
    let instanceCount: Int
    private(set) var table: AssignmentTable
    private(set) var load: [Int32]
    private(set) var shares: EvenShares
    /// Rows that lack something, in order.
    var openRows: [Int32]
    let wanted: Int
    var held: [[Int32]]
    var distance: [Int]

    private var extrasUsed = 0
    private var extrasNode: Int { instanceCount }
    private static let unreachable = Int.max / 2

    /// - Parameter wanted: how many instances a row should have; fewer where it has fewer choices.
    init(choices: Choices, table: AssignmentTable, load: [Int32], shares: EvenShares, wanted: Int) {
        self.choices = choices
        self.instanceCount = load.count
        self.table = table
        self.load = load
        self.shares = shares
        self.wanted = wanted
        self.distance = []
        self.openRows = []
        self.held = load.map { count in
            var rows: [Int32] = []
            rows.reserveCapacity(Int(count) + 8)
            return rows
        }
        for row in 0..<table.rowCount {
            for instance in table.row(row) { held[Int(instance)].append(Int32(row)) }
        }
        countExtras()
        findOpenRows()
    }

    /// Whether a row could still take another of its choices.
    func isOpen(_ row: Int) -> Bool {
        let most = choices.elsewhere == nil ? min(wanted, choices.listed.count(row)) : wanted
        return table.count(row) < most
    }

    /// Whether an instance has room without taking an extra.
    func hasRoom(_ instance: Int) -> Bool { load[instance] < shares.base }

    var hasExtrasLeft: Bool { extrasUsed < shares.extras }

    private mutating func countExtras() {
        let base = shares.base
        extrasUsed = load.count { $0 > base }
    }

    private mutating func findOpenRows() {
        openRows = (0..<table.rowCount).compactMap { isOpen($0) ? Int32($0) : nil }
    }

    /// Assigns rows while there is room and a chain of exchanges that costs no more than `limit`.
    mutating func run(upTo limit: Int = .max) {
        while !openRows.isEmpty, hasExtrasLeft || load.contains(where: { $0 < shares.base }) {
            measureDistances()
            guard let nearest = nearestRoom(), nearest <= limit else { return }
            takePaths(of: nearest)
            openRows = openRows.filter { isOpen(Int($0)) }
        }
    }

    /// Assigns what is still open beyond even shares, each instance at most `maximum`: exclusions may leave no other way.
    mutating func overfill(upTo maximum: Int) {
        while !openRows.isEmpty, shares.extras > 0 || shares.base < maximum {
            measureDistances()
            let full = (0..<instanceCount).filter { distance[$0] < Self.unreachable }
            if full.isEmpty { return }
            let missing = openRows.reduce(0) { $0 + wanted - table.count(Int($1)) }
            // The highest load cannot stay below this, so nothing is lost by going there at once.
            let step = shares.extras > 0 ? 1 : max(1, missing / full.count)
            shares.base = min(maximum, shares.base + step)
            shares.extras = 0
            countExtras()
            run()
        }
    }

    mutating func assign(_ row: Int32, to instance: Int) {
        table.append(Int32(instance), to: Int(row))
        held[instance].append(row)
        load[instance] += 1
        if load[instance] == shares.base + 1 { extrasUsed += 1 }
    }

    mutating func release(_ row: Int32, from instance: Int) {
        table.remove(Int32(instance), from: Int(row))
        if load[instance] == shares.base + 1 { extrasUsed -= 1 }
        load[instance] -= 1
        guard let index = held[instance].firstIndex(of: row) else { return }
        held[instance].swapAt(index, held[instance].count - 1)
        held[instance].removeLast()
    }
}

// MARK: - Distances

extension ExchangeFlow {
    /// The cost of the cheapest chain that ends at an instance with room, `nil` when there is none.
    private func nearestRoom() -> Int? {
        var nearest = hasExtrasLeft ? distance[extrasNode] : Self.unreachable
        for instance in 0..<instanceCount where hasRoom(instance) { nearest = min(nearest, distance[instance]) }
        return nearest < Self.unreachable ? nearest : nil
    }

    /// Finds for every instance the cost of the cheapest chain from a row that lacks something (Bellman and Ford: what
    /// a row gets back for leaving an instance makes negative steps).
    private mutating func measureDistances() {
        distance = [Int](repeating: Self.unreachable, count: instanceCount + 1)
        var queue = WorkQueue(count: instanceCount + 1)
        for row in openRows { relaxListed(Int(row), from: 0, &queue) }
        relaxElsewhere(openRows, from: 0, &queue) { _, _ in true }
        while let node = queue.next() {
            if node == extrasNode {
                for instance in 0..<instanceCount where load[instance] > shares.base {
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

    private mutating func relaxNeighbours(of instance: Int, _ queue: inout WorkQueue) {
        if shares.extras > 0, load[instance] == shares.base { relax(extrasNode, distance[instance], &queue) }
        let start = distance[instance]
        for row in held[instance] {
            relaxListed(Int(row), from: start - choices.cost(Int(row), Int32(instance)), &queue)
        }
        guard let elsewhere = choices.elsewhere else { return }
        for refund in [elsewhere, 0] {
            relaxElsewhere(held[instance], from: start - refund, &queue) { choices, row in
                choices.cost(row, Int32(instance)) == refund
            }
        }
    }

    private mutating func relaxListed(_ row: Int, from start: Int, _ queue: inout WorkQueue) {
        for index in choices.listed.range(row) {
            let instance = choices.listed.instances[index]
            let candidate = start + choices.cost(of: index)
            if candidate < distance[Int(instance)], !table.contains(instance, in: row) {
                relax(Int(instance), candidate, &queue)
            }
        }
    }

    /// Relaxes the steps of several rows to instances that are not listed. Nearly every row can go nearly everywhere,
    /// so the first few rows settle all instances, and the rest need not be looked at.
    private mutating func relaxElsewhere(
        _ rows: [Int32], from start: Int, _ queue: inout WorkQueue, where isMeant: (Choices, Int) -> Bool
    ) {
        guard let elsewhere = choices.elsewhere else { return }
        let candidate = start + elsewhere
        var unsettled = (0..<Int32(instanceCount)).filter { distance[Int($0)] > candidate }
        for row in rows where isMeant(choices, Int(row)) {
            if unsettled.isEmpty { return }
            unsettled.removeAll { instance in
                if table.contains(instance, in: Int(row)) || choices.forbids(Int(row), instance) { return false }
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

    init(count: Int) { isWaiting = [Bool](repeating: false, count: count) }

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
        return node
    }
}
