import HelixRecords
import HelixSimulation
import TestSupport

extension TypedChecks {
    static func currentState(_ state: CurrentState) throws {
        for path in [\.sessionID, \.stateModel] as [WritableKeyPath<CurrentState, String?>] { try state.keeps(path) }
        try state.keeps(\.stateModelFactory)
        try state.keeps(\.isBatchMessageMode)
        try state.keeps(\.bucketSize)
        for partition in state.partitions {
            try state.keeps(\.[partition])
            let replica = state[partition]
            _ = (replica?.currentState, replica?.startTime, replica?.endTime, replica?.previousState)
        }
        try encoder(state)
        let view = ExternalView(record: state.record)
        _ = (view.partitions, view.stateModel, view.resourceGroup, view.instanceGroupTag, view.bucketSize)
        try view.keeps(\.preferenceLists)
        let live = LiveInstance(record: state.record)
        for path in [\.sessionID, \.helixVersion, \.process] as [WritableKeyPath<LiveInstance, String?>] {
            try live.keeps(path)
        }
        try live.keeps(\.isFrozen)
        try live.keeps(\.acceptsBatchMessages)
    }

    /// The encoder that keeps its parts writes what the record itself would be written as.
    private static func encoder(_ state: CurrentState) throws {
        var whole = state
        whole.record.rawPayload = nil  // participants write none
        var encoder = CurrentStateEncoder(CurrentState(record: head(of: whole.record)), path: "p")
        for partition in state.partitions.reversed() { encoder.set(state[partition], for: partition) }
        try require(
            try encoder.encoded() == (try whole.encoded(path: "p")), "a current state is encoded in two ways: \(state)")
    }

    private static func head(of record: ZNRecord) -> ZNRecord {
        var head = record
        head.mapFields = [:]
        return head
    }

    static func signals(_ record: ZNRecord) throws {
        let pause = PauseSignal(record: record)
        for path in [\.reason, \.fromHost, \.triggerTime] as [WritableKeyPath<PauseSignal, String?>] {
            try pause.keeps(path)
        }
        try pause.keeps(\.freezesCluster)
        try pause.keeps(\.cancelsPendingTransitions)
        let maintenance = MaintenanceSignal(record: record)
        try maintenance.keeps(\.reason)
        try maintenance.keeps(\.trigger)
        try maintenance.keeps(\.autoTriggerReason)
        try maintenance.keeps(\.timestamp)
        let status = ClusterStatus(record: record)
        try status.keeps(\.mode)
        try status.keeps(\.isCompleted)
    }

    static func histories(_ record: ZNRecord, _ generator: inout SeededGenerator) throws {
        let time = generator.pick([Int64.min, -1, 0, 1_690_000_000_000, .max])
        var history = ControllerHistory(record: record)
        history.appendLeader("c1", cluster: "test", at: time)
        history.appendMaintenance(MaintenanceSignal(record: record), isEntering: true, at: time)
        history.appendManagementMode(
            ClusterStatus(record: record), controller: "c1", fromHost: nil, reason: "r", at: time)
        try require(history.leaders(cluster: "test").last == "c1", "the new leader is not the last")
        for entry in history.entries { _ = HistoryEntry.members(entry) }
        try require(
            HistoryEntry.members(history.entries.last ?? "")["CONTROLLER"] == "c1", "an entry of the history is lost")
        var participant = ParticipantHistory(record: record)
        try participant.keeps(\.lastOfflineTime)
        participant.appendOnline(host: "h", session: "s", at: time)
        try require(participant.lastOfflineTime == nil, "an instance that is online is offline")
        participant.appendOffline(at: time)
        try require(participant.offlineDates.count <= ParticipantHistory.limit, "a history that grows")
    }

    /// A record with a bucket size, taken apart and put together again; merging; the order of names.
    static func buckets(_ record: ZNRecord, _ generator: inout SeededGenerator) throws -> Reception {
        try order(Array(record.simpleFields.keys.prefix(6)) + Array(record.listFields.keys.prefix(3)))
        var other = SampleRecords.spoilt(&generator)
        other.merge(record)
        other.update(record)
        other.subtract(record)
        try require(
            Set(other.simpleFields.keys).isDisjoint(with: record.simpleFields.keys), "a subtracted field is still there"
        )
        var spread = record
        if Bool.random(using: &generator) {
            spread.simpleFields["BUCKET_SIZE"] = generator.pick(["1", "7", "\(Int.max)"])
        }
        guard spread.isBucketized else { return .refused }
        do {
            let (parent, buckets) = try spread.bucketized()
            var whole = parent.joined(buckets: buckets)
            whole.rawPayload = spread.rawPayload
            try require(whole == spread, "a record comes back from its buckets as \(whole): \(spread)")
            return .accepted
        } catch let error as RecordError {
            try require(!error.reason.isEmpty, "a refusal without a reason")
            return .refused
        }
    }

    /// Natural order is total: any two names stand in one order, and sorting does not depend on where they stood.
    private static func order(_ names: [String]) throws {
        let sorted = names.naturallySorted()
        try require(names.reversed().naturallySorted() == sorted, "\(names) has two natural orders")
        for (index, first) in sorted.enumerated() {
            for second in sorted[(index + 1)...] {
                try require(!(NaturalKey(second) < NaturalKey(first)), "\(second) stands before and after \(first)")
            }
        }
    }
}
