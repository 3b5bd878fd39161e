import HelixAdmin
import HelixRecords

/// What `helix resource describe` shows.
struct ResourceReport: Rendering {
    struct Partition: Encodable, Sendable {
        let partition: String
        /// The states by instance, as in the external view.
        let replicas: [String: String]
        let preferenceList: [String]
    }

    private let resource: String
    private let isEnabled: Bool
    private let mode: String?
    private let stateModel: String?
    private let replicas: String?
    private let strategy: String?
    private let tag: String?
    private let problems: [String]
    private let config: [String: String]
    private let partitions: [Partition]

    init(_ description: ResourceDescription) {
        let idealState = description.idealState
        resource = idealState.id
        isEnabled = idealState.isEnabled
        mode = idealState.rebalanceMode?.rawValue
        stateModel = idealState.stateModel
        replicas = idealState.replicas?.text
        strategy = idealState.rebalanceStrategy
        tag = idealState.instanceGroupTag
        problems = idealState.problems()
        config = description.config?.record.simpleFields ?? [:]
        partitions = idealState.partitions.map { name in
            Partition(
                partition: name, replicas: description.externalView?[name] ?? [:],
                preferenceList: idealState.preferenceLists[name] ?? [])
        }
    }

    var text: String {
        var table = TextTable()
        table.add("resource", resource)
        table.add("enabled", isEnabled ? "yes" : "no")
        table.add("mode", mode)
        table.add("state model", stateModel)
        table.add("partitions", "\(partitions.count)")
        table.add("replicas", replicas)
        table.add("strategy", strategy)
        if let tag { table.add("tag", tag) }
        for (key, value) in config.sorted(by: { $0.key < $1.key }) { table.add(key, value) }
        for problem in problems { table.add("problem", problem) }
        return partitions.isEmpty ? table.description : "\(table)\n\n\(partitionTable)"
    }

    private var partitionTable: TextTable {
        var table = TextTable("PARTITION", "REPLICAS")
        for partition in partitions {
            let replicas = partition.replicas.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }
            table.add(partition.partition, replicas.isEmpty ? nil : replicas.joined(separator: "  "))
        }
        return table
    }
}
