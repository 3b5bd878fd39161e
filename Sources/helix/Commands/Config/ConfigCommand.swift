import ArgumentParser
import HelixAdmin

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Get, set and remove fields of configurations.",
        subcommands: [Get.self, Set.self, Remove.self])
}

/// Whose configuration is meant.
struct ScopeArguments: ParsableArguments, Sendable {
    enum Kind: String, ExpressibleByArgument, CaseIterable, Sendable {
        case cluster, participant, resource
    }

    @Argument(help: "The cluster's name.")
    var cluster: String

    @Option(help: "Whose configuration is meant.")
    var scope: Kind = .cluster

    @Option(help: "The name of the instance or resource, for these scopes.")
    var name: String?

    func validate() throws {
        switch (scope, name) {
        case (.cluster, .some): throw ValidationError("--name is for the scopes participant and resource; leave it out")
        case (.participant, nil): throw ValidationError("--scope participant needs the instance's name: give --name")
        case (.resource, nil): throw ValidationError("--scope resource needs the resource's name: give --name")
        default: break
        }
    }

    var value: ConfigScope {
        switch scope {
        case .cluster: .cluster(cluster)
        case .participant: .participant(name ?? "", cluster: cluster)
        case .resource: .resource(name ?? "", cluster: cluster)
        }
    }
}

extension ConfigCommand {
    struct Get: AdministrationCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the fields of a configuration.",
            discussion: """
                EXAMPLES
                  helix config get orders
                  helix config get orders --scope participant --name node1_8080 HELIX_HOST
                """)

        @OptionGroup var target: ScopeArguments
        @Argument(help: "The fields to show; all unless given.")
        var keys: [String] = []
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> FieldList {
            let fields = try await administrator.config(target.value)
            let missing = keys.filter { fields[$0] == nil }
            guard missing.isEmpty else {
                throw AdministrationError(
                    .doesNotExist,
                    "\(target.value) has no \(missing.joined(separator: ", ")); it has "
                        + (fields.isEmpty ? "no fields" : fields.keys.sorted().joined(separator: ", ")))
            }
            return FieldList(fields: keys.isEmpty ? fields : fields.filter { keys.contains($0.key) })
        }
    }

    struct Set: RehearsedCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set fields of a configuration.",
            discussion: """
                Fields that Helix knows are checked; others are yours and may be anything.

                EXAMPLES
                  helix config set orders allowParticipantAutoJoin=true
                  helix config set orders --scope participant --name node1_8080 DOMAIN=zone=a,host=node1
                """)

        @OptionGroup var target: ScopeArguments
        @Argument(help: "What to set.")
        var fields: [FieldAssignment]
        @OptionGroup var rehearsal: RehearsalOptions
        @OptionGroup var common: CommonOptions

        func validate() throws {
            let keys = fields.map(\.key)
            if let twice = keys.first(where: { key in keys.count { $0 == key } > 1 }) {
                throw ValidationError("field \(twice) is given twice; decide for one value")
            }
        }

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            let values = Dictionary(uniqueKeysWithValues: fields.map { ($0.key, $0.value) })
            try await administrator.setConfig(values, of: target.value)
            return Confirmation(message: "\(target.value): \(fields.map(\.text).joined(separator: ", "))")
        }
    }

    struct Remove: RehearsedCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove fields of a configuration.",
            discussion: """
                EXAMPLE
                  helix config remove orders DELAY_REBALANCE_TIME
                """)

        @OptionGroup var target: ScopeArguments
        @Argument(help: "The fields to remove.")
        var keys: [String]
        @OptionGroup var rehearsal: RehearsalOptions
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            try await administrator.removeConfig(keys, of: target.value)
            return Confirmation(message: "\(target.value): \(keys.joined(separator: ", ")) removed")
        }
    }
}

/// `KEY=VALUE`; the value may contain more of `=`.
struct FieldAssignment: ExpressibleByArgument, Sendable {
    let key: String
    let value: String

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else { return nil }
        key = String(argument[..<equals])
        value = String(argument[argument.index(after: equals)...])
    }

    var text: String { "\(key)=\(value)" }

    static var defaultValueDescription: String { "KEY=VALUE" }
}

/// What `helix config get` shows.
struct FieldList: Rendering {
    let fields: [String: String]

    var text: String { fields.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "\n") }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(fields)
    }
}
