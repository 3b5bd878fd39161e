import StateModels

/// The preference lists of a resource whose lists nobody has written: every instance gets as many replicas as any other,
/// or one more, and its partners are spread over the others.
enum DefaultAssignment {
    /// - Parameters:
    ///   - instances: at least as many as `replicas`.
    /// - Returns: by partition, `replicas` distinct instances.
    static func lists(partitions: Int, replicas: Int, instances: [String]) -> [[String]] {
        let count = instances.count
        guard count > 0, replicas > 0 else { return Array(repeating: [], count: partitions) }
        let complete = partitions / count * count
        var lists = (0..<complete).map { partition in
            // In each round every instance leads once; the distance to its followers changes from round to round.
            let (round, leader) = (partition / count, partition % count)
            return (0..<replicas).map { replica in
                let distance = replica == 0 ? 0 : 1 + (round + replica - 1) % (count - 1)
                return instances[(leader + distance) % count]
            }
        }
        // What is left does not go round; laid out end to end it is even, and each partition is led by one of its
        // instances that leads none yet.
        var leaders: Set<String> = []
        for partition in 0..<partitions - complete {
            let members = (0..<replicas).map { instances[(partition * replicas + $0) % count] }
            let leader = members.first { !leaders.contains($0) } ?? members[0]
            leaders.insert(leader)
            lists.append([leader] + members.filter { $0 != leader })
        }
        return lists
    }

    /// The state of each instance of a list, for a map that says everything.
    static func states(of list: [String], _ model: StateModel) -> [String: String] {
        let counts = model.stateCounts(candidates: list.count, replicas: list.count)
        let states = zip(model.states, counts).flatMap { state, count in Array(repeating: state.name, count: count) }
        return Dictionary(zip(list, states)) { first, _ in first }
    }
}
