/// For every pair of states the first step of the way between them: the shortest way, and of several equally short
/// ones the one whose first transition is the most urgent.
struct HopTable: Sendable, Hashable {
    private let count: Int
    private var hops: [Int16]  // count × count; -1 where there is no way

    /// - Parameters:
    ///   - count: at most `StateModel.stateLimit`.
    ///   - edges: direct transitions by state index, the most urgent first.
    init(stateCount count: Int, edges: [(from: Int, to: Int)]) {
        self.count = count
        hops = [Int16](repeating: -1, count: count * count)
        let incoming = Dictionary(grouping: edges, by: \.to)
        for target in 0..<count {
            let distance = Self.distances(to: target, count: count, incoming)
            for edge in edges where distance[edge.to] != .max && distance[edge.from] == distance[edge.to] + 1 {
                if hops[edge.from * count + target] == -1 { hops[edge.from * count + target] = Int16(edge.to) }
            }
        }
    }

    /// How many steps each state is from the target: breadth first, backwards.
    private static func distances(
        to target: Int, count: Int, _ incoming: [Int: [(from: Int, to: Int)]]
    ) -> [Int] {
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
        return distance
    }

    func next(from: Int, to: Int) -> Int? {
        let hop = hops[from * count + to]
        return hop < 0 ? nil : Int(hop)
    }

    /// Takes over the first steps towards one target from a table that somebody else has made, by origin.
    /// - Returns: whether every way still ends; where one does not, nothing is taken over.
    mutating func adopt(_ steps: [Int: Int], towards target: Int) -> Bool {
        var adopted = self
        for (from, hop) in steps where from != target { adopted.hops[from * count + target] = Int16(hop) }
        for start in 0..<count where start != target {
            var state = start
            var steps = 0
            while state != target, let next = adopted.next(from: state, to: target) {
                (state, steps) = (next, steps + 1)
                if steps > count { return false }
            }
            // A way that has begun must arrive.
            if steps > 0, state != target { return false }
        }
        self = adopted
        return true
    }
}
