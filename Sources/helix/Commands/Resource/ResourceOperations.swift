import ArgumentParser
import HelixAdmin
import HelixRecords

extension ResourceCommand {
    struct Rebalance: RehearsedCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a resource its replicas anew.",
            discussion: """
                In FULL_AUTO and USER_DEFINED mode the controller places them. In SEMI_AUTO and CUSTOMIZED mode an \
                even assignment to the instances of now is written, which replaces the one that is there.

                EXAMPLE
                  helix resource rebalance orders Orders --replicas 3
                """)

        @OptionGroup var target: ResourceArguments
        @Option(help: "How many replicas each partition has; as many as now unless given.")
        var replicas: IdealState.Replicas?
        @Option(help: "What the partitions' names begin with; the resource's name unless given.")
        var prefix: String?
        @OptionGroup var rehearsal: RehearsalOptions
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            let idealState = try await administrator.rebalance(
                target.resource, in: target.cluster, replicas: try await wanted(administrator), prefix: prefix)
            return Confirmation(
                message: "resource \(target.resource) has \(idealState.partitions.count) partitions with "
                    + "\(idealState.replicas.map(\.text) ?? "no") replicas each")
        }

        private func wanted(_ administrator: Administrator) async throws -> IdealState.Replicas {
            if let replicas { return replicas }
            let found = try await administrator.describeResource(target.resource, in: target.cluster).idealState
            guard let replicas = found.replicas else {
                throw ValidationError("resource \(target.resource) has no number of replicas yet: give --replicas")
            }
            return replicas
        }
    }

    struct Spread: AdministrationCommand {
        static let configuration = CommandConfiguration(
            abstract: "Spread the records of a large resource over several znodes, or put them together again.",
            discussion: """
                A znode holds about one megabyte. Buckets of 1000 partitions suit every resource that is larger; the names \
                of the partitions must end in _ and a number. The external view follows at once, the current states with \
                the next transition on each instance, or with its next start.

                EXAMPLES
                  helix resource spread orders Orders --bucket-size 1000
                  helix resource spread orders Orders --bucket-size 0
                """)

        @OptionGroup var target: ResourceArguments
        @Option(help: "How many partitions one znode holds; 0 for all.")
        var bucketSize: Int
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            let count = try await administrator.spreadResource(
                target.resource, in: target.cluster, bucketSize: bucketSize)
            return Confirmation(
                message: bucketSize == 0
                    ? "resource \(target.resource) is in one piece"
                    : "resource \(target.resource) is spread over \(Phrase.count(count, "bucket"))")
        }
    }

    struct Enable: RehearsedCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a resource be served again.",
            discussion: """
                EXAMPLE
                  helix resource enable orders Orders
                """)

        @OptionGroup var target: ResourceArguments
        @OptionGroup var rehearsal: RehearsalOptions
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            try await administrator.enableResource(target.resource, in: target.cluster)
            return Confirmation(message: "resource \(target.resource) enabled")
        }
    }

    struct Disable: RehearsedCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a resource out of service: all its replicas go to their initial state.",
            discussion: """
                EXAMPLE
                  helix resource disable orders Orders
                """)

        @OptionGroup var target: ResourceArguments
        @OptionGroup var rehearsal: RehearsalOptions
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            try await administrator.disableResource(target.resource, in: target.cluster)
            return Confirmation(message: "resource \(target.resource) disabled")
        }
    }

    struct Reset: RehearsedCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take all replicas of a resource that are in ERROR back to the initial state.",
            discussion: """
                EXAMPLE
                  helix resource reset orders Orders
                """)

        @OptionGroup var target: ResourceArguments
        @OptionGroup var rehearsal: RehearsalOptions
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> ResetReport {
            ResetReport(messages: try await administrator.resetResource(target.resource, in: target.cluster))
        }
    }
}
