import HelixAdmin
import HelixRecords

/// What `helix instance describe` shows.
struct InstanceReport: Rendering {
    struct Replica: Encodable, Sendable {
        let resource: String
        let partition: String
        let state: String?
        let info: String?
    }

    let instance: String
    let host: String
    let port: String?
    let isLive: Bool
    let session: String?
    let operation: String
    let reason: String?
    let domain: String?
    let tags: [String]
    let pendingMessages: Int
    let missingZnodes: [String]
    let replicas: [Replica]

    init(_ description: InstanceDescription) {
        let config = description.config
        instance = config.id
        host = config.host
        port = config.port
        isLive = description.live != nil
        session = description.live?.sessionID
        operation = config.effectiveOperation.rawValue
        reason = config.operations.last?.reason
        domain = config.record.simpleFields["DOMAIN"]
        tags = config.tags
        pendingMessages = description.pendingMessages
        missingZnodes = description.missing
        replicas = description.currentStates.flatMap { state in
            state.partitions.map { partition in
                Replica(
                    resource: state.id, partition: partition, state: state[partition]?.currentState,
                    info: state[partition]?.info.flatMap { $0.isEmpty ? nil : $0 })
            }
        }
    }

    var address: String { host + (port.map { ":\($0)" } ?? "") }

    var text: String {
        var table = TextTable()
        table.add("instance", instance)
        table.add("address", address)
        table.add("alive", isLive ? "yes, session \(session ?? "unknown")" : "no")
        table.add("operation", operation + (reason.flatMap { $0.isEmpty || $0 == "INIT" ? nil : " (\($0))" } ?? ""))
        if let domain { table.add("domain", domain) }
        table.add("tags", tags.isEmpty ? nil : tags.joined(separator: ", "))
        table.add("pending messages", "\(pendingMessages)")
        if !missingZnodes.isEmpty {
            table.add("missing", missingZnodes.joined(separator: ", ") + "; drop the instance and add it again")
        }
        return replicas.isEmpty ? table.description : "\(table)\n\n\(replicaTable)"
    }

    private var replicaTable: TextTable {
        var table = TextTable("RESOURCE", "PARTITION", "STATE", "INFO")
        for replica in replicas { table.add(replica.resource, replica.partition, replica.state, replica.info ?? "") }
        return table
    }
}

/// What `helix instance list` shows.
struct InstanceList: Rendering {
    let instances: [InstanceReport]

    var text: String {
        var table = TextTable("INSTANCE", "ALIVE", "OPERATION", "ADDRESS", "TAGS")
        for instance in instances {
            table.add(
                instance.instance, instance.isLive ? "yes" : "no", instance.operation, instance.address,
                instance.tags.joined(separator: ","))
        }
        return table.description
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(instances)
    }
}

/// Which messages a reset has sent.
struct ResetReport: Rendering {
    let messages: [String]

    var text: String {
        switch messages.count {
        case 0: "no replica is in ERROR; nothing was reset"
        case 1: "asked 1 replica to leave ERROR"
        default: "asked \(messages.count) replicas to leave ERROR"
        }
    }
}

struct SetErrorReport: Rendering {
    let messages: [String]

    var text: String { "asked \(messages.count) \(messages.count == 1 ? "replica" : "replicas") to go to ERROR" }
}
