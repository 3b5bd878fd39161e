import ArgumentParser
import HelixAdmin
import HelixRecords

struct ResourceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resource",
        abstract: "Add, drop, list, describe, rebalance, spread, enable and disable resources.",
        subcommands: [
            Add.self, Drop.self, List.self, Describe.self, Rebalance.self, Spread.self, Enable.self, Disable.self,
            Reset.self,
        ])
}

extension ResourceCommand {
    struct Add: RehearsedCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a resource to a cluster.",
            discussion: """
                EXAMPLES
                  helix resource add orders Orders --partitions 16 --replicas 3 --state-model MasterSlave
                  helix resource add orders Cache --partitions 1 --replicas ANY_LIVEINSTANCE --state-model OnlineOffline
                """)

        @OptionGroup var target: ResourceArguments
        @Option(help: "How many partitions it has.")
        var partitions: Int
        @Option(help: "How many replicas each partition has: a number, or ANY_LIVEINSTANCE for one on every instance.")
        var replicas: IdealState.Replicas
        @Option(help: "The name of its state model.")
        var stateModel: String
        @Option(
            help: ArgumentHelp(
                "Who decides: FULL_AUTO (the controller), SEMI_AUTO (preference lists), CUSTOMIZED (an exact map) or "
                    + "USER_DEFINED (a strategy of yours).", valueName: "mode"))
        var mode: IdealState.RebalanceMode = .fullAuto
        @Option(help: "The strategy by which the controller places replicas.")
        var strategy = ResourceSettings.defaultStrategy
        @Option(help: "The rebalancer of a USER_DEFINED resource.")
        var rebalancer: String?
        @Option(help: "Only instances with this tag hold replicas.")
        var tag: String?
        @Option(help: "How many replicas one instance holds at most.")
        var maxPerInstance: Int?
        @Option(help: "How many replicas to keep while a rebalance is delayed.")
        var minActive: Int?
        @Option(help: "How many seconds replicas of an instance that went away wait for it.")
        var delay: Double?
        @Option(
            help: ArgumentHelp(
                "When the top state goes back to an instance that returns: IMMEDIATE, or NEVER, that is not before "
                    + "'helix cluster rebalance'.", valueName: "when"))
        var failback: IdealState.Failback = .immediate
        @Option(help: "How many partitions one znode of its records holds, for very large ones; 0 for all.")
        var bucketSize = 0
        @OptionGroup var rehearsal: RehearsalOptions
        @OptionGroup var common: CommonOptions

        func validate() throws {
            guard partitions > 0 else {
                throw ValidationError("--partitions is \(partitions), expected at least 1")
            }
            guard bucketSize >= 0 else {
                throw ValidationError("--bucket-size is \(bucketSize), expected at least 1, or 0 for one piece")
            }
        }

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            var settings = ResourceSettings(
                partitions: partitions, stateModel: stateModel, replicas: replicas, mode: mode)
            settings.strategy = strategy
            settings.rebalancer = rebalancer
            settings.instanceGroupTag = tag
            settings.maxPartitionsPerInstance = maxPerInstance
            settings.minActiveReplicas = minActive
            settings.rebalanceDelay = delay.map { .milliseconds(Int64($0 * 1000)) }
            settings.failback = failback
            settings.bucketSize = bucketSize
            try await administrator.addResource(target.resource, settings, in: target.cluster)
            return Confirmation(message: "resource \(target.resource) added to cluster \(target.cluster)")
        }
    }

    struct Drop: RehearsedCommand {
        static let configuration = CommandConfiguration(
            abstract: "Drop a resource: the controller then drops its replicas.",
            discussion: """
                EXAMPLE
                  helix resource drop orders Orders
                """)

        @OptionGroup var target: ResourceArguments
        @OptionGroup var rehearsal: RehearsalOptions
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            try await administrator.dropResource(target.resource, in: target.cluster)
            return Confirmation(message: "resource \(target.resource) dropped from cluster \(target.cluster)")
        }
    }

    struct List: AdministrationCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the resources of a cluster.",
            discussion: """
                EXAMPLE
                  helix resource list orders
                """)

        @OptionGroup var target: ClusterArgument
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> NameList {
            NameList(names: try await administrator.resources(in: target.cluster))
        }
    }

    struct Describe: AdministrationCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tell what there is to know of a resource.",
            discussion: """
                EXAMPLE
                  helix resource describe orders Orders
                """)

        @OptionGroup var target: ResourceArguments
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> ResourceReport {
            ResourceReport(try await administrator.describeResource(target.resource, in: target.cluster))
        }
    }
}
