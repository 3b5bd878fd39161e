import ArgumentParser
import HelixAdmin
import HelixController
import HelixRecords
import RebalancePipeline
import StateModels

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
        let report = try await common.connection.withSession(logger) { session in
            let seen = try await SeenCluster.read(target.cluster, in: session, logger)
            let explanation = try Self.explanation(seen, resource: target.resource, partition: partition)
            let said = try await Self.said(explanation, seen, Administrator(session: session, logger: logger))
            return ExplanationReport(explanation, seen, said: said)
        }
        try common.output.show(report)
    }

    /// What instances say of the replicas that they have in ERROR.
    private static func said(
        _ explanation: PartitionExplanation, _ seen: SeenCluster, _ administrator: Administrator
    ) async throws -> [String: String] {
        var said: [String: String] = [:]
        for replica in explanation.replicas where replica.current == StateModel.error {
            do {
                let found = try await administrator.describeInstance(replica.instance, in: seen.snapshot.cluster)
                let state = found.currentStates.first { $0.id == explanation.resource }
                said[replica.instance] = state?[explanation.partition]?.info
            } catch is AdministrationError, is RecordError {
                // It is gone meanwhile, or what it says cannot be read.
            }
        }
        return said.filter { !$0.value.isEmpty }
    }

    private static func explanation(
        _ seen: SeenCluster, resource: String, partition: String
    ) throws -> PartitionExplanation {
        if let explanation = Rebalancer().explain(seen.snapshot, resource: resource, partition: partition) {
            return explanation
        }
        try seen.check(resource: resource)
        let known = seen.snapshot.resources[resource]?.idealState.value?.partitions ?? []
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
        /// What the instance says of a replica in ERROR.
        let detail: String?
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
    private let violations: [PlacementViolation]

    init(_ explanation: PartitionExplanation, _ seen: SeenCluster, said: [String: String]) {
        cluster = seen.snapshot.cluster
        leader = seen.leader
        liveInstances = seen.snapshot.instances.count { $0.live != nil }
        resource = explanation.resource
        partition = explanation.partition
        mode = explanation.mode
        stateModel = explanation.stateModel
        preferenceList = explanation.preferenceList
        replicas = explanation.replicas.map { replica in
            Replica(
                instance: replica.instance, current: replica.current, wanted: replica.wanted, next: replica.next,
                reasons: replica.reasons.map(\.description), detail: said[replica.instance])
        }
        problems =
            explanation.problems.map(\.description)
            + seen.told(
                resource: explanation.resource, partition: explanation.partition, without: explanation.problems)
        violations = explanation.violations
    }

    var text: String {
        var head = TextTable()
        head.add("partition", "\(partition) of \(resource)")
        head.add("mode", mode)
        head.add("state model", stateModel)
        head.add("preference", preferenceList.isEmpty ? nil : preferenceList.joined(separator: ", "))
        for problem in problems { head.add("problem", problem) }
        for violation in violations { head.add("violated", Self.text(violation)) }
        let details = replicas.compactMap { replica in replica.detail.map { "\(replica.instance) says: \($0)" } }
        let lines = [head.description, "", replicaTable.description, ""] + details + conclusion
        return lines.joined(separator: "\n")
    }

    private static func text(_ violation: PlacementViolation) -> String {
        let place = [violation.instance, violation.dimension].compactMap { $0 }.joined(separator: ", ")
        return
            "\(violation.rule)\(place.isEmpty ? "" : " (\(place))"): \(violation.wanted) wanted, \(violation.found) found"
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
        if leader == nil { return [Phrase.noLeader(of: cluster)] }
        if liveInstances == 0 { return ["No instance is alive, so there is nowhere to place replicas."] }
        if replicas.contains(where: { $0.next != nil }) { return ["A transition is about to be asked for."] }
        if replicas.contains(where: { !$0.reasons.isEmpty }) { return ["It waits for the reasons above."] }
        if !problems.isEmpty { return ["It stays as it is because of the problem above."] }
        return ["Everything is as it should be."]
    }
}
