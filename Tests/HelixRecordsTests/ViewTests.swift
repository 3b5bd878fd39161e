import HelixRecords
import HelixSimulation
import StateModels
import TestSupport
import Testing

/// What holds for every typed view, whatever the record.
@Suite("Views of any record")
struct ViewTests {
    /// The names of fields that some view gives a meaning to.
    private static let keys = [
        "NUM_PARTITIONS", "REPLICAS", "MIN_ACTIVE_REPLICAS", "REBALANCE_MODE", "IDEAL_STATE_MODE", "REBALANCE_DELAY",
        "MAX_PARTITIONS_PER_INSTANCE", "BUCKET_SIZE", "HELIX_PORT", "DOMAIN", "HELIX_ENABLED_TIMESTAMP",
        "INSTANCE_WEIGHT",
        "DELAY_REBALANCE_TIME", "VIEW_CLUSTER_REFRESH_PERIOD", "MISS_TOP_STATE_DURATION_THRESHOLD", "MSG_STATE",
        "CREATE_TIMESTAMP", "EXPIRY_PERIOD", "RELAY_TIME", "MSG_SUBTYPE", "TIMEOUT", "RETRY_COUNT",
        "LAST_OFFLINE_TIME", "TIMESTAMP", "TRIGGERED_BY", "BATCH_MESSAGE_MODE", "PARTITION_NAME", "A-B_TIMEOUT",
        "HELIX_DISABLED_PARTITION", "HELIX_INSTANCE_OPERATIONS", "STATE_TRANSITION_THROTTLE_CONFIGS",
        "INSTANCE_CAPACITY_MAP",
        "REBALANCE_PREFERENCE", "RELAY_PARTICIPANTS", "PARTITION_CAPACITY_MAP", "TOPOLOGY", "IdealStateRule!x",
        "listField.bound", "enableCompression", "INITIAL_STATE", "STATE_PRIORITY_LIST", "HISTORY", "OFFLINE",
    ]

    /// Values that a careless reader stumbles over.
    private static let values = [
        "", " ", "-1", "0", "1", "9223372036854775807", "-9223372036854775808", "99999999999999999999", "1e9", "NaN",
        "true",
        "TRUE", "null", "{}", "{\"", "{\"OPERATION\":\"DISABLE\"}", "=", ",", "a=b,c", "\\", "*", "A-B", "é",
        "RELAYED_MESSAGE",
        "ANY_LIVEINSTANCE", "FULL_AUTO", "/", "{=", "}",
    ]

    private func record(_ generator: inout SeededGenerator) -> ZNRecord {
        func key() -> String { Self.keys.randomElement(using: &generator) ?? "" }
        func value() -> String { Self.values.randomElement(using: &generator) ?? "" }
        func count() -> Range<Int> { 0..<Int.random(in: 0...8, using: &generator) }
        var record = ZNRecord(id: value())
        for _ in count() { record.simpleFields[key()] = value() }
        for _ in count() { record.listFields[key()] = count().map { _ in value() } }
        for _ in count() { record.mapFields[key()] = Dictionary(count().map { _ in (key(), value()) }) { $1 } }
        return record
    }

    /// Reads every property that computes anything, and writes back what can be written.
    private func read(_ record: ZNRecord) {
        var ideal = IdealState(record: record)
        _ = (ideal.problems(), ideal.partitions, ideal.transitionTimeout(from: "A", to: "B"), ideal.replicas)
        (ideal.replicas, ideal.rebalanceMode) = (ideal.replicas, ideal.rebalanceMode)
        (ideal.rebalanceDelay, ideal.bucketSize) = (ideal.rebalanceDelay, ideal.bucketSize)
        var cluster = ClusterConfig(record: record)
        _ = (cluster.problems(), cluster.timeout(from: "A", to: "B"), cluster.admits(ideal), cluster.topologyKeys)
        cluster.rebalancePreference = cluster.rebalancePreference
        cluster.throttles = cluster.throttles
        cluster.viewClusterRefreshPeriod = cluster.viewClusterRefreshPeriod
        var instance = InstanceConfig(record: record)
        _ = (instance.host, instance.port, instance.capacity, instance.effectiveOperationEntry, try? instance.domain)
        instance.setOperation(.enable, source: .user, at: .max)
        instance.setPartitions(["é"], resource: "A-B", enabled: instance.disabledPartitions(resource: "A-B").all)
        let resource = ResourceConfig(record: record)
        _ = (try? resource.partitionCapacity("x"), resource.timeout(from: "A", to: "B"), resource.rebalanceDelay)
        var message = Message(record: record)
        _ = (message.isExpired(at: .max), message.isExpired(at: .min), message.problems(), message.relayMessages.count)
        (message.partitions, message.timeout) = (message.partitions, message.timeout)
        (message.messageState, message.bucketSize) = (message.messageState, message.bucketSize)
        var history = ParticipantHistory(record: record)
        history.appendOnline(host: "h", session: "s", at: .max)
        history.appendOffline(at: .min)
        _ = history.entries.map(HistoryEntry.members)
        _ = (MaintenanceSignal(record: record).trigger, ClusterConstraints(record: record).items)
        _ = (CurrentState(record: record).partitions, try? StateModel(record: record), try? record.bucketized())
    }

    @Test("Any record can be viewed as anything", arguments: [1, 2] as [UInt64])
    func robustness(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<1500 {
            let record = record(&generator)
            read(record)
            var unbounded = record
            unbounded.simpleFields["listField.bound"] = nil
            #expect(try ZNRecord(decoding: try unbounded.encoded(), path: "p") == unbounded, "seed \(seed)")
        }
    }

    private func expectKept<View: RecordView>(_ type: View.Type, _ record: ZNRecord) throws {
        #expect(View(record: record).record == record)
        #expect(View(record: record).id == record.id)
        #expect(try View(decoding: try record.encoded(), path: "p").record == record)
        #expect(try View(record: record).encoded() == record.encoded())
        #expect(View(id: "x").record == ZNRecord(id: "x"))
        #expect(throws: RecordError.self) { try View(decoding: bytes("[]"), path: "p") }
    }

    @Test("A view keeps the record as it is", arguments: [3] as [UInt64])
    func keeping(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<20 {
            let record = generator.record()
            try expectKept(IdealState.self, record)
            try expectKept(ClusterConfig.self, record)
            try expectKept(InstanceConfig.self, record)
            try expectKept(ResourceConfig.self, record)
            try expectKept(LiveInstance.self, record)
            try expectKept(CurrentState.self, record)
            try expectKept(ExternalView.self, record)
            try expectKept(Message.self, record)
            try expectKept(ControllerHistory.self, record)
            try expectKept(ParticipantHistory.self, record)
            try expectKept(PauseSignal.self, record)
            try expectKept(MaintenanceSignal.self, record)
            try expectKept(ClusterStatus.self, record)
            try expectKept(ClusterConstraints.self, record)
        }
    }
}
