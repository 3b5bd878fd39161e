import HelixRecords
import StateModels

/// A transition that was called off, to notice when that had no effect.
struct CalledOff: Sendable, Hashable {
    /// The message that asked for the transition.
    var message: String
    var instance: Int32
    /// When it was called off last, in milliseconds since 1970.
    var at: Int64

    /// How long an instance has to take notice before it is told again, in milliseconds.
    static let patience: Int64 = 5_000

    var nextAt: Int64 { at + Self.patience }

    /// Whether it is too early to say it again. A clock that was set back is no reason to wait.
    func isTooEarly(at time: Int64) -> Bool { time >= at && time < nextAt }
}

/// The part of stage 6 that calls off what is under way and no longer wanted, where the cluster allows it
/// (STATE_TRANSITION_CANCELLATION_ENABLED).
///
/// A handler may not be able to stop, or may be done already: then the transition ends as it would have, and the next
/// pass sees to the rest.
enum CancelTransitions {
    /// - Returns: when to look again at what was called off.
    static func decide(
        _ all: [ComputeTransitions.Unwanted], partition: Int, of resource: ClusterSnapshot.Resource,
        _ configuration: ResourceConfiguration, _ own: inout ResourceDecision, _ decision: inout Decision,
        _ snapshot: ClusterSnapshot
    ) -> Int64? {
        guard snapshot.clusterConfig.value?.isCancellationEnabled == true, !all.isEmpty else {
            if !own.calledOff.isEmpty { own.calledOff[partition] = nil }
            return nil
        }
        let former = own.calledOff[partition] ?? []
        var calledOff: [CalledOff] = []
        for unwanted in all {
            let (move, instance) = (unwanted.move, snapshot.instances[Int(unwanted.move.instance)])
            guard let live = instance.live else { continue }
            let known = former.first { $0.message == move.message && $0.instance == move.instance }
            if let known, known.isTooEarly(at: snapshot.time) {
                calledOff.append(known)
                continue
            }
            calledOff.append(CalledOff(message: move.message, instance: move.instance, at: snapshot.time))
            let cancellation = PlannedCancellation(
                resource: resource.name, partition: resource.partitions[partition], instance: instance.name,
                session: live.id, stateModel: configuration.modelName,
                stateModelFactory: configuration.stateModelFactory,
                from: configuration.model.states[unwanted.from].name,
                to: configuration.model.states[move.to].name)
            // One that is still in the queue need not be said again.
            if !instance.isTold(cancellation) { decision.cancellations.append(cancellation) }
        }
        own.calledOff[partition] = calledOff.isEmpty ? nil : calledOff
        return calledOff.map(\.nextAt).min()
    }
}

extension ClusterSnapshot.Instance {
    /// Whether a cancellation lies in the instance's queue.
    fileprivate func isTold(_ cancellation: PlannedCancellation) -> Bool {
        messages.values.contains { message in
            message.messageType == .cancellation && message.resource == cancellation.resource
                && message.partitions.contains(cancellation.partition) && message.targetSession == cancellation.session
                && message.fromState == cancellation.from && message.toState == cancellation.to
        }
    }
}
