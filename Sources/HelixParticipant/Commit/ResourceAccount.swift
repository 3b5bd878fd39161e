internal import Coordination
internal import HelixRecords
internal import MessageQueue

/// What is known of a resource's current state.
struct ResourceAccount: Sendable {
    var encoder: CurrentStateEncoder
    /// The znode's version, `nil` when there is no znode.
    var version: Int32?
    /// Counts the changes; what was written last tells whether there is anything to write.
    var revision: UInt64 = 0
    var writtenRevision: UInt64 = 0
    var states: [String: String] = [:]
    var messages: [String] = []
    /// Messages that are deleted by themselves, once what came of them is recorded: while a message is there, the
    /// controller reckons with its effect.
    var apart: [String] = []
    var relays: [Message] = []
    /// Whether somebody may have written the znode since we last saw its version.
    var isUncertain = false
    /// How many messages of the present batch were gone already.
    var missing = 0
    var failures = 0
    var retryAt: Duration?
    /// When what replicas say of themselves is written at the latest; it goes with anything that is written before.
    var noteDueAt: Duration?

    var isDirty: Bool { revision != writtenRevision }

    /// When there is something to do though nothing comes in: what failed waits also for what came after it.
    var dueAt: Duration? { retryAt ?? noteDueAt }

    /// Takes in what is to be written.
    mutating func apply(_ outcome: Outcome) {
        let partition = outcome.key.partition
        switch outcome.change {
        case .none: return
        case .correct(let state):
            guard let recorded = states[partition], recorded != state else { return }
            encoder.set(ReplicaState(currentState: state), for: partition)
            states[partition] = state
        case .remove:
            guard states.removeValue(forKey: partition) != nil else { return }
            encoder.set(nil, for: partition)
        case .set(let report):
            encoder.set(ReplicaState(report), for: partition)
            states[partition] = report.state
        case .note(let detail, let state):
            var replica = encoder[partition] ?? ReplicaState(currentState: state)
            guard replica.info ?? "" != detail else { return }
            replica.info = detail
            encoder.set(replica, for: partition)
            states[partition] = states[partition] ?? state
        }
        revision += 1
    }
}

extension ReplicaState {
    init(_ report: StateReport) {
        self.init(fields: [
            "CURRENT_STATE": report.state, "INFO": report.info, "START_TIME": String(report.startTime),
            "END_TIME": String(report.endTime), "PREVIOUS_STATE": report.previousState,
            "TRIGGERED_BY": report.triggeredBy,
        ])
    }
}
