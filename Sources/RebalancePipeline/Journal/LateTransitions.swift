import HelixRecords

/// A transition that takes longer than its kind did before.
public struct LateTransition: Sendable, Hashable {
    /// The resource.
    public var resource: String
    /// The partition.
    public var partition: String
    /// The instance.
    public var instance: String
    /// The message that asks for it.
    public var message: String
    /// The state in which the replica is.
    public var from: String
    /// The state to which it should go.
    public var to: String
    /// Since when it has been asked for, in milliseconds since 1970.
    public var since: Int64
    /// How long it has been under way, in milliseconds.
    public var age: Int64
    /// How long such transitions took at most before, in milliseconds.
    public var usual: Int64

    /// What to tell an operator.
    public var text: String {
        "the transition from \(from) to \(to) has been under way for \(TimeText(age)), and such transitions took "
            + "\(TimeText(usual)) at most; see the log of \(instance), and whether it hangs"
    }
}

/// Transitions that are stuck, as far as one can tell.
///
/// Late is what takes longer than four times the longest of its kind and resource (of its kind in other resources with the
/// model where there was none yet), and than five seconds, so that a slow moment is no alarm where transitions take
/// milliseconds. A kind that has never been seen is never late: its first one may be a bootstrap that takes hours.
///
/// Time in a queue is no time in a handler. So as long as the instance finishes others, the clock starts anew; but not for
/// ever, since a handler that hangs does so among others that do not: ten times the limit is late in any case.
enum LateTransitions {
    /// What is never late, in milliseconds.
    static let floor: Int64 = 5_000
    /// By how much the longest may be exceeded.
    static let factor: Int64 = 4
    /// For how many limits the progress of others counts.
    static let patience: Int64 = 10

    /// Everything that is late, in order of instance, resource, and partition; at the cost of what is under way.
    static func all(in snapshot: ClusterSnapshot) -> [LateTransition] {
        var late: [LateTransition] = []
        for (index, instance) in snapshot.instances.enumerated() where !instance.messages.isEmpty {
            for (id, message) in instance.messages {
                guard let name = message.resource, let resource = snapshot.resources[name] else { continue }
                for partition in message.partitions.compactMap(resource.partitions.index) {
                    let isIt = { (one: ClusterSnapshot.PendingTransition) in one.message == id && one.instance == index
                    }
                    guard let pending = resource.pending[partition].first(where: isIt) else { continue }
                    if let found = verdict(on: pending, partition, of: resource, snapshot) { late.append(found) }
                }
            }
        }
        return late.sorted {
            ($0.instance, $0.resource, $0.partition, $0.message) < ($1.instance, $1.resource, $1.partition, $1.message)
        }
    }

    /// - Returns: `nil` when it is not late, as far as one can tell.
    static func verdict(
        on pending: ClusterSnapshot.PendingTransition, _ partition: Int, of resource: ClusterSnapshot.Resource,
        _ snapshot: ClusterSnapshot
    ) -> LateTransition? {
        let current = resource.current.state(partition: partition, instance: pending.instance)
        guard let from = current ?? pending.from, !pending.isUnprocessable, current != pending.to,
            pending.from == nil || current == nil || current == pending.from,
            let usual = usual(from: from, to: pending.to, resource, snapshot)
        else { return nil }
        let limit = max(floor, usual > .max / factor ? .max : usual * factor)
        // Whoever wrote the message may have written anything.
        let begun = max(0, pending.createdAt)
        let age = snapshot.time - begun
        let instance = snapshot.instances[Int(pending.instance)]
        let quiet = snapshot.time - max(begun, instance.lastFinished)
        guard age > limit, quiet > limit || age / patience > limit else { return nil }
        return LateTransition(
            resource: resource.name, partition: resource.partitions[partition], instance: instance.name,
            message: pending.message, from: snapshot.stateName(from), to: snapshot.stateName(pending.to),
            since: pending.createdAt, age: age, usual: usual)
    }

    private static func usual(
        from: UInt16, to: UInt16, _ resource: ClusterSnapshot.Resource, _ snapshot: ClusterSnapshot
    ) -> Int64? {
        if let own = resource.pace.longest(from: from, to: to) { return own }
        let model = resource.idealState.value?.stateModel
        return snapshot.resources.values.lazy
            .filter { $0.idealState.value?.stateModel == model }
            .compactMap { $0.pace.longest(from: from, to: to) }.max()
    }
}

extension HoldReason {
    /// The same; of a message that is under way, whether it is late.
    func judged(
        _ partition: Int, of resource: ClusterSnapshot.Resource, on instance: String, _ snapshot: ClusterSnapshot
    ) -> HoldReason {
        guard case .messagePending(let id, _) = self, let index = snapshot.instanceIndex(instance),
            let pending = resource.pending[partition].first(where: { $0.message == id && $0.instance == index }),
            let late = LateTransitions.verdict(on: pending, partition, of: resource, snapshot)
        else { return self }
        return .late(late)
    }
}

/// A length of time as people read it.
struct TimeText: CustomStringConvertible {
    let milliseconds: Int64

    init(_ milliseconds: Int64) { self.milliseconds = milliseconds }

    var description: String {
        switch milliseconds {
        case ..<1_000: "\(max(0, milliseconds)) ms"
        case ..<120_000: "\(milliseconds / 1_000) s"
        case ..<7_200_000: "\(milliseconds / 60_000) min"
        default: "\(milliseconds / 3_600_000) h"
        }
    }
}
