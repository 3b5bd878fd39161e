import HelixRecords
import Placement
import StateModels

/// Why the replicas of one partition are where they are, and why they are not moving.
public struct PartitionExplanation: Sendable, Hashable {
    /// One replica, present or wanted.
    public struct Replica: Sendable, Hashable {
        /// The instance.
        public var instance: String
        /// Its present state; `nil` when there is no replica yet.
        public var current: String?
        /// The state that it should have in the end; `nil` when nothing is known of that.
        public var wanted: String?
        /// The transition that would be asked for now.
        public var next: String?
        /// Why it has to wait.
        public var reasons: [HoldReason]
    }

    /// The resource.
    public var resource: String
    /// The partition.
    public var partition: String
    /// The rebalance mode, `nil` when the resource has no readable ideal state.
    public var mode: String?
    /// The state model, `nil` when there is none to be found.
    public var stateModel: String?
    /// The preference list, most preferred first.
    public var preferenceList: [String]
    /// All replicas, in order of instance name.
    public var replicas: [Replica]
    /// Faults of the cluster, the resource or the partition that bear on this.
    public var problems: [Problem]
    /// Rules of placement that could not be kept: those about the partition, and those about the whole resource.
    public var violations: [PlacementViolation] = []
}

/// A rule of placement that could not be kept, in numbers.
public struct PlacementViolation: Sendable, Hashable, Codable {
    /// `replicas` (fewer than wanted), `faultZones` (several replicas in one), `demand` (more than all instances have room
    /// for) or `capacity` (an instance carries more than it can).
    public var rule: String
    /// The partition, `nil` where the rule is about more than one.
    public var partition: String?
    /// The instance, `nil` where the rule is not about one.
    public var instance: String?
    /// The capacity key, `nil` where the rule is about counts.
    public var dimension: String?
    /// What was to be there, or not to be exceeded.
    public var wanted: Int
    /// What is there instead.
    public var found: Int
}

extension PlacedResource {
    /// The violations by name. A strategy may be a user's: numbers that mean nothing have no name.
    func violations(in resource: ClusterSnapshot.Resource, _ snapshot: ClusterSnapshot) -> [PlacementViolation] {
        violations.map { violation in
            PlacementViolation(
                rule: violation.rule.rawValue,
                partition: violation.partition.flatMap { inputs.partitions.element(at: $0) }
                    .map { resource.partitions[Int($0)] },
                instance: violation.instance.flatMap { inputs.eligible.element(at: Int($0)) }
                    .map { snapshot.instances[Int($0)].name },
                dimension: violation.dimension.flatMap { inputs.capacityRules?.dimensions.element(at: $0) },
                wanted: violation.wanted, found: violation.found)
        }
    }
}

extension Array {
    fileprivate func element(at index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}

extension Rebalancer {
    /// Explains one partition of a snapshot: the same decision as ``decide(_:)``, told in full.
    ///
    /// - Parameter former: a decision about an earlier state of this very snapshot. With it the explanation knows where
    ///   resources were placed and what has been asked for in vain; without it the cluster is seen as by a new leader.
    /// - Returns: `nil` when there is no such resource or partition.
    public func explain(
        _ snapshot: ClusterSnapshot, resource name: String, partition: String, after former: Decision? = nil
    ) -> PartitionExplanation? {
        guard let resource = snapshot.resources[name], let index = resource.partitions.index(of: partition)
        else { return nil }
        var decision = former ?? Decision()
        update(&decision, with: snapshot, changes: .everything)
        guard let own = decision.resources[name] else { return nil }
        let configuration = own.configuration?.configuration
        var explanation = PartitionExplanation(
            resource: name, partition: partition, mode: resource.idealState.value?.rebalanceMode?.rawValue,
            stateModel: configuration?.modelName ?? resource.idealState.value?.stateModel, preferenceList: [],
            replicas: [],
            problems: decision.problems + own.problems.filter { $0.partition == nil || $0.partition == partition })
        if index < own.preferenceLists.count {
            explanation.preferenceList = own.preferenceLists[index].map { snapshot.instances[Int($0)].name }
        }
        explanation.violations = (own.placement?.violations(in: resource, snapshot) ?? [])
            .filter { $0.partition == nil || $0.partition == partition }
        var replicas: [String: PartitionExplanation.Replica] = [:]
        func edit(_ instance: String, _ change: (inout PartitionExplanation.Replica) -> Void) {
            change(&replicas[instance, default: .init(instance: instance, reasons: [])])
        }
        resource.current.forEach(in: index) { instance, state in
            edit(snapshot.instances[Int(instance)].name) { $0.current = snapshot.stateName(state) }
        }
        if let configuration, let standing = decision.standing {
            let plan = PartitionPlan(partition: index, of: resource, configuration, own, standing, snapshot)
            for target in plan.target.replicas {
                edit(standing.name(of: target.instance)) {
                    $0.wanted = configuration.model.states[target.goal ?? target.state].name
                }
            }
            if let reason = own.maintenance, plan.target.unplaced > 0 {
                let count = plan.target.unplaced
                explanation.problems.append(
                    Problem(
                        resource: name, partition: partition,
                        text: "\(count == 1 ? "1 replica has" : "\(count) replicas have") no place: \(reason)"))
            }
        }
        for transition in decision.transitions where transition.resource == name && transition.partition == partition {
            edit(transition.instance) { $0.next = transition.to }
        }
        for held in decision.held(in: index, of: name, snapshot) {
            let reason = held.reason.judged(index, of: resource, on: held.instance, snapshot)
            edit(held.instance) { $0.reasons.append(reason) }
        }
        explanation.replicas = replicas.values.sorted { $0.instance < $1.instance }
        return explanation
    }
}
