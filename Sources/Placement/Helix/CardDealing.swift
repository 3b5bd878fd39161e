/// Evens out what CRUSH has drawn: instances lay down what is above their share, and those below pick it up like cards
/// (version 2 of Helix's card dealing, with the least movement).
struct CardDealing: Sendable {
    /// The most that a share may be exceeded by, where the cards do not come out otherwise.
    private static let mostAdjustment = 2

    private let problem: NamedProblem
    private let seed: Int32
    private let tree: CrushTree
    /// The instances in the order in which Java's maps of them are walked.
    private let members: [Int]
    /// By instance: the place of its zone in the tree.
    private let zone: [Int]
    private let totalWeight: Int64
    /// By instance: how many replicas are its share.
    private var shares: [Float] = []
    /// By partition: the zones that have it.
    private var zonesWith: AssignmentTable
    /// By instance: what decides between those with the same load.
    private let tieBreaks: [Int32]

    init(_ problem: NamedProblem, tree: CrushTree, seed: Int32) {
        self.problem = problem
        self.seed = seed
        self.tree = tree
        let inserted = tree.zones.flatMap(\.instances)
        members = JavaHashOrder.positions(of: inserted.map { problem.instances[$0].hashCode }).map { inserted[$0] }
        var zone = [Int](repeating: 0, count: problem.instances.count)
        for (place, instances) in tree.zones.map(\.instances).enumerated() {
            for instance in instances { zone[instance] = place }
        }
        self.zone = zone
        totalWeight = tree.zones.reduce(0) { $0 + $1.weight }
        zonesWith = AssignmentTable(rows: problem.partitions.count, width: problem.replicas)
        let suffix = JavaString("\(seed)")
        tieBreaks = problem.instances.map { $0.hashCode(followedBy: suffix) }
    }

    /// Deals until every instance has its share; says whether it came out.
    mutating func deal(_ assignment: inout NodeAssignment) -> Bool {
        let total = assignment.replicaCount
        if total == 0 || problem.replicas > tree.zones.count { return false }
        shares = shares(of: total)
        var pending = layDown(&assignment, total: total)
        for adjustment in 0...Self.mostAdjustment where !pending.isEmpty {
            pickUp(&pending, &assignment, adjustment: adjustment)
        }
        return pending.isEmpty
    }

    /// Shares by weight. When every zone has a replica of every partition, the zones' weights do not matter. The
    /// precision of every step is Java's.
    private func shares(of total: Int) -> [Float] {
        var shares = [Float](repeating: 0, count: problem.instances.count)
        for instance in members {
            let zoneWeight = Float(tree.zones[zone[instance]].weight)
            let ofZone =
                problem.replicas == tree.zones.count
                ? Float(total) / Float(tree.zones.count) : Float(total) * zoneWeight / Float(totalWeight)
            shares[instance] = Float(problem.weights[instance]) / zoneWeight * ofZone
        }
        return shares
    }

    /// How many instances of each zone may keep one above the share.
    private func extras(_ remainder: Int) -> [Int] {
        tree.zones.map { zone in
            Int((Float(remainder) * Float(zone.weight) / Float(totalWeight)).rounded(.up))
        }
    }

    /// Takes from every instance what is above its share, chosen by lot.
    private mutating func layDown(_ assignment: inout NodeAssignment, total: Int) -> PendingPartitions {
        var remainder = Int(Int32(truncatingIfNeeded: total)) % members.count
        var extras = extras(remainder)
        var order = members
        var random = JavaRandom(seed: seed)
        random.shuffle(&order)
        var pending = PendingPartitions()
        for instance in order where assignment.contains(instance) {
            let (share, zone) = (shares[instance], zone[instance])
            var target = Int(share.rounded(.down))
            if assignment.load(instance) > target {
                if extras[zone] > 0 && remainder > 0 {
                    target = Int(share.rounded(.up))
                    extras[zone] -= 1
                    remainder -= 1
                }
                pending.add(cut(&assignment, instance, to: target))
            }
            for partition in assignment.partitions[instance] { zonesWith.append(Int32(zone), to: Int(partition)) }
        }
        pending.sort(by: problem.partitions)
        return pending
    }

    private func cut(_ assignment: inout NodeAssignment, _ instance: Int, to target: Int) -> ArraySlice<Int32> {
        var partitions = assignment.partitions[instance]
        var random = JavaRandom(seed: problem.instances[instance].hashCode &* 31 &+ seed)
        random.shuffle(&partitions)
        assignment.set(Array(partitions.prefix(target)), of: instance)
        return partitions.dropFirst(target)
    }

    /// One round: the instance with the least takes the first partition that its zone does not have yet. One that finds
    /// none leaves the round.
    private mutating func pickUp(
        _ pending: inout PendingPartitions, _ assignment: inout NodeAssignment, adjustment: Int
    ) {
        var queue = JavaPriorityQueue<Turn>()
        for instance in members { queue.add(turn(instance, assignment)) }
        while !pending.isEmpty, let turn = queue.poll() {
            let instance = turn.instance
            let room = Int(shares[instance].rounded(.down)) + adjustment - assignment.load(instance)
            let zone = Int32(zone[instance])
            guard room > 0, let partition = pending.takeFirst(where: { !zonesWith.contains(zone, in: Int($0)) })
            else { continue }
            assignment.add(partition, to: instance)
            zonesWith.append(zone, to: Int(partition))
            queue.add(self.turn(instance, assignment))
        }
    }

    private func turn(_ instance: Int, _ assignment: NodeAssignment) -> Turn {
        Turn(load: assignment.load(instance), tieBreak: tieBreaks[instance], instance: instance)
    }
}

/// An instance that waits for its turn.
private struct Turn: Comparable {
    var load: Int
    var tieBreak: Int32
    var instance: Int

    static func < (a: Turn, b: Turn) -> Bool { (a.load, a.tieBreak) < (b.load, b.tieBreak) }
}

/// Partitions that look for an instance, by name; one as often as it has replicas to place.
struct PendingPartitions: Sendable {
    private var partitions: [Int32] = []

    var isEmpty: Bool { partitions.isEmpty }

    mutating func add(_ more: some Sequence<Int32>) { partitions += more }

    mutating func sort(by names: [JavaString]) {
        partitions.sort { (names[Int($0)], $0) < (names[Int($1)], $1) }
    }

    /// Takes out the first one that meets the condition.
    mutating func takeFirst(where matches: (Int32) -> Bool) -> Int32? {
        partitions.firstIndex(where: matches).map { partitions.remove(at: $0) }
    }
}
