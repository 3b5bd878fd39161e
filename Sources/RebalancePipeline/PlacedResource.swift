import Placement

/// Where the controller has placed a resource, and from what.
struct PlacedResource: Sendable {
    var inputs: PlacementInputs
    /// By partition index; empty for those that are not wanted.
    var lists: [[Int32]]
    var load: PlacedLoad
    /// What could not be placed.
    var problems: [Problem]
    /// The same, in numbers.
    var violations: [Violation]
    /// Whether the resource was left as it is since: others may have been placed without it.
    var wasFrozen = false
    /// Where it was placed before the cluster stood still, if it has been placed since: that tells what would come, but nobody
    /// is asked for it, so it is not what the next placement begins with.
    var former: Basis?

    /// What the next placement begins with.
    struct Basis: Sendable {
        var lists: [[Int32]]
        /// `nil` when nobody knows where the resource was placed.
        var inputs: PlacementInputs?
    }

    var basis: Basis { former ?? Basis(lists: lists, inputs: inputs) }
}

/// How many replicas, and how many in the top state, are placed on each instance, and what they weigh; by instance index.
struct PlacedLoad: Sendable, Hashable {
    private(set) var replicas: [Int32] = []
    private(set) var tops: [Int32] = []
    /// By dimension, then by instance.
    private(set) var weights: [String: [Int]] = [:]

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

    /// Adds what placed replicas weigh.
    mutating func weigh(_ lists: [[Int32]], _ inputs: PlacementInputs) {
        for (number, dimension) in (inputs.capacityRules?.dimensions ?? []).enumerated() {
            var sums = [Int](repeating: 0, count: replicas.count)
            for (partition, weight) in zip(inputs.partitions, inputs.weights) {
                for instance in lists[Int(partition)] { sums[Int(instance)] += weight[number] }
            }
            weights[dimension] = sums
        }
    }

    func weight(_ dimension: String, of instance: Int32) -> Int { weights[dimension]?.at(Int(instance)) ?? 0 }

    static func += (a: inout PlacedLoad, b: PlacedLoad) { a.combine(b, +) }

    static func -= (a: inout PlacedLoad, b: PlacedLoad) { a.combine(b, -) }

    func replicas(of instance: Int32) -> Int { Int(replicas.at(Int(instance))) }

    func tops(of instance: Int32) -> Int { Int(tops.at(Int(instance))) }

    private mutating func combine(_ other: PlacedLoad, _ operation: (Int, Int) -> Int) {
        for (dimension, others) in other.weights {
            let own = weights[dimension] ?? []
            weights[dimension] = (0..<max(own.count, others.count)).map { operation(own.at($0), others.at($0)) }
        }
        grow(to: other.replicas.count)
        for index in other.replicas.indices {
            replicas[index] = Int32(operation(Int(replicas[index]), Int(other.replicas[index])))
            tops[index] = Int32(operation(Int(tops[index]), Int(other.tops[index])))
        }
    }

    private mutating func grow(to count: Int) {
        guard replicas.count < count else { return }
        replicas.append(contentsOf: repeatElement(0, count: count - replicas.count))
        tops.append(contentsOf: repeatElement(0, count: count - tops.count))
    }
}

extension Array where Element: BinaryInteger {
    /// The element at `index`, 0 beyond the end.
    fileprivate func at(_ index: Int) -> Element { index < count ? self[index] : 0 }
}
