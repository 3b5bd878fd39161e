import HelixRecords
import Testing

@Suite("Histories, signals, constraints")
struct ControllerRecordTests {
    private let noon: Int64 = 1_709_210_096_007  // 2024-02-29 12:34:56.007

    @Test("The history of leaders has the text form of Java's maps, and an end")
    func leaders() {
        var history = ControllerHistory(cluster: "C")
        #expect(history.record == ZNRecord(id: "HISTORY", listFields: ["C": []]))
        history.appendLeader("c0", cluster: "C", at: noon)
        #expect(
            history.entries == ["{DATE=2024-02-29-12:34:56, VERSION=2.0.1, TIME=1709210096007, CONTROLLER=c0}"])
        for number in 1...12 { history.appendLeader("c\(number)", cluster: "C", at: noon) }
        #expect(history.leaders(cluster: "C") == (3...12).map { "c\($0)" })
        #expect(history.entries.count == 10)
        #expect(history.entries.last?.contains("CONTROLLER=c12}") == true)
    }

    @Test("Maintenance is noted in JSON, with the controller's reason only where it was the controller")
    func maintenance() {
        var history = ControllerHistory(id: "HISTORY")
        let byUser = MaintenanceSignal(reason: "upgrade", trigger: .user, at: noon)
        history.appendMaintenance(byUser, isEntering: true, at: noon)
        let byController = MaintenanceSignal(
            reason: nil, trigger: .controller, autoTriggerReason: .maxPartitionsPerInstanceExceeded, at: noon)
        history.appendMaintenance(byController, isEntering: false, at: noon)
        #expect(
            history.maintenanceEntries == [
                #"{"OPERATION_TYPE":"ENTER","REASON":"upgrade","DATE":"2024-02-29-12:34:56","TIMESTAMP":"1709210096007","TRIGGERED_BY":"USER"}"#,
                #"{"OPERATION_TYPE":"EXIT","REASON":"","DATE":"2024-02-29-12:34:56","TIMESTAMP":"1709210096007","TRIGGERED_BY":"CONTROLLER","AUTO_TRIGGER_REASON":"MAX_PARTITION_PER_INSTANCE_EXCEEDED"}"#,
            ])
        for _ in 0..<25 { history.appendMaintenance(byUser, isEntering: true, at: noon) }
        #expect(history.maintenanceEntries.count == 20)
    }

    @Test("Changes of the mode of management are noted")
    func managementMode() {
        var history = ControllerHistory(id: "HISTORY")
        history.appendManagementMode(
            ClusterStatus(mode: .clusterFreeze, isCompleted: true), controller: "c1", fromHost: "h", reason: "r",
            at: noon)
        history.appendManagementMode(
            ClusterStatus(mode: .normal, isCompleted: false), controller: "c1", fromHost: nil, reason: nil, at: noon)
        #expect(
            history.record.listFields["MANAGEMENT_MODE_HISTORY"] == [
                "{CONTROLLER=c1, TIME=2024-02-29T12:34:56.007Z, MODE=CLUSTER_FREEZE, STATUS=COMPLETED, FROM_HOST=h, REASON=r}",
                "{CONTROLLER=c1, TIME=2024-02-29T12:34:56.007Z, MODE=NORMAL, STATUS=IN_PROGRESS}",
            ])
    }

    @Test("The history of a participant")
    func participant() {
        var history = ParticipantHistory(id: "i_1")
        #expect(history.lastOfflineTime == nil)
        history.appendOnline(host: "h", session: "abc", at: noon)
        #expect(
            history.entries == [
                "{HOST=h, SESSION=abc, TIME=1709210096007, DATE=2024-02-29T12:34:56:007, VERSION=2.0.1}"
            ])
        #expect(history.record.simpleFields == ["LAST_OFFLINE_TIME": "-1"])
        history.appendOffline(at: noon + 1)
        #expect(history.offlineDates == ["2024-02-29T12:34:56:008"])
        #expect(history.lastOfflineTime == noon + 1)
        for _ in 0..<30 {
            history.appendOnline(host: "h", session: "abc", at: noon)
            history.appendOffline(at: noon)
        }
        #expect(history.entries.count == 20 && history.offlineDates.count == 20)
        history.lastOfflineTime = nil
        #expect(history.record.simpleFields["LAST_OFFLINE_TIME"] == "-1")
    }

    @Test("When a participant was away is from each time that it went to the next that it came")
    func absences() {
        var history = ParticipantHistory(id: "i_1")
        history.appendOnline(host: "h", session: "a", at: noon)
        history.appendOffline(at: noon + 10)
        history.appendOnline(host: "h", session: "b", at: noon + 25)
        history.appendOffline(at: noon + 30)
        #expect(history.absences(now: noon + 70).map(\.since) == [noon + 10, noon + 30])
        #expect(history.absences(now: noon + 70).map(\.until) == [noon + 25, noon + 70])
        #expect(history.absences(now: noon).map(\.until) == [noon + 25, noon + 30])
        history.record.listFields["OFFLINE"] = ["yesterday"]
        #expect(history.absences(now: noon).isEmpty)
    }

    @Test("Entries can be read back")
    func readingEntries() {
        let members = HistoryEntry.members("{DATE=2024-02-29-12:34:56, VERSION=2.0.1, TIME=1, CONTROLLER=a=b}")
        #expect(members == ["DATE": "2024-02-29-12:34:56", "VERSION": "2.0.1", "TIME": "1", "CONTROLLER": "a=b"])
        #expect(HistoryEntry.members("") == [:])
        #expect(HistoryEntry.members("{}") == [:])
        #expect(HistoryEntry.members("nonsense, x=1") == ["x": "1"])
    }

    @Test("The pause signal")
    func pause() {
        var signal = PauseSignal(reason: "why", at: noon)
        signal.freezesCluster = true
        signal.cancelsPendingTransitions = true
        signal.fromHost = "h"
        #expect(
            signal.record
                == ZNRecord(
                    id: "pause",
                    simpleFields: [
                        "REASON": "why", "TRIGGER_TIME": "2024-02-29T12:34:56.007Z", "CLUSTER_FREEZE": "true",
                        "CANCEL_PENDING_ST": "true", "FROM_HOST": "h",
                    ]))
        let bare = PauseSignal(id: "pause")
        #expect(!bare.freezesCluster && !bare.cancelsPendingTransitions && bare.reason == nil)
        #expect(bare.triggerTime == nil && bare.fromHost == nil)
    }

    @Test("The maintenance signal")
    func maintenanceSignal() {
        let signal = MaintenanceSignal(reason: "why", trigger: .user, at: 5)
        #expect(
            signal.record
                == ZNRecord(
                    id: "maintenance",
                    simpleFields: [
                        "REASON": "why", "TRIGGERED_BY": "USER", "AUTO_TRIGGER_REASON": "NOT_APPLICABLE",
                        "TIMESTAMP": "5",
                    ]))
        #expect(signal.timestamp == 5 && signal.reason == "why")
        let bare = MaintenanceSignal(record: ZNRecord(id: "maintenance", simpleFields: ["TRIGGERED_BY": "MARTIANS"]))
        #expect(bare.trigger == .unknown && bare.autoTriggerReason == .notApplicable && bare.timestamp == nil)
    }

    @Test("The status of the cluster")
    func status() {
        let status = ClusterStatus(mode: .controllerPause, isCompleted: false)
        #expect(
            status.record
                == ZNRecord(
                    id: "STATUS",
                    simpleFields: ["MANAGEMENT_MODE": "CONTROLLER_PAUSE", "MANAGEMENT_MODE_STATUS": "IN_PROGRESS"]))
        #expect(ClusterStatus(id: "STATUS").mode == .normal && !ClusterStatus(id: "STATUS").isCompleted)
    }

    @Test("Constraints without attributes or value are ignored, other values than numbers limit nothing")
    func constraints() {
        var constraints = ClusterConstraints(
            record: ZNRecord(
                id: ClusterConstraints.messageConstraintID,
                mapFields: [
                    "b": ["MESSAGE_TYPE": "STATE_TRANSITION", "INSTANCE": ".*", "CONSTRAINT_VALUE": "2"],
                    "a": ["RESOURCE": "R.*", "CONSTRAINT_VALUE": "ANY"], "no value": ["RESOURCE": "R"],
                    "no attributes": ["CONSTRAINT_VALUE": "2", "COLOUR": "red"],
                ]))
        #expect(
            constraints.items == [
                .init(id: "a", attributes: [.resource: "R.*"], limit: nil),
                .init(id: "b", attributes: [.messageType: "STATE_TRANSITION", .instance: ".*"], limit: 2),
            ])
        constraints.set(.init(id: "c", attributes: [.transition: "A-B", .partition: "p", .state: "s"], limit: 1))
        #expect(
            constraints.record.mapFields["c"] == [
                "TRANSITION": "A-B", "PARTITION": "p", "STATE": "s", "CONSTRAINT_VALUE": "1",
            ])
        constraints.set(.init(id: "c", attributes: [.state: "s"], limit: nil))
        #expect(constraints.record.mapFields["c"] == ["STATE": "s", "CONSTRAINT_VALUE": "ANY"])
        constraints.remove("c")
        #expect(constraints.items.count == 2)
    }
}
