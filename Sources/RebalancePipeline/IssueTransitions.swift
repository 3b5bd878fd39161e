import HelixRecords
import StateModels

/// Stage 6: what is sent, in which order, and which messages have lost their meaning.
enum IssueTransitions {
    typealias Configuration = ReadConfiguration.ResourceConfiguration

    /// Turns what passed the constraints into transitions to send, unless the same was asked for just now without
    /// effect: a participant that refuses a message deletes it, and would be asked again for ever, at full speed.
    static func plan(
        _ passed: [ComputeTransitions.Candidate], partition: Int, _ state: ReadCurrentState.PartitionState,
        _ configuration: Configuration, _ decision: inout ResourceDecision, _ snapshot: ClusterSnapshot
    ) -> (planned: [PlannedTransition], held: [ComputeTransitions.Held]) {
        var planned: [PlannedTransition] = []
        var held: [ComputeTransitions.Held] = []
        var asked = (decision.asked[partition] ?? []).filter { state.state(of: $0.instance) == $0.from }
        let isTopMissing = !state.replicas.contains { $0.state == 0 }
        for candidate in passed {
            guard let live = snapshot.instances[Int(candidate.instance)].live else { continue }
            let former = asked.firstIndex {
                $0.instance == candidate.instance && $0.from == candidate.from && $0.to == candidate.to
            }
            if let former, snapshot.time < asked[former].nextAt {
                held.append(
                    .init(
                        instance: candidate.instance, from: candidate.from, wanted: candidate.wanted,
                        reason: .retryLater(attempts: asked[former].attempts, at: asked[former].nextAt)))
                continue
            }
            let attempts = former.map { asked.remove(at: $0).attempts } ?? 0
            asked.append(
                AskedTransition(
                    instance: candidate.instance, from: candidate.from, to: candidate.to, attempts: attempts + 1,
                    lastAt: snapshot.time))
            planned.append(
                transition(candidate, partition, configuration, snapshot, live: live, isTopMissing: isTopMissing))
        }
        decision.asked[partition] = asked.isEmpty ? nil : asked
        return (planned, held)
    }

    private static func transition(
        _ candidate: ComputeTransitions.Candidate, _ partition: Int, _ configuration: Configuration,
        _ snapshot: ClusterSnapshot, live: ClusterSnapshot.LiveSession, isTopMissing: Bool
    ) -> PlannedTransition {
        let model = configuration.model
        let name = snapshot.resources[configuration.name]!.partitions[partition]
        let from = model.states[candidate.from].name
        let to = model.states[candidate.to].name
        return PlannedTransition(
            resource: configuration.name, partition: name, instance: snapshot.instances[Int(candidate.instance)].name,
            session: live.id, acceptsBatchMessages: live.acceptsBatchMessages, stateModel: model.name,
            stateModelFactory: configuration.stateModelFactory, from: from, to: to,
            timeout: timeout(from: from, to: to, partition: name, configuration, snapshot),
            urgency: model.rank(from: candidate.from, to: candidate.to) + (isTopMissing ? 0 : model.transitions.count))
    }

    /// The resource's own timeout, else the ideal state's, else the cluster's (protocol reference 4.4, 4.5; a resource
    /// configuration without timeouts does not cancel the others, as it does in Java).
    private static func timeout(
        from: String, to: String, partition: String, _ configuration: Configuration, _ snapshot: ClusterSnapshot
    ) -> Duration? {
        configuration.config?.timeout(from: from, to: to, partition: partition)
            ?? configuration.idealState?.transitionTimeout(from: from, to: to)
            ?? snapshot.clusterConfig.value?.timeout(from: from, to: to, partition: partition)
    }

    // MARK: Messages that have lost their meaning

    /// How long a message that no longer fits stays, in milliseconds: its receiver may be about to delete it.
    static let purgeDelay: Int64 = 60_000

    /// Notes stale messages of a partition, and tells when they are due.
    static func noteStale(
        _ state: ReadCurrentState.PartitionState, _ decision: inout Decision, _ snapshot: ClusterSnapshot
    ) {
        for pending in state.stale {
            let message = ObsoleteMessage(instance: snapshot.instances[Int(pending.instance)].name, id: pending.message)
            if decision.staleSince[message] == nil { decision.staleSince[message] = snapshot.time }
        }
    }

    /// Which of the noted messages should be deleted now: those that fit no partition any more, after a while.
    static func obsoleteMessages(_ decision: inout Decision, _ snapshot: ClusterSnapshot) {
        for (message, since) in decision.staleSince {
            guard let index = snapshot.instanceIndex(message.instance),
                let content = snapshot.instances[index].messages[message.id], let resource = content.resource,
                let row = snapshot.resources[resource],
                case .ready(let configuration)? = decision.resources[resource]?.configuration,
                let standing = decision.standing
            else {
                decision.staleSince[message] = nil
                continue
            }
            let isStale = content.partitions.allSatisfy { name in
                guard let partition = row.partitions.index(of: name) else { return true }
                let state = ReadCurrentState.partition(partition, of: row, configuration, standing, snapshot)
                return state.stale.contains { $0.message == message.id }
            }
            if !isStale {
                decision.staleSince[message] = nil
            } else if snapshot.time >= since + purgeDelay {
                decision.staleSince[message] = nil
                decision.obsoleteMessages.append(message)
            } else {
                decision.note(deadline: since + purgeDelay)
            }
        }
        decision.obsoleteMessages.sort { ($0.instance, $0.id) < ($1.instance, $1.id) }
    }
}

extension Decision {
    mutating func note(deadline: Int64?) {
        guard let deadline else { return }
        nextDeadline = min(nextDeadline ?? .max, deadline)
    }
}
