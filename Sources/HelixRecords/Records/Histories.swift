/// Who led the cluster and when it was in maintenance: `/CONTROLLER/HISTORY` (protocol reference 4.12).
public struct ControllerHistory: RecordView {
    /// The record behind the view.
    public var record: ZNRecord
    /// The view of a record.
    public init(record: ZNRecord) { self.record = record }

    /// The history of a new cluster.
    public init(cluster: String) {
        self.init(record: ZNRecord(id: "HISTORY", listFields: [cluster: []]))
    }

    /// How many leaders are kept.
    public static let leaderLimit = 10
    /// How many maintenance entries are kept.
    public static let maintenanceLimit = 20

    /// The last leaders, the newest last.
    public func leaders(cluster: String) -> [String] { record[list: cluster] }

    /// The texts of the last leaders' entries, the newest last.
    public var entries: [String] { record[list: "HISTORY"] }

    /// The JSON texts of the last entries about maintenance, the newest last.
    public var maintenanceEntries: [String] { record[list: "MAINTENANCE_HISTORY"] }

    /// Notes that a controller has become the leader.
    /// - Parameter at: now, ms since 1970.
    public mutating func appendLeader(
        _ controller: String, cluster: String, version: String = LiveInstance.currentVersion, at: Int64
    ) {
        record.append(controller, to: cluster, keeping: Self.leaderLimit)
        let entry = HistoryEntry.text([
            ("DATE", WireTime(milliseconds: at).historyText), ("VERSION", version), ("TIME", String(at)),
            ("CONTROLLER", controller),
        ])
        record.append(entry, to: "HISTORY", keeping: Self.leaderLimit)
    }

    /// Notes that maintenance began or ended.
    /// - Parameters:
    ///   - isEntering: whether it began.
    ///   - at: now, ms since 1970.
    public mutating func appendMaintenance(_ signal: MaintenanceSignal, isEntering: Bool, at: Int64) {
        var members = [
            (key: "OPERATION_TYPE", value: isEntering ? "ENTER" : "EXIT"), ("REASON", signal.reason ?? ""),
            ("DATE", WireTime(milliseconds: at).historyText), ("TIMESTAMP", String(at)),
            ("TRIGGERED_BY", signal.trigger.rawValue),
        ]
        if signal.trigger == .controller {
            members.append(("AUTO_TRIGGER_REASON", signal.autoTriggerReason.rawValue))
        }
        record.append(FlatObject.encode(members), to: "MAINTENANCE_HISTORY", keeping: Self.maintenanceLimit)
    }

    /// Notes that the mode of management changed.
    /// - Parameter at: now, ms since 1970.
    public mutating func appendManagementMode(
        _ status: ClusterStatus, controller: String, fromHost: String?, reason: String?, at: Int64
    ) {
        var members = [
            (key: "CONTROLLER", value: controller), ("TIME", WireTime(milliseconds: at).isoText),
            ("MODE", status.mode.rawValue), ("STATUS", status.isCompleted ? "COMPLETED" : "IN_PROGRESS"),
        ]
        if let fromHost { members.append(("FROM_HOST", fromHost)) }
        if let reason { members.append(("REASON", reason)) }
        record.append(HistoryEntry.text(members), to: "MANAGEMENT_MODE_HISTORY", keeping: Self.leaderLimit)
    }
}

/// When an instance joined and left: `/INSTANCES/I/HISTORY` (protocol reference 4.12).
public struct ParticipantHistory: RecordView {
    /// The record behind the view.
    public var record: ZNRecord
    /// The view of a record.
    public init(record: ZNRecord) { self.record = record }

    /// How many entries of each kind are kept.
    public static let limit = 20

    /// The texts of the last entries about joining, the newest last.
    public var entries: [String] { record[list: "HISTORY"] }

    /// The dates on which the instance went away, the newest last.
    public var offlineDates: [String] { record[list: "OFFLINE"] }

    /// The times in which the instance was away, ms since 1970: from each time that it went to the next time that it came.
    /// - Parameter now: when it came back where that is not noted yet.
    public func absences(now: Int64) -> [(since: Int64, until: Int64)] {
        let returns = entries.compactMap { HistoryEntry.members($0)["TIME"].flatMap { Int64($0) } }.sorted()
        return offlineDates.compactMap { WireTime(offlineText: $0)?.milliseconds }.sorted().map { since in
            (since, returns.first { $0 >= since } ?? max(now, since))
        }
    }

    /// LAST_OFFLINE_TIME, ms since 1970; `nil` while the instance is online or was never seen, on the wire -1.
    public var lastOfflineTime: Int64? {
        get { record[timestamp: "LAST_OFFLINE_TIME"].flatMap { $0 < 0 ? nil : $0 } }
        set { record[timestamp: "LAST_OFFLINE_TIME"] = newValue ?? -1 }
    }

    /// Notes that the instance has joined.
    /// - Parameter at: now, ms since 1970.
    public mutating func appendOnline(
        host: String, session: String, version: String = LiveInstance.currentVersion, at: Int64
    ) {
        let entry = HistoryEntry.text([
            ("HOST", host), ("SESSION", session), ("TIME", String(at)),
            ("DATE", WireTime(milliseconds: at).offlineText), ("VERSION", version),
        ])
        record.append(entry, to: "HISTORY", keeping: Self.limit)
        lastOfflineTime = nil
    }

    /// Notes that the instance has gone away.
    /// - Parameter at: now, ms since 1970.
    public mutating func appendOffline(at: Int64) {
        record.append(WireTime(milliseconds: at).offlineText, to: "OFFLINE", keeping: Self.limit)
        lastOfflineTime = at
    }
}

/// The text form of a map that Java prints: `{k=v, k=v}`. Its readers split at ", " and "=".
package enum HistoryEntry {
    package static func text(_ members: [(key: String, value: String)]) -> String {
        "{\(members.map { "\($0.key)=\($0.value)" }.joined(separator: ", "))}"
    }

    /// The members of an entry; what has no `=` is left out.
    package static func members(_ text: String) -> [String: String] {
        var members: [String: String] = [:]
        for member in text.drop(while: { $0 == "{" }).split(separator: ", ") {
            guard let separator = member.firstIndex(of: "=") else { continue }
            let value = member[member.index(after: separator)...]
            members[String(member[..<separator])] = String(value.hasSuffix("}") ? value.dropLast() : value)
        }
        return members
    }
}

extension ZNRecord {
    mutating func append(_ entry: String, to list: String, keeping limit: Int) {
        self[list: list] = Array((self[list: list] + [entry]).suffix(limit))
    }
}
