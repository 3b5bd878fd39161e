/// What becomes of the former versions while another one is rolled out.
extension RolloutStep {
    /// The places where a former version stays.
    ///
    /// - Parameters:
    ///   - former: where it is now.
    ///   - assigned: the places that had been told to have the new version before this step.
    public func remaining(of former: [String], assigned: [String: Int64], policy: RolloutPolicy) -> [String] {
        if policy.overlaps {
            let done = Set(done)
            return kept(former) { !done.contains($0) }
        }
        let told = Set(starting).union(assigned.keys)
        return kept(former) { !told.contains($0) }
    }

    private func kept(_ former: [String], _ condition: (String) -> Bool) -> [String] {
        let wanted = Set(done + underWay + starting + waiting + unreachable + failed.keys)
        return former.filter { wanted.contains($0) && condition($0) }
    }

    /// How many replicas every former version keeps, when places are replicas and no hosts.
    ///
    /// What is healthy stays longest: versions with the fewest healthy replicas go first, younger ones before older ones.
    /// - Parameter former: the versions, the youngest first: how many replicas they have, and how many of these are healthy.
    public func remaining(
        of former: [(size: Int, healthy: Int)], wanted: Int, assigned: Int, policy: RolloutPolicy
    ) -> [Int] {
        let replaced = policy.overlaps ? done.count : assigned + starting.count
        var surplus = former.reduce(0) { $0 + $1.size } - max(0, wanted - replaced)
        var sizes = former.map(\.size)
        for index in former.indices.sorted(by: { (former[$0].healthy, $0) < (former[$1].healthy, $1) })
        where surplus > 0 {
            let gone = min(surplus, sizes[index])
            sizes[index] -= gone
            surplus -= gone
        }
        return sizes
    }
}
