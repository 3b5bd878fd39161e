import ArgumentParser
import HelixAdmin
import HelixRecords

struct ClusterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster", abstract: "Create, delete, list, describe, enable, disable and freeze clusters.",
        subcommands: [
            Create.self, Delete.self, List.self, Describe.self, Enable.self, Disable.self, Rebalance.self,
            EnterMaintenance.self, ExitMaintenance.self, Freeze.self, Unfreeze.self, Status.self,
        ])
}

extension ClusterCommand {
    struct Create: AdministrationCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create a cluster, or complete one.",
            discussion: """
                What is missing is created, with the built-in state models; nothing that is there is changed.

                EXAMPLES
                  helix cluster create orders
                  helix cluster create orders --allow-auto-join
                """)

        @OptionGroup var target: ClusterArgument
        @Flag(help: "Let participants add themselves when they join.")
        var allowAutoJoin = false
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            let created = try await administrator.addCluster(target.cluster)
            if allowAutoJoin {
                try await administrator.updateClusterConfig(target.cluster) { $0.allowsAutoJoin = true }
            }
            return Confirmation(
                message: created.isEmpty
                    ? "cluster \(target.cluster) was complete already" : "cluster \(target.cluster) created")
        }
    }

    struct Delete: AdministrationCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a cluster and all that belongs to it.",
            discussion: """
                Refused while instances are alive in it, or a controller leads it.

                EXAMPLE
                  helix cluster delete orders
                """)

        @OptionGroup var target: ClusterArgument
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            try await administrator.dropCluster(target.cluster)
            return Confirmation(message: "cluster \(target.cluster) deleted")
        }
    }

    struct List: AdministrationCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the clusters.",
            discussion: """
                EXAMPLE
                  helix cluster list --format json
                """)

        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> NameList {
            NameList(names: try await administrator.clusters())
        }
    }

    struct Describe: AdministrationCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tell what there is to know of a cluster.",
            discussion: """
                EXAMPLE
                  helix cluster describe orders
                """)

        @OptionGroup var target: ClusterArgument
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> ClusterReport {
            ClusterReport(try await administrator.describeCluster(target.cluster))
        }
    }

    struct Enable: RehearsedCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let the controller of a cluster work again.",
            discussion: """
                EXAMPLE
                  helix cluster enable orders
                """)

        @OptionGroup var target: ClusterArgument
        @OptionGroup var rehearsal: RehearsalOptions
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            try await administrator.enableCluster(target.cluster)
            return Confirmation(message: "cluster \(target.cluster) enabled")
        }
    }

    struct Disable: RehearsedCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let the controller of a cluster stand still: instances keep what they have.",
            discussion: """
                EXAMPLE
                  helix cluster disable orders --reason "the network is being rebuilt"
                """)

        @OptionGroup var target: ClusterArgument
        @Option(help: "Why, for others to read.")
        var reason: String?
        @OptionGroup var rehearsal: RehearsalOptions
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            try await administrator.disableCluster(target.cluster, reason: reason)
            return Confirmation(message: "cluster \(target.cluster) disabled")
        }
    }

    struct Rebalance: RehearsedCommand {
        static let configuration = CommandConfiguration(
            abstract: "Wait no longer for instances that went away: place their replicas elsewhere now.",
            discussion: """
                For resources with a delay (resource add --delay, or DELAY_REBALANCE_TIME in the cluster's configuration).
                Instances that go away later are waited for as before. Resources whose FAILBACK is NEVER (resource add
                --failback never) hand top states back to instances that returned, until they are even again.

                EXAMPLE
                  helix cluster rebalance orders
                """)

        @OptionGroup var target: ClusterArgument
        @OptionGroup var rehearsal: RehearsalOptions
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            try await administrator.rebalanceOnDemand(target.cluster)
            return Confirmation(message: "cluster \(target.cluster) waits for nobody who is away now")
        }
    }

    struct EnterMaintenance: RehearsedCommand {
        static let configuration = CommandConfiguration(
            abstract: "Place nothing anew until maintenance ends.",
            discussion: """
                Replicas that the controller places (FULL_AUTO, USER_DEFINED) are neither made elsewhere nor dropped; top \
                states still move from instances that go away. Those that come back take up what they had. What users place \
                themselves goes on as they say.

                EXAMPLE
                  helix cluster enter-maintenance orders --reason "rack 7 is being moved"
                """)

        @OptionGroup var target: ClusterArgument
        @Option(help: "Why, for others to read.")
        var reason: String
        @OptionGroup var rehearsal: RehearsalOptions
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            try await administrator.enterMaintenance(target.cluster, reason: reason)
            return Confirmation(message: "cluster \(target.cluster) is in maintenance")
        }
    }

    struct ExitMaintenance: RehearsedCommand {
        static let configuration = CommandConfiguration(
            abstract: "End maintenance, whoever began it.",
            discussion: """
                What was put off is placed then. Maintenance that the controller began ends by itself, if the cluster's \
                configuration says when (NUM_OFFLINE_INSTANCES_FOR_AUTO_EXIT).

                EXAMPLE
                  helix cluster exit-maintenance orders
                """)

        @OptionGroup var target: ClusterArgument
        @OptionGroup var rehearsal: RehearsalOptions
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            try await administrator.exitMaintenance(target.cluster)
            return Confirmation(message: "cluster \(target.cluster) is no longer in maintenance")
        }
    }
}
