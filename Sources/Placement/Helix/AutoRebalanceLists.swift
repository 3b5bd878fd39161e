/// The order within the lists of ``AutoRebalancePlacement``: what was there before what is new, and each state where
/// there is least of it.
struct AutoRebalanceLists: Sendable {
    private let assignment: AutoRebalanceAssignment
    /// By instance: its place among those that are there, or -1.
    private let rank: [Int]
    /// By position in a list: the number of the state.
    private let states: [Int]
    private let stateCount: Int
    /// By instance and state: how many it has been given so far.
    private var counts: [Int]

    init(_ assignment: AutoRebalanceAssignment) {
        self.assignment = assignment
        var rank = [Int](repeating: -1, count: assignment.problem.instances.count)
        for (index, instance) in assignment.live.enumerated() { rank[instance] = index }
        self.rank = rank
        let stateCounts = assignment.problem.stateCounts
        states = stateCounts.enumerated().flatMap { Array(repeating: $0.offset, count: $0.element) }
        stateCount = stateCounts.count
        counts = Array(repeating: 0, count: rank.count * stateCounts.count)
    }

    /// The lists by partition. The states are given out over all that was there, then over all that is new, each time
    /// along the names of the partitions.
    consuming func lists() -> [[Int32]] {
        let names = assignment.problem.partitions
        let order = names.indices.sorted { (names[$0], $0) < (names[$1], $1) }
        var lists = [[Int32]](repeating: [], count: names.count)
        for isNew in [false, true] {
            for partition in order { lists[partition] += ordered(instances(of: partition, new: isNew)) }
        }
        return lists
    }

    /// Those in preferred places first, then as the instances are ranked.
    private func instances(of partition: Int, new isNew: Bool) -> [Int32] {
        let replicas = partition * assignment.replicas..<(partition + 1) * assignment.replicas
        let shown = replicas.filter { replica in
            let instance = Int(assignment.place[replica])
            return instance >= 0 && rank[instance] >= 0 && assignment.isNew(replica) == isNew
        }
        let keyed = shown.map { replica in
            (assignment.isPreferred[replica] ? 0 : 1, rank[Int(assignment.place[replica])])
        }
        return keyed.sorted { $0 < $1 }.map { Int32(assignment.live[$0.1]) }
    }

    private mutating func ordered(_ instances: [Int32]) -> [Int32] {
        var left = instances
        return instances.indices.map { position in
            let state = states[position]
            var least = 0
            for index in left.indices where count(left[index], state) < count(left[least], state) { least = index }
            let instance = left.remove(at: least)
            counts[Int(instance) * stateCount + state] += 1
            return instance
        }
    }

    private func count(_ instance: Int32, _ state: Int) -> Int { counts[Int(instance) * stateCount + state] }
}
