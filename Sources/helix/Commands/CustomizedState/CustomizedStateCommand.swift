import ArgumentParser
import HelixAdmin

struct CustomizedStateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "customized-state",
        abstract: "Choose which states that applications report of their own accord are put together into views.",
        discussion: """
            See the views with: helix spectator CLUSTER --source customized-view:TYPE
            """,
        subcommands: [List.self, Aggregate.self, Stop.self])
}

/// A type of customised states as an argument, after its cluster's.
struct StateTypeArguments: ParsableArguments, Sendable {
    @Argument(help: "The cluster's name.")
    var cluster: String

    @Argument(help: "The type of the states, as participants name it.")
    var type: String
}

extension CustomizedStateCommand {
    struct List: AdministrationCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the types that are put together into views.",
            discussion: """
                EXAMPLE
                  helix customized-state list orders
                """)

        @OptionGroup var target: ClusterArgument
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> NameList {
            NameList(names: try await administrator.aggregatedTypes(of: target.cluster))
        }
    }

    struct Aggregate: AdministrationCommand {
        static let configuration = CommandConfiguration(
            abstract: "Have the controller put the states of a type together into views.",
            discussion: """
                EXAMPLE
                  helix customized-state aggregate orders LOADING
                """)

        @OptionGroup var target: StateTypeArguments
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            try await administrator.aggregate(target.type, in: target.cluster)
            return Confirmation(message: "states of type \(target.type) are put together into views")
        }
    }

    struct Stop: AdministrationCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put the states of a type together no more; their views go.",
            discussion: """
                EXAMPLE
                  helix customized-state stop orders LOADING
                """)

        @OptionGroup var target: StateTypeArguments
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            try await administrator.stopAggregating(target.type, in: target.cluster)
            return Confirmation(message: "states of type \(target.type) are put together no more")
        }
    }
}
