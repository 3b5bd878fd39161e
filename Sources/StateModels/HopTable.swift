/// For every pair of states the first step of the shortest way between them.
struct HopTable: Sendable {
    private let count: Int
    private let hops: [Int16]  // count × count; -1 where there is no way

    /// - Parameter edges: direct transitions by state index, the preferred ones first.
    init(stateCount count: Int, edges: [(from: Int, to: Int)]) {
        self.count = count
        var hops = [Int16](repeating: -1, count: count * count)
        let incoming = Dictionary(grouping: edges, by: \.to)
        for target in 0..<count {
            // Breadth first from the target backwards: a state is reached first over the fewest steps.
            var distance = [Int](repeating: .max, count: count)
            distance[target] = 0
            var queue = [target]
            var next = 0
            while next < queue.count {
                let state = queue[next]
                next += 1
                for edge in incoming[state] ?? [] where distance[edge.from] == .max {
                    distance[edge.from] = distance[state] + 1
                    queue.append(edge.from)
                }
            }
            for edge in edges where distance[edge.to] != .max && distance[edge.from] == distance[edge.to] + 1 {
                if hops[edge.from * count + target] == -1 { hops[edge.from * count + target] = Int16(edge.to) }
            }
        }
        self.hops = hops
    }

    func next(from: Int, to: Int) -> Int? {
        let hop = hops[from * count + to]
        return hop < 0 ? nil : Int(hop)
    }
}
