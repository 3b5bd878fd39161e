import HelixRecords
import StateModels

/// Stage 6: what is sent, and in which order.
enum IssueTransitions {
    /// What passed the constraints of its partition, without what was asked for just now without effect: a participant
    /// that refuses a message deletes it, and would be asked again for ever, at full speed.
    ///
    /// - Returns: what may be asked for, and what has to wait, with the time at which to ask again.
    static func ready(
        _ plan: PartitionPlan, partition: Int, _ decision: inout ResourceDecision, _ snapshot: ClusterSnapshot
    ) -> (candidates: [ComputeTransitions.Candidate], held: [ComputeTransitions.Held], deadline: Int64?) {
        let asked = decision.asked.isEmpty ? [] : decision.openAsks(in: partition, plan.state, snapshot)
        decision.asked[partition] = asked.isEmpty ? nil : asked
        var candidates: [ComputeTransitions.Candidate] = []
        var held: [ComputeTransitions.Held] = []
        var deadline: Int64?
        for candidate in plan.passed where snapshot.instances[Int(candidate.instance)].live != nil {
            if let ask = asked.first(where: { $0.isAbout(candidate) }), ask.isTooEarly(at: snapshot.time) {
                held.append(candidate.held(.retryLater(attempts: ask.attempts, at: ask.nextAt)))
                deadline = min(deadline ?? .max, ask.nextAt)
            } else {
                candidates.append(candidate)
            }
        }
        return (candidates, held, deadline)
    }

    /// Turns what may begin into a transition to send.
    /// - Parameter mayRelay: whether its successor's promotion may go with it.
    /// - Returns: the transition, and when to ask again, should it not have had an effect by then: a message may not reach
    ///   its instance.
    static func issue(
        _ candidate: ComputeTransitions.Candidate, partition: Int, of resource: ClusterSnapshot.Resource,
        _ configuration: ResourceConfiguration, _ decision: inout ResourceDecision, _ snapshot: ClusterSnapshot,
        isTopMissing: Bool, mayRelay: Bool
    ) -> (planned: PlannedTransition, deadline: Int64) {
        var asked = decision.asked[partition] ?? []
        let attempts = asked.firstIndex { $0.isAbout(candidate) }.map { asked.remove(at: $0).attempts } ?? 0
        let ask = AskedTransition(
            instance: candidate.instance, session: snapshot.instances[Int(candidate.instance)].live?.id ?? "",
            from: candidate.from, to: candidate.to, attempts: attempts + 1, lastAt: snapshot.time)
        asked.append(ask)
        decision.asked[partition] = asked
        let name = resource.partitions[partition]
        var planned = transition(candidate, name, configuration, snapshot, isTopMissing: isTopMissing)
        if let successor = candidate.successor, mayRelay {
            let promotion = ComputeTransitions.Candidate(
                instance: successor.instance, from: successor.from, to: candidate.from, wanted: candidate.from,
                isLeaving: false)
            planned.relays = [transition(promotion, name, configuration, snapshot, isTopMissing: isTopMissing)]
        }
        return (planned, ask.nextAt)
    }

    private static func transition(
        _ candidate: ComputeTransitions.Candidate, _ partition: String, _ configuration: ResourceConfiguration,
        _ snapshot: ClusterSnapshot, isTopMissing: Bool
    ) -> PlannedTransition {
        let model = configuration.model
        let instance = snapshot.instances[Int(candidate.instance)]
        let from = model.states[candidate.from].name
        let to = model.states[candidate.to].name
        return PlannedTransition(
            resource: configuration.name, partition: partition, instance: instance.name,
            session: instance.live?.id ?? "", acceptsBatchMessages: instance.live?.acceptsBatchMessages ?? false,
            stateModel: configuration.modelName, stateModelFactory: configuration.stateModelFactory,
            bucketSize: configuration.idealState?.bucketSize ?? 0,
            resourceGroup: configuration.idealState?.resourceGroup, resourceTag: configuration.tag, from: from, to: to,
            timeout: timeout(from: from, to: to, partition: partition, configuration, snapshot),
            retries: configuration.config?.retryCount(from: from, to: to, partition: partition)
                ?? snapshot.clusterConfig.value?.retryCount(from: from, to: to, partition: partition)
                ?? standardRetries,
            urgency: min(model.rank(from: candidate.from, to: candidate.to), model.transitions.count)
                + (isTopMissing ? 0 : model.transitions.count))
    }

    /// As often as Helix has it.
    private static let standardRetries = 3

    /// The resource's own timeout, else the ideal state's, else the cluster's (protocol reference 4.4, 4.5; a resource
    /// configuration without timeouts does not cancel the others, as it does in Java).
    private static func timeout(
        from: String, to: String, partition: String, _ configuration: ResourceConfiguration, _ snapshot: ClusterSnapshot
    ) -> Duration? {
        configuration.config?.timeout(from: from, to: to, partition: partition)
            ?? configuration.idealState?.transitionTimeout(from: from, to: to)
            ?? snapshot.clusterConfig.value?.timeout(from: from, to: to, partition: partition)
    }
}
