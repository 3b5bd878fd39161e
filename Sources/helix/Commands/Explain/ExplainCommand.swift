import ArgumentParser
import HelixAdmin
import HelixController
import HelixRecords
import RebalancePipeline

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Tell why the replicas of a partition are where they are, and why they are not moving.",
        discussion: """
            The answer comes from the same code that decides in the controller, on the cluster as it is now.

            EXAMPLE
              helix explain orders Orders Orders_7
            """)

    @OptionGroup var target: ResourceArguments
    @Argument(help: "The partition's name.")
    var partition: String
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let logger = common.log.logger("helix")
        let (target, partition) = (target, partition)
        let report = try await common.connection.withSession(logger) { session in
            let cluster = target.cluster
            let leader = try await Administrator(session: session).describeCluster(cluster).leader?.id
            let snapshot = try await ClusterSnapshot.read(cluster, in: session, logger: logger)
            return try Self.report(snapshot, resource: target.resource, partition: partition, leader: leader)
        }
        try common.output.show(report)
    }

    private static func report(
        _ snapshot: ClusterSnapshot, resource: String, partition: String, leader: String?
    ) throws -> ExplanationReport {
        if let explanation = Rebalancer().explain(snapshot, resource: resource, partition: partition) {
            return ExplanationReport(
                explanation, cluster: snapshot.cluster, leader: leader,
                liveInstances: snapshot.instances.count { $0.live != nil })
        }
        guard let found = snapshot.resources[resource] else {
            throw AdministrationError(
                .doesNotExist, "there is no resource \(resource) in cluster \(snapshot.cluster); check the name")
        }
        let known = found.idealState.value?.partitions ?? []
        throw AdministrationError(
            .doesNotExist,
            "resource \(resource) has no partition \(partition); it has \(known.count)"
                + (known.first.map { ", the first is \($0)" } ?? "") + "; check the name")
    }
}

/// What `helix explain` shows.
struct ExplanationReport: Rendering {
    struct Replica: Encodable, Sendable {
        let instance: String
        let current: String?
        let wanted: String?
        let next: String?
        let reasons: [String]
    }

    private let cluster: String
    private let resource: String
    private let partition: String
    private let mode: String?
    private let stateModel: String?
    private let leader: String?
    private let liveInstances: Int
    private let preferenceList: [String]
    private let replicas: [Replica]
    private let problems: [String]

    init(_ explanation: PartitionExplanation, cluster: String, leader: String?, liveInstances: Int) {
        self.liveInstances = liveInstances
        self.cluster = cluster
        resource = explanation.resource
        partition = explanation.partition
        mode = explanation.mode
        stateModel = explanation.stateModel
        self.leader = leader
        preferenceList = explanation.preferenceList
        replicas = explanation.replicas.map { replica in
            Replica(
                instance: replica.instance, current: replica.current, wanted: replica.wanted, next: replica.next,
                reasons: replica.reasons.map(\.description))
        }
        problems = explanation.problems.map(\.description)
    }

    var text: String {
        var head = TextTable()
        head.add("partition", "\(partition) of \(resource)")
        head.add("mode", mode)
        head.add("state model", stateModel)
        head.add("preference", preferenceList.isEmpty ? nil : preferenceList.joined(separator: ", "))
        for problem in problems { head.add("problem", problem) }
        return ([head.description, "", replicaTable.description, ""] + conclusion).joined(separator: "\n")
    }

    private var replicaTable: TextTable {
        var table = TextTable("INSTANCE", "CURRENT", "WANTED", "NEXT", "WAITS BECAUSE")
        for replica in replicas {
            table.add(
                replica.instance, replica.current, replica.wanted, replica.next,
                replica.reasons.joined(separator: "; "))
        }
        return table
    }

    /// What it comes to, in a sentence.
    private var conclusion: [String] {
        if leader == nil {
            return ["No controller leads the cluster, so nothing moves; start one with: helix controller \(cluster)"]
        }
        if liveInstances == 0 { return ["No instance is alive, so there is nowhere to place replicas."] }
        if replicas.contains(where: { $0.next != nil }) { return ["A transition is about to be asked for."] }
        if replicas.contains(where: { !$0.reasons.isEmpty }) { return ["It waits for the reasons above."] }
        if !problems.isEmpty { return ["It stays as it is because of the problem above."] }
        return ["Everything is as it should be."]
    }
}
