/// A plain minimum-cost flow (Bellman and Ford, one unit at a time) over an explicit graph: slow, obvious, and written
/// without a look at the strategy, so that it can judge it.
struct MinimumCostFlow {
    private struct Edge {
        let to: Int
        var capacity: Int
        let cost: Int
    }

    private var edges: [Edge] = []
    private var outgoing: [[Int]]

    init(nodes: Int) { outgoing = Array(repeating: [], count: nodes) }

    mutating func connect(_ from: Int, _ to: Int, capacity: Int, cost: Int = 0) {
        outgoing[from].append(edges.count)
        edges.append(Edge(to: to, capacity: capacity, cost: cost))
        outgoing[to].append(edges.count)
        edges.append(Edge(to: from, capacity: 0, cost: -cost))
    }

    /// The greatest flow and the least cost of it.
    mutating func solve(from source: Int, to sink: Int) -> (flow: Int, cost: Int) {
        var (flow, total) = (0, 0)
        while true {
            var distance = [Int?](repeating: nil, count: outgoing.count)
            var via = [Int](repeating: -1, count: outgoing.count)
            distance[source] = 0
            var isChanging = true
            while isChanging {
                isChanging = false
                for node in outgoing.indices {
                    guard let start = distance[node] else { continue }
                    for index in outgoing[node] where edges[index].capacity > 0 {
                        let (to, reached) = (edges[index].to, start + edges[index].cost)
                        if reached < distance[to] ?? .max {
                            distance[to] = reached
                            via[to] = index
                            isChanging = true
                        }
                    }
                }
            }
            guard let cost = distance[sink] else { return (flow, total) }
            var node = sink
            while node != source {
                edges[via[node]].capacity -= 1
                edges[via[node] ^ 1].capacity += 1
                node = edges[via[node] ^ 1].to
            }
            flow += 1
            total += cost
        }
    }
}

/// An assignment problem for the oracle: `wanted` instances for every row.
struct Demand {
    var rows: Int
    var instances: Int
    var wanted: Int
    /// By instance: its zone, of which a row may have only one instance. Empty when that does not matter.
    var zones: [Int] = []
    /// The cost of a place, `nil` where it is not to be had.
    var cost: (_ row: Int, _ instance: Int) -> Int?

    /// The least cost of an even and complete assignment; `nil` when there is none.
    func leastEvenCost() -> Int? {
        let total = rows * wanted
        return leastCost(base: total / instances, extras: total % instances)
    }

    /// The least cost of a complete assignment in which every instance has at most `base`, and `extras` of them one
    /// more; `nil` when there is none.
    func leastCost(base: Int, extras: Int) -> Int? {
        var graph = graphOfChoices(extraNodes: 1)
        let (extra, sink) = (rows + instances + 2, rows + instances + 1)
        for instance in 0..<instances {
            graph.connect(1 + rows + instance, sink, capacity: base)
            graph.connect(1 + rows + instance, extra, capacity: 1)
        }
        graph.connect(extra, sink, capacity: extras)
        let (flow, cost) = graph.solve(from: 0, to: sink)
        return flow == rows * wanted ? cost : nil
    }

    /// How many places can be filled when an instance takes at most `maximum`.
    func mostPlaces(maximum: Int) -> Int {
        var graph = graphOfChoices(extraNodes: 0)
        for instance in 0..<instances {
            graph.connect(1 + rows + instance, rows + instances + 1, capacity: maximum)
        }
        return graph.solve(from: 0, to: rows + instances + 1).flow
    }

    private func graphOfChoices(extraNodes: Int) -> MinimumCostFlow {
        let first = rows + instances + 2 + extraNodes
        let zoneCount = (zones.max() ?? -1) + 1
        var graph = MinimumCostFlow(nodes: first + rows * zoneCount)
        for row in 0..<rows {
            graph.connect(0, 1 + row, capacity: wanted)
            for zone in 0..<zoneCount { graph.connect(1 + row, first + row * zoneCount + zone, capacity: 1) }
            for instance in 0..<instances {
                guard let cost = cost(row, instance) else { continue }
                let from = zones.isEmpty ? 1 + row : first + row * zoneCount + zones[instance]
                graph.connect(from, 1 + rows + instance, capacity: 1, cost: cost)
            }
        }
        return graph
    }

    /// The same as ``leastEvenCost()`` by looking at every assignment there is.
    func leastEvenCostByEnumeration() -> Int? {
        let options = (0..<1 << instances).filter { $0.nonzeroBitCount == wanted }
        var load = [Int](repeating: 0, count: instances)
        var least: Int?
        func visit(_ row: Int, _ spent: Int) {
            if row == rows {
                if spread(load) <= 1 { least = min(least ?? .max, spent) }
                return
            }
            for option in options {
                let members = (0..<instances).filter { option >> $0 & 1 == 1 }
                let costs = members.compactMap { cost(row, $0) }
                guard costs.count == wanted else { continue }
                for member in members { load[member] += 1 }
                visit(row + 1, spent + costs.reduce(0, +))
                for member in members { load[member] -= 1 }
            }
        }
        visit(0, 0)
        return least
    }
}
