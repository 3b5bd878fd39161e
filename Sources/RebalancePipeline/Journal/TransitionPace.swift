import HelixRecords

/// How long the transitions of one resource have taken, by kind: where they begin and where they end.
///
/// Of each kind the longest counts, and not a mean: replicas of one resource may well differ by a thousandfold in size, and
/// what one of them needed is nothing to wonder at. It is the longest of the last hundreds, so that one that hung is
/// forgotten some day. No decision depends on it.
struct TransitionPace: Sendable {
    private struct Longest: Sendable {
        var count = 0
        /// Of this generation and of the one before, in milliseconds.
        var present: Int64 = 0
        var former: Int64 = 0
    }

    /// After so many a new generation begins.
    static let generation = 256

    private var kinds: [UInt32: Longest] = [:]

    private static func kind(_ from: UInt16, _ to: UInt16) -> UInt32 { UInt32(from) << 16 | UInt32(to) }

    /// A transition took so many milliseconds.
    mutating func note(from: UInt16, to: UInt16, milliseconds: Int64) {
        var longest = kinds[Self.kind(from, to)] ?? Longest()
        longest.present = max(longest.present, milliseconds)
        longest.count += 1
        if longest.count == Self.generation { longest = Longest(former: longest.present) }
        kinds[Self.kind(from, to)] = longest
    }

    /// How long such a transition took at most, in milliseconds; `nil` where none has been seen.
    func longest(from: UInt16, to: UInt16) -> Int64? {
        kinds[Self.kind(from, to)].map { max($0.present, $0.former) }
    }
}

extension ClusterSnapshot {
    /// A replica that came to ERROR.
    public struct Failure: Sendable, Hashable {
        /// The resource.
        public var resource: String
        /// The partition.
        public var partition: String
        /// The instance.
        public var instance: String
        /// Where the replica was before, if that is known.
        public var from: String?
        /// Where it was to go, if that is known.
        public var to: String?
        /// What the instance said of it (INFO).
        public var info: String?
    }

    /// Of how many replicas in one record it is looked at how long their last transition took: enough to know, and not so
    /// many that reading a large cluster costs more for it.
    private static let samples = 64

    /// Notes what became of replicas whose state has changed: how long it took, and what failed.
    mutating func noteSteps(
        of resource: inout Resource, on instance: Int32, _ partitions: [Int], _ reported: [String: [String: String]]
    ) {
        noteTimes(of: &resource, on: instance, partitions, reported)
        let deleted = vanished[resource.name]
        for (number, partition) in partitions.enumerated() {
            let fields = reported[resource.partitions[partition]]
            let state = resource.current.state(partition: partition, instance: instance)
            // The message that asked for it is deleted together with it, and read first.
            let message =
                resource.pending[partition].first { $0.instance == instance }
                ?? deleted?[ReplicaPlace(partition: partition, instance: instance)]
            if state == NameTable.errorState {
                note(failureOf: partition, resource, instance, fields ?? [:], message)
                continue
            }
            if let message, let from = message.from, message.to == state ?? NameTable.droppedState {
                // From the order to the moment in which it was seen to be done: how long others have to wait for it.
                let taken = time - max(0, message.createdAt)
                if taken >= 0 { resource.pace.note(from: from, to: message.to, milliseconds: taken) }
                instances[Int(instance)].lastFinished = max(instances[Int(instance)].lastFinished, time)
            } else if number < Self.samples, let fields, let state {
                noteRecorded(ReplicaState(fields: fields), to: state, of: &resource, on: instance)
            }
        }
    }

    /// A transition that nobody here asked for, as far as its instance tells.
    private mutating func noteRecorded(
        _ replica: ReplicaState, to state: UInt16, of resource: inout Resource, on instance: Int32
    ) {
        guard let start = replica.startTime, let end = replica.endTime, start > 0, start <= end,
            let former = replica.previousState, let from = stateNames.index(of: former)
        else { return }
        resource.pace.note(from: UInt16(from), to: state, milliseconds: end - start)
        // By another clock than ours: it cannot have been later than now.
        instances[Int(instance)].lastFinished = max(instances[Int(instance)].lastFinished, min(end, time))
    }

    private mutating func note(
        failureOf partition: Int, _ resource: Resource, _ instance: Int32, _ fields: [String: String],
        _ message: PendingTransition?
    ) {
        let replica = ReplicaState(fields: fields)
        changes.failures.append(
            Failure(
                resource: resource.name, partition: resource.partitions[partition],
                instance: instances[Int(instance)].name, from: replica.previousState,
                to: message.map { stateName($0.to) }, info: replica.info))
    }

    /// A replica of a resource.
    struct ReplicaPlace: Sendable, Hashable {
        var partition: Int
        var instance: Int32
    }
}

extension NameTable {
    /// The ids of the states that every snapshot knows.
    static let errorState: UInt16 = 0
    static let droppedState: UInt16 = 1
}
