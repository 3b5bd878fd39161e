import HelixRecords
import StateModels

/// Stage 6: what is sent, and in which order.
enum IssueTransitions {
    /// What is asked for in one partition.
    struct Issue {
        var planned: [PlannedTransition] = []
        var held: [ComputeTransitions.Held] = []
        /// When to ask again, should that not have had an effect by then: a message may not reach its instance.
        var deadline: Int64?

        fileprivate mutating func note(_ asked: AskedTransition) { deadline = min(deadline ?? .max, asked.nextAt) }
    }

    /// Turns what passed the constraints into transitions to send, unless the same was asked for just now without
    /// effect: a participant that refuses a message deletes it, and would be asked again for ever, at full speed.
    static func issue(
        _ plan: PartitionPlan, partition: Int, of resource: ClusterSnapshot.Resource,
        _ configuration: ResourceConfiguration, _ decision: inout ResourceDecision, _ snapshot: ClusterSnapshot
    ) -> Issue {
        var issue = Issue()
        var asked = decision.asked.isEmpty ? [] : decision.openAsks(in: partition, plan.state, snapshot)
        let isTopMissing = !plan.state.replicas.contains { $0.state == 0 }
        for candidate in plan.passed {
            guard let live = snapshot.instances[Int(candidate.instance)].live else { continue }
            let former = asked.firstIndex {
                $0.instance == candidate.instance && $0.from == candidate.from && $0.to == candidate.to
            }
            if let former, asked[former].isTooEarly(at: snapshot.time) {
                let ask = asked[former]
                issue.held.append(candidate.held(.retryLater(attempts: ask.attempts, at: ask.nextAt)))
                issue.note(ask)
                continue
            }
            let attempts = former.map { asked.remove(at: $0).attempts } ?? 0
            let ask = AskedTransition(
                instance: candidate.instance, session: live.id, from: candidate.from, to: candidate.to,
                attempts: attempts + 1, lastAt: snapshot.time)
            asked.append(ask)
            issue.note(ask)
            issue.planned.append(
                transition(
                    candidate, resource.partitions[partition], configuration, snapshot, isTopMissing: isTopMissing))
        }
        decision.asked[partition] = asked.isEmpty ? nil : asked
        return issue
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
            resourceGroup: configuration.idealState?.resourceGroup, resourceTag: configuration.tag, from: from, to: to,
            timeout: timeout(from: from, to: to, partition: partition, configuration, snapshot),
            urgency: min(model.rank(from: candidate.from, to: candidate.to), model.transitions.count)
                + (isTopMissing ? 0 : model.transitions.count))
    }

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
