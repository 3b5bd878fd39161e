internal import StateModels

/// A number of transitions that may run at once, and who waits for a place.
struct TransitionPool: Sendable {
    var limit: Int
    private(set) var running = 0
    /// By rank, the most urgent first; those of one rank in the order in which they came.
    private var lines: [(rank: Int, line: Line)] = []

    private struct Line: Sendable {
        private var keys: [ReplicaKey] = []
        private var first = 0

        mutating func append(_ key: ReplicaKey) { keys.append(key) }

        mutating func removeFirst() -> ReplicaKey? {
            guard first < keys.count else { return nil }
            let key = keys[first]
            first += 1
            if first == keys.count || first >= 1_024 {
                keys.removeFirst(first)
                first = 0
            }
            return key
        }
    }

    init(limit: Int) { self.limit = limit }

    /// - Parameter rank: the place of the transition in its model's order; smaller is more urgent.
    mutating func enqueue(_ key: ReplicaKey, rank: Int) {
        let place = lines.firstIndex { $0.rank >= rank } ?? lines.count
        if place == lines.count || lines[place].rank != rank { lines.insert((rank, Line()), at: place) }
        lines[place].line.append(key)
    }

    /// The next in line, provided that there is a place.
    mutating func dequeue() -> ReplicaKey? {
        guard running < limit else { return nil }
        for index in lines.indices {
            if let key = lines[index].line.removeFirst() { return key }
        }
        return nil
    }

    mutating func occupy() { running += 1 }

    mutating func release() {
        precondition(running > 0, "a place was given back that nobody had")
        running -= 1
    }

    mutating func clearLine() { lines = [] }
}

/// How many transitions may run at once.
struct TransitionLimits: Sendable, Hashable {
    /// For all resources without a limit of their own together.
    var shared = 40
    /// For single resources.
    var resources: [String: Int] = [:]
    /// For single transitions of whatever resource; what is limited here does not count elsewhere.
    var transitions: [Transition: Int] = [:]
}
