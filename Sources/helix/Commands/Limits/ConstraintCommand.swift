import ArgumentParser
import HelixAdmin
import HelixRecords

struct ConstraintCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "constraint", abstract: "Limit how many messages may be under way, by what they are about.",
        discussion: """
            A constraint names attributes of messages by regular expressions that must match the whole value, and counts \
            separately for each combination of their values: with --instance '.*' for each instance.
            """,
        subcommands: [List.self, Set.self, Remove.self])
}

extension ConstraintCommand {
    struct List: AdministrationCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the message constraints of a cluster.",
            discussion: """
                EXAMPLE
                  helix constraint list orders
                """)

        @OptionGroup var target: ClusterArgument
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> ConstraintList {
            ConstraintList(items: try await administrator.messageConstraints(of: target.cluster))
        }
    }

    struct Set: AdministrationCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set a message constraint; one of the same name is replaced.",
            discussion: """
                Of constraints that count the same the most specific decides, then the strictest.

                EXAMPLES
                  helix constraint set orders perInstance --limit 10 --instance '.*'
                  helix constraint set orders bootstraps --limit 1 --instance '.*' --transition OFFLINE-SLAVE
                """)

        @Argument(help: "The cluster's name.")
        var cluster: String
        @Argument(help: "The constraint's name.")
        var id: String
        @Option(help: "How many messages may be under way at once.")
        var limit: Int
        @Option(help: "The message's type, such as STATE_TRANSITION.")
        var messageType: String?
        @Option(help: "The transition, FROM-TO.")
        var transition: String?
        @Option(help: "The resource.")
        var resource: String?
        @Option(help: "The partition.")
        var partition: String?
        @Option(help: "The instance.")
        var instance: String?
        @Option(help: "The state in which the transition ends.")
        var state: String?
        @OptionGroup var common: CommonOptions

        private var attributes: [ClusterConstraints.Attribute: String] {
            let given: [ClusterConstraints.Attribute: String?] = [
                .messageType: messageType, .transition: transition, .resource: resource, .partition: partition,
                .instance: instance, .state: state,
            ]
            return given.compactMapValues { $0 }
        }

        func validate() throws {
            if attributes.isEmpty {
                throw ValidationError("say what is counted: --instance '.*' for each instance, for example")
            }
            if limit < 0 { throw ValidationError("a limit is a number from 0, not \(limit)") }
        }

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            try await administrator.setMessageConstraint(
                ClusterConstraints.Item(id: id, attributes: attributes, limit: limit), in: cluster)
            return Confirmation(message: "cluster \(cluster): constraint \(id) allows \(limit) messages at once")
        }
    }

    struct Remove: AdministrationCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove a message constraint.",
            discussion: """
                EXAMPLE
                  helix constraint remove orders perInstance
                """)

        @Argument(help: "The cluster's name.")
        var cluster: String
        @Argument(help: "The constraint's name.")
        var id: String
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            try await administrator.removeMessageConstraint(id, in: cluster)
            return Confirmation(message: "cluster \(cluster): no constraint \(id) any more")
        }
    }
}

struct ConstraintList: Rendering {
    let items: [ClusterConstraints.Item]

    private struct Entry: Encodable {
        let id: String
        let attributes: [String: String]
        let limit: Int?
    }

    var text: String {
        if items.isEmpty { return "no message constraints" }
        var table = TextTable("CONSTRAINT", "COUNTS", "AT ONCE")
        for item in items {
            let counts = item.attributes.map { "\($0.key.rawValue)=\($0.value)" }.sorted().joined(separator: " ")
            table.add(item.id, counts, item.limit.map { "\($0)" } ?? "any number")
        }
        return "\(table)"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(
            items.map { item in
                Entry(
                    id: item.id,
                    attributes: Dictionary(uniqueKeysWithValues: item.attributes.map { ($0.key.rawValue, $0.value) }),
                    limit: item.limit)
            })
    }
}
