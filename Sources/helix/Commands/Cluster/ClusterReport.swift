import HelixAdmin
import HelixRecords

/// What `helix cluster describe` shows.
struct ClusterReport: Rendering {
    private let cluster: String
    private let leader: String?
    private let isEnabled: Bool
    private let disabledReason: String?
    private let isInMaintenance: Bool
    private let maintenanceReason: String?
    private let maintenanceTrigger: String?
    private let instances: [String]
    private let liveInstances: [String]
    private let resources: [String]
    private let stateModels: [String]
    private let config: [String: String]

    init(_ description: ClusterDescription) {
        cluster = description.name
        leader = description.leader?.id
        isEnabled = description.pause == nil
        disabledReason = description.pause?.reason
        isInMaintenance = description.maintenance != nil
        maintenanceReason = description.maintenance?.reason
        maintenanceTrigger = description.maintenance?.trigger.rawValue
        instances = description.instances
        liveInstances = description.liveInstances
        resources = description.resources
        stateModels = description.stateModels
        config = description.config.record.simpleFields
    }

    var text: String {
        var table = TextTable()
        table.add("cluster", cluster)
        table.add("leader", leader ?? "none; start one with: helix controller \(cluster)")
        table.add("enabled", Phrase.yes(isEnabled, because: disabledReason))
        table.add("maintenance", Phrase.yes(isInMaintenance, because: maintenanceReason))
        if let maintenanceTrigger { table.add("begun by", maintenanceTrigger) }
        table.add("instances", "\(instances.count), of which \(liveInstances.count) alive")
        for name in instances { table.add("", "\(name)\(liveInstances.contains(name) ? "" : " (not alive)")") }
        table.add("resources", "\(resources.count)")
        for name in resources { table.add("", name) }
        table.add("state models", stateModels.joined(separator: ", "))
        for (key, value) in config.sorted(by: { $0.key < $1.key }) { table.add(key, value) }
        return table.description
    }
}

/// Phrases that recur in reports.
enum Phrase {
    /// "1 replica", "2 replicas".
    static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    static func yes(_ isSo: Bool, because reason: String?) -> String {
        (isSo ? "yes" : "no") + (reason.flatMap { $0.isEmpty ? nil : " (\($0))" } ?? "")
    }
}
