/// A number of transitions that may run at once, and who waits for a place.
struct TransitionPool: Sendable {
    var limit: Int
    private(set) var running = 0
    private var line: [ReplicaKey] = []
    private var first = 0

    init(limit: Int) { self.limit = limit }

    mutating func enqueue(_ key: ReplicaKey) { line.append(key) }

    /// The next in line, provided that there is a place.
    mutating func dequeue() -> ReplicaKey? {
        guard running < limit, first < line.count else { return nil }
        let key = line[first]
        first += 1
        if first == line.count || first >= 1_024 {
            line.removeFirst(first)
            first = 0
        }
        return key
    }

    mutating func occupy() { running += 1 }

    mutating func release() {
        precondition(running > 0, "a place was given back that nobody had")
        running -= 1
    }

    mutating func clearLine() {
        line = []
        first = 0
    }
}

/// How many transitions may run at once.
struct TransitionLimits: Sendable, Hashable {
    /// For all resources without a limit of their own together.
    var shared = 40
    /// For single resources.
    var resources: [String: Int] = [:]
}
