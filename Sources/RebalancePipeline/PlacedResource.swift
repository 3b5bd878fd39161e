/// Where the controller has placed a resource, and from what.
struct PlacedResource: Sendable {
    var inputs: PlacementInputs
    /// By partition index; empty for those that are not wanted.
    var lists: [[Int32]]
    var load: PlacedLoad
    /// What could not be placed.
    var problems: [Problem]
}

/// How many replicas, and how many in the top state, are placed on each instance, by instance index.
struct PlacedLoad: Sendable, Hashable {
    private(set) var replicas: [Int] = []
    private(set) var tops: [Int] = []

    init() {}

    init(lists: [[Int32]], topCount: Int) {
        for list in lists {
            for (position, instance) in list.enumerated() {
                grow(to: Int(instance) + 1)
                replicas[Int(instance)] += 1
                if position < topCount { tops[Int(instance)] += 1 }
            }
        }
    }

    static func += (a: inout PlacedLoad, b: PlacedLoad) { a.combine(b, +) }

    static func -= (a: inout PlacedLoad, b: PlacedLoad) { a.combine(b, -) }

    func replicas(of instance: Int32) -> Int { Int(instance) < replicas.count ? replicas[Int(instance)] : 0 }

    func tops(of instance: Int32) -> Int { Int(instance) < tops.count ? tops[Int(instance)] : 0 }

    private mutating func combine(_ other: PlacedLoad, _ operation: (Int, Int) -> Int) {
        grow(to: other.replicas.count)
        for index in other.replicas.indices {
            replicas[index] = operation(replicas[index], other.replicas[index])
            tops[index] = operation(tops[index], other.tops[index])
        }
    }

    private mutating func grow(to count: Int) {
        guard replicas.count < count else { return }
        replicas.append(contentsOf: repeatElement(0, count: count - replicas.count))
        tops.append(contentsOf: repeatElement(0, count: count - tops.count))
    }
}
