import ArgumentParser
import HelixAdmin

struct PartitionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "partition", abstract: "Reset, fail, enable and disable partitions on one instance.",
        subcommands: [Reset.self, SetError.self, Enable.self, Disable.self])
}

/// Partitions of a resource on an instance.
struct PartitionArguments: ParsableArguments, Sendable {
    @Argument(help: "The cluster's name.")
    var cluster: String

    @Argument(help: "The resource's name.")
    var resource: String

    @Argument(help: "The partitions' names.")
    var partitions: [String]

    @Option(help: "The instance that holds the replicas.")
    var instance: String

    /// For people.
    var text: String {
        "\(partitions.count == 1 ? "partition" : "partitions") \(partitions.joined(separator: ", ")) on \(instance)"
    }
}

extension PartitionCommand {
    struct Reset: RehearsedCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take replicas out of ERROR, back to the initial state.",
            discussion: """
                EXAMPLE
                  helix partition reset orders Orders Orders_3 Orders_7 --instance node1_8080
                """)

        @OptionGroup var target: PartitionArguments
        @OptionGroup var rehearsal: RehearsalOptions
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> ResetReport {
            ResetReport(
                messages: try await administrator.resetPartitions(
                    target.partitions, of: target.resource, on: target.instance, in: target.cluster))
        }
    }

    struct SetError: RehearsedCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put replicas into ERROR, whatever they are and do.",
            discussion: """
                For a replica that its instance takes to be well, and is not. What it does is cancelled, and it serves no
                more; others take over. 'helix partition reset' brings it back.

                EXAMPLE
                  helix partition set-error orders Orders Orders_3 --instance node1_8080
                """)

        @OptionGroup var target: PartitionArguments
        @OptionGroup var rehearsal: RehearsalOptions
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> SetErrorReport {
            SetErrorReport(
                messages: try await administrator.setPartitionsToError(
                    target.partitions, of: target.resource, on: target.instance, in: target.cluster))
        }
    }

    struct Enable: RehearsedCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let partitions be served by an instance again.",
            discussion: """
                EXAMPLE
                  helix partition enable orders Orders Orders_3 --instance node1_8080
                """)

        @OptionGroup var target: PartitionArguments
        @OptionGroup var rehearsal: RehearsalOptions
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            try await administrator.enablePartitions(
                target.partitions, of: target.resource, on: target.instance, in: target.cluster)
            return Confirmation(message: "\(target.text) enabled")
        }
    }

    struct Disable: RehearsedCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take partitions out of service on an instance.",
            discussion: """
                EXAMPLE
                  helix partition disable orders Orders Orders_3 --instance node1_8080
                """)

        @OptionGroup var target: PartitionArguments
        @OptionGroup var rehearsal: RehearsalOptions
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            try await administrator.disablePartitions(
                target.partitions, of: target.resource, on: target.instance, in: target.cluster)
            return Confirmation(message: "\(target.text) disabled")
        }
    }
}
