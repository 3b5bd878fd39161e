import ArgumentParser
import RebalancePipeline

struct WhyNotConvergedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why-not-converged",
        abstract: "List everything in a cluster that is not where it should be, by cause, the oldest first.",
        discussion: """
            The answer comes from the same code that decides in the controller, on the cluster as it is now. The exit code \
            is 1 when something is not where it should be.

            EXAMPLES
              helix why-not-converged orders
              helix why-not-converged orders --limit 100
            """)

    @OptionGroup var target: ClusterArgument
    @Option(help: "How many are listed for each cause; JSON lists all.")
    var limit = 10
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if limit < 0 { throw ValidationError("--limit is a number from 0, not \(limit)") }
    }

    func run() async throws {
        let logger = common.log.logger("helix")
        let seen = try await SeenCluster.read(target.cluster, common.connection, logger)
        let convergence = Rebalancer().convergence(of: seen.snapshot)
        try common.output.show(ConvergenceReport(convergence, seen, limit: limit))
        if !convergence.isComplete { throw ExitCode.failure }
    }
}

/// What `helix why-not-converged` shows.
struct ConvergenceReport: Rendering {
    struct Group: Encodable, Sendable {
        let cause: String
        let count: Int
        let lags: [Lag]
    }

    struct Lag: Encodable, Sendable {
        let resource: String
        let partition: String?
        let instance: String?
        let current: String?
        let wanted: String?
        let reason: String
        /// Milliseconds since 1970.
        let since: Int64?
    }

    private let cluster: String
    private let leader: String?
    private let isConverged: Bool
    private let groups: [Group]
    private let problems: [String]
    private let limit: Int
    private let time: Int64

    private enum CodingKeys: String, CodingKey { case cluster, leader, isConverged, groups, problems }

    init(_ convergence: Convergence, _ seen: SeenCluster, limit: Int) {
        cluster = seen.snapshot.cluster
        leader = seen.leader
        isConverged = convergence.isComplete
        groups = convergence.groups.map { group in
            Group(
                cause: group.cause.rawValue, count: group.lags.count,
                lags: group.lags.map {
                    Lag(
                        resource: $0.resource, partition: $0.partition, instance: $0.instance, current: $0.current,
                        wanted: $0.wanted, reason: $0.reason, since: $0.since)
                })
        }
        problems = convergence.problems.map(\.description) + seen.told(without: convergence.problems)
        self.limit = limit
        time = seen.snapshot.time
    }

    var text: String {
        var parts = problems.map { "problem: \($0)" }
        if leader == nil { parts.append(Phrase.noLeader(of: cluster)) }
        if groups.isEmpty { parts.append("Everything is where it should be.") }
        return (parts + groups.map(text)).joined(separator: "\n\n")
    }

    private func text(_ group: Group) -> String {
        var table = TextTable("RESOURCE", "PARTITION", "INSTANCE", "CURRENT", "WANTED", "FOR", "BECAUSE")
        for lag in group.lags.prefix(limit) {
            table.add(
                lag.resource, lag.partition, lag.instance, lag.current, lag.wanted, lag.since.map(age), lag.reason)
        }
        let head = "\(Self.titles[group.cause] ?? group.cause): \(group.count)"
        let rest = group.count > limit ? ["and \(group.count - limit) more"] : []
        return ([head] + (limit > 0 ? [table.description] : []) + rest).joined(separator: "\n")
    }

    private func age(_ since: Int64) -> String {
        let seconds = max(0, time - since) / 1_000
        switch seconds {
        case ..<120: return "\(seconds) s"
        case ..<7_200: return "\(seconds / 60) min"
        default: return "\(seconds / 3_600) h"
        }
    }

    private static let titles = Dictionary(
        uniqueKeysWithValues: Convergence.Cause.allCases.map { ($0.rawValue, $0.title) })
}

extension Convergence.Cause {
    /// What stands above those that lag for the cause.
    fileprivate var title: String {
        switch self {
        case .paused: "The controller is paused"
        case .maintenance: "Held by maintenance"
        case .frozen: "Left as it is"
        case .error: "In ERROR"
        case .tops: "Too many top states"
        case .unprocessable: "Given up by their instances"
        case .stuck: "Under way for longer than usual"
        case .withoutEffect: "Asked for without effect"
        case .tooFewInstances: "Too few instances"
        case .instanceAway: "Instances that are away"
        case .noPath: "No way in the state model"
        case .limited: "Waiting for the limits of the cluster"
        case .underWay: "Under way"
        case .turn: "Waiting for other replicas of the partition"
        case .due: "About to begin"
        }
    }
}
