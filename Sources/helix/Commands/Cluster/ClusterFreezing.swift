import ArgumentParser
import HelixAdmin
import HelixRecords

extension ClusterCommand {
    struct Freeze: RehearsedCommand {
        static let configuration = CommandConfiguration(
            abstract: "Freeze a cluster: controller and instances stand still, and replicas stay as they are.",
            discussion: """
                Instances keep the states of their replicas even if their sessions end. 'helix cluster status' tells when \
                all have taken notice.

                EXAMPLES
                  helix cluster freeze orders --reason "the ensemble is being moved"
                  helix cluster freeze orders --reason "wrong release" --cancel-pending
                """)

        @OptionGroup var target: ClusterArgument
        @Option(help: "Why, for others to read.")
        var reason: String?
        @Flag(help: "Call off transitions that are under way, instead of waiting for them.")
        var cancelPending = false
        @OptionGroup var rehearsal: RehearsalOptions
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            try await administrator.freezeCluster(
                target.cluster, reason: reason, cancelsPendingTransitions: cancelPending)
            return Confirmation(message: "cluster \(target.cluster) is being frozen")
        }
    }

    struct Unfreeze: RehearsedCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a freeze: instances go on from the states that they kept.",
            discussion: """
                EXAMPLE
                  helix cluster unfreeze orders
                """)

        @OptionGroup var target: ClusterArgument
        @OptionGroup var rehearsal: RehearsalOptions
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            try await administrator.unfreezeCluster(target.cluster)
            return Confirmation(message: "cluster \(target.cluster) is being set free")
        }
    }

    struct Status: AdministrationCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tell whether a cluster works, is paused or frozen, and who has not taken notice yet.",
            discussion: """
                EXAMPLE
                  helix cluster status orders
                """)

        @OptionGroup var target: ClusterArgument
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> ManagementReport {
            ManagementReport(try await administrator.managementStatus(of: target.cluster), cluster: target.cluster)
        }
    }
}

/// What `helix cluster status` shows.
struct ManagementReport: Rendering {
    private struct Instance: Encodable {
        let name: String
        let isFrozen: Bool
        let messages: Int
    }

    private let cluster: String
    private let mode: String
    private let isCompleted: Bool
    private let reason: String?
    private let since: String?
    private let fromHost: String?
    private let leader: String?
    private let instances: [Instance]

    init(_ status: ManagementStatus, cluster: String) {
        self.cluster = cluster
        mode = status.mode.rawValue
        isCompleted = status.isCompleted
        reason = status.signal?.reason
        since = status.signal?.triggerTime
        fromHost = status.signal?.fromHost
        leader = status.leader
        instances = status.instances.map { Instance(name: $0.name, isFrozen: $0.isFrozen, messages: $0.messages) }
    }

    var text: String {
        var table = TextTable()
        table.add("mode", "\(mode), \(isCompleted ? "COMPLETED" : "IN_PROGRESS")")
        if let reason { table.add("reason", reason) }
        if let since { table.add("since", since) }
        if let fromHost { table.add("from", fromHost) }
        table.add("leader", leader ?? "none; start one with: helix controller \(cluster)")
        let frozen = instances.count { $0.isFrozen }
        table.add("instances", "\(instances.count) alive, of which \(frozen) frozen")
        let isFreezing = mode == ClusterStatus.Mode.clusterFreeze.rawValue
        for instance in instances where instance.isFrozen != isFreezing || (isFreezing && instance.messages > 0) {
            let state = instance.isFrozen ? "frozen" : "not frozen"
            table.add("", "\(instance.name): \(state), \(Phrase.count(instance.messages, "message")) waiting")
        }
        return table.description
    }
}
