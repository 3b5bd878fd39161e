/// The rounds of ``MultiRoundCrushPlacement`` within a zone, for the partitions that have one state there.
struct ZoneRounds: Sendable {
    private static let most = 3

    private let problem: NamedProblem
    private let members: [Int]
    private let names: [JavaString]
    /// By member: what a draw knows of it.
    private let children: [CrushChild]
    private let partitions: [Int32]
    /// By member: how many partitions it should have, rounded down.
    private let targets: [Int]
    private let whole: CrushBucket

    private var assignment: NodeAssignment
    /// By member: what it gives back at the start of a round. Java never forgets it, so that it may come round again
    /// when it has another place already.
    private var surplus: [[Int32]]
    private var surplusMembers: [Int] = []

    init(_ problem: NamedProblem, zone: CrushTree.Zone, partitions: [Int32]) {
        self.problem = problem
        self.partitions = partitions
        members = zone.instances
        names = members.map { problem.instances[$0] }
        let weights = members.map { problem.isThere[$0] ? problem.weights[$0] : 0 }
        children = zip(names, weights).enumerated().map { place, member in
            CrushChild(place, name: member.0, weight: member.1)
        }
        targets = weights.map {
            Int((Double($0) / Double(max(1, zone.weight)) * Double(partitions.count)).rounded(.down))
        }
        whole = CrushBucket(children)
        assignment = NodeAssignment(instances: names)
        surplus = Array(repeating: [], count: members.count)
    }

    /// Partitions with their instances.
    mutating func instances() -> [(partition: Int, instance: Int32)] {
        var bucket = whole
        var pending = partitions
        for _ in 0..<Self.most {
            pending += giveBack()
            for partition in pending {
                guard let member = bucket.numbers(1, for: problem.partitions[Int(partition)]).first else { continue }
                assignment.add(partition, to: Int(member))
                noteSurplus(Int(member))
                bucket = lacking()
            }
            pending = []
        }
        return result()
    }

    private mutating func giveBack() -> [Int32] {
        let order = JavaHashOrder.positions(of: surplusMembers.map { names[$0].hashCode })
        return order.flatMap { position in
            let member = surplusMembers[position]
            let given = Set(surplus[member])
            assignment.set(assignment.partitions[member].filter { !given.contains($0) }, of: member)
            return surplus[member]
        }
    }

    /// One above the target is allowed; what is more, from the front, is to go.
    private mutating func noteSurplus(_ member: Int) {
        let above = assignment.load(member) - targets[member] - 1
        if above <= 0 { return }
        if surplus[member].isEmpty { surplusMembers.append(member) }
        surplus[member] = Array(assignment.partitions[member].prefix(above))
    }

    /// The zone with what members lack as their weights; as it is when nobody lacks anything.
    private func lacking() -> CrushBucket {
        var lacking = children
        for member in lacking.indices {
            let missing = children[member].weight == 0 ? 0 : targets[member] - assignment.load(member)
            lacking[member].weight = Int64(max(0, missing) * 10)
        }
        return lacking.contains { $0.weight > 0 } ? CrushBucket(lacking) : whole
    }

    /// Where a partition has come to two members the one counts that Java's walk comes to last.
    private func result() -> [(partition: Int, instance: Int32)] {
        var places: [Int32: Int] = [:]
        for member in assignment.instances {
            for partition in assignment.partitions[member] { places[partition] = member }
        }
        return partitions.compactMap { partition in
            places[partition].map { (Int(partition), Int32(members[$0])) }
        }
    }
}
