import ArgumentParser
import HelixAdmin
import HelixRecords

struct InstanceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "instance",
        abstract: "Add, drop, describe, operate, evacuate and replace instances, and ask whether they may stop.",
        subcommands: [
            Add.self, Drop.self, List.self, Describe.self, Enable.self, Disable.self, Operate.self, Tag.self,
            Reset.self, Evacuate.self, Evacuated.self, Swap.self, Purge.self, Kill.self, Stoppable.self,
        ])
}

extension InstanceCommand {
    struct Add: RehearsedCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add an instance to a cluster.",
            discussion: """
                Its participant can join then. Host and port come from the name unless they are given.

                EXAMPLES
                  helix instance add orders node1_8080
                  helix instance add orders node1_8080 --tag ssd --domain zone=a,host=node1
                """)

        @OptionGroup var target: InstanceArguments
        @Option(help: "The host that clients reach it at.")
        var host: String?
        @Option(help: "The port that clients reach it at.")
        var port: UInt16?
        @Option(help: "A tag; give the option again for more.")
        var tag: [String] = []
        @Option(help: ArgumentHelp("Its place in the topology.", valueName: "key=value,…"))
        var domain: String?
        @OptionGroup var rehearsal: RehearsalOptions
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            let config = try await administrator.addInstance(target.instance, in: target.cluster) { config in
                if let host { config.host = host }
                if let port { config.port = "\(port)" }
                if !tag.isEmpty { config.tags = tag }
                if let domain { config.record.simpleFields["DOMAIN"] = domain }
            }
            return Confirmation(message: "instance \(config.id) added to cluster \(target.cluster)")
        }
    }

    struct Drop: RehearsedCommand {
        static let configuration = CommandConfiguration(
            abstract: "Drop an instance from a cluster.",
            discussion: """
                Refused while the instance is alive.

                EXAMPLE
                  helix instance drop orders node1_8080
                """)

        @OptionGroup var target: InstanceArguments
        @OptionGroup var rehearsal: RehearsalOptions
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            try await administrator.dropInstance(target.instance, in: target.cluster)
            return Confirmation(message: "instance \(target.instance) dropped from cluster \(target.cluster)")
        }
    }

    struct List: AdministrationCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the instances of a cluster.",
            discussion: """
                EXAMPLES
                  helix instance list orders
                  helix instance list orders --tag ssd
                """)

        @OptionGroup var target: ClusterArgument
        @Option(help: "Only instances with this tag.")
        var tag: String?
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> InstanceList {
            var reports: [InstanceReport] = []
            for name in try await administrator.instances(in: target.cluster, tag: tag) {
                reports.append(InstanceReport(try await administrator.describeInstance(name, in: target.cluster)))
            }
            return InstanceList(instances: reports)
        }
    }

    struct Describe: AdministrationCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tell what there is to know of an instance.",
            discussion: """
                EXAMPLE
                  helix instance describe orders node1_8080
                """)

        @OptionGroup var target: InstanceArguments
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> InstanceReport {
            InstanceReport(try await administrator.describeInstance(target.instance, in: target.cluster))
        }
    }
}
