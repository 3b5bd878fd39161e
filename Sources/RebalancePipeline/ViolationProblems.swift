import Placement

/// Says what a strategy found it could not keep to, other than shortfalls.
struct ViolationProblems {
    private let inputs: PlacementInputs
    private let resource: ClusterSnapshot.Resource
    private let standing: ReadConfiguration.ClusterStanding

    init(
        _ inputs: PlacementInputs, _ resource: ClusterSnapshot.Resource,
        _ standing: ReadConfiguration.ClusterStanding
    ) {
        self.inputs = inputs
        self.resource = resource
        self.standing = standing
    }

    /// One problem a dimension and rule, with the first case as an example. A strategy may be a user's: numbers that
    /// mean nothing are passed over.
    func problems(of violations: [Violation]) -> [Problem] {
        let dimensions = (inputs.capacityRules?.dimensions ?? []).indices
        let texts = dimensions.flatMap { dimension in
            let own = violations.filter { $0.dimension == dimension }
            return [demand(own, dimension), capacity(own, dimension)]
        }
        return (texts + [faultZones(violations)]).compactMap { $0 }.map { Problem(resource: resource.name, text: $0) }
    }

    private func name(_ dimension: Int) -> String { inputs.capacityRules?.dimensions[dimension] ?? "" }

    private func demand(_ violations: [Violation], _ dimension: Int) -> String? {
        guard let first = violations.first(where: { $0.rule == .demand }) else { return nil }
        return "all replicas together weigh \(first.wanted) of \(name(dimension)), and the \(inputs.eligible.count)"
            + " instances that can take them have \(first.found) left; add instances, raise INSTANCE_CAPACITY_MAP, or"
            + " lower PARTITION_CAPACITY_MAP"
    }

    private func capacity(_ violations: [Violation], _ dimension: Int) -> String? {
        let affected = violations.filter { violation in
            violation.rule == .capacity && violation.instance.map { inputs.eligible.indices.contains(Int($0)) } == true
        }
        guard let first = affected.first, let instance = first.instance else { return nil }
        return
            "\(affected.count) of \(inputs.eligible.count) instances carry more of \(name(dimension)) than they can ("
            + "\(standing.name(of: inputs.eligible[Int(instance)])): \(first.found) where \(first.wanted) are left),"
            + " because no other placement is known that would be better; add instances, or raise INSTANCE_CAPACITY_MAP"
    }

    private func faultZones(_ violations: [Violation]) -> String? {
        let affected = violations.filter { violation in
            violation.rule == .faultZones && violation.partition.map(inputs.partitions.indices.contains) == true
        }
        guard let first = affected.first, let partition = first.partition else { return nil }
        return "\(affected.count) of \(inputs.partitions.count) partitions have replicas that share a fault zone ("
            + "\(resource.partitions[Int(inputs.partitions[partition])]): \(first.wanted) replicas in \(first.found)"
            + " zones), because there are no more zones with room; add instances in other zones"
    }
}
