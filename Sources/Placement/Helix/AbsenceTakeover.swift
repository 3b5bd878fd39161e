/// Gives what absent instances have to others by consistent hashing; nothing else moves.
struct AbsenceTakeover: Sendable {
    private let problem: NamedProblem
    private let seed: Int32
    /// By instance: the place of its zone in the tree.
    private var zone: [Int32]
    /// By partition: the zones that have it.
    private var zonesWith: AssignmentTable
    private let ring: ConsistentHashRing

    init(_ problem: NamedProblem, tree: CrushTree, seed: Int32) {
        self.problem = problem
        self.seed = seed
        zone = Array(repeating: 0, count: problem.instances.count)
        zonesWith = AssignmentTable(rows: problem.partitions.count, width: problem.replicas)
        for (place, instances) in tree.zones.map(\.instances).enumerated() {
            for instance in instances { zone[instance] = Int32(place) }
        }
        let members = tree.zones.flatMap(\.instances)
        let order = JavaHashOrder.positions(of: members.map { problem.instances[$0].hashCode })
        ring = ConsistentHashRing(order.map { members[$0] }, names: problem.instances)
    }

    /// Replaces absent instances; says whether all of their replicas found a place.
    mutating func replaceAbsent(_ assignment: inout NodeAssignment) -> Bool {
        guard problem.isThere.contains(true) else { return false }
        var lost: [Int] = []
        for instance in assignment.instances {
            let partitions = assignment.partitions[instance]
            if problem.isThere[instance] {
                for partition in partitions { zonesWith.append(zone[instance], to: Int(partition)) }
            } else {
                lost += partitions.lazy.map(Int.init)
                assignment.remove(instance)
            }
        }
        return replace(lost, &assignment)
    }

    private mutating func replace(_ lost: [Int], _ assignment: inout NodeAssignment) -> Bool {
        var counts = [Int: UInt32]()
        var distinct: [Int] = []
        for partition in lost {
            if counts[partition] == nil { distinct.append(partition) }
            counts[partition, default: 0] += 1
        }
        var isComplete = true
        for position in JavaHashOrder.positions(of: distinct.map { problem.partitions[$0].hashCode }) {
            let partition = distinct[position]
            for index in 0..<(counts[partition] ?? 0) {
                if let instance = successor(of: partition, index: index) {
                    assignment.add(Int32(partition), to: instance)
                    zonesWith.append(zone[instance], to: partition)
                } else {
                    isComplete = false
                }
            }
        }
        return isComplete
    }

    /// The next instance on the ring that is there and in a zone that does not have the partition.
    private func successor(of partition: Int, index: UInt32) -> Int? {
        let name = UInt32(bitPattern: problem.partitions[partition].hashCode)
        let start = JenkinsHash.hash(UInt32(bitPattern: seed), name, index)
        let found = ring.instances(from: start).first { instance in
            problem.isThere[Int(instance)] && !zonesWith.contains(zone[Int(instance)], in: partition)
        }
        return found.map(Int.init)
    }
}
