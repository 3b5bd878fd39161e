import ArgumentParser
import Coordination
import HelixAdmin
import HelixController
import HelixRecords
import Logging
import RebalancePipeline

/// A command that changes where replicas should be, and can tell before what would move.
protocol RehearsedCommand: AdministrationCommand {
    associatedtype Target: ClusterNaming

    /// What it is about.
    var target: Target { get }
    /// Whether it only tells.
    var rehearsal: RehearsalOptions { get }
}

/// Arguments that begin with a cluster's name.
protocol ClusterNaming {
    var cluster: String { get }
}

extension ClusterArgument: ClusterNaming {}
extension InstanceArguments: ClusterNaming {}
extension ResourceArguments: ClusterNaming {}
extension PartitionArguments: ClusterNaming {}
extension ScopeArguments: ClusterNaming {}

/// The option of all commands that move replicas.
struct RehearsalOptions: ParsableArguments, Sendable {
    @Flag(help: "Tell what would move, and change nothing.")
    var dryRun = false
}

extension RehearsedCommand {
    func run() async throws { try await perform() }

    /// Connects, does it, and shows the outcome; or shows what it would come to.
    func perform() async throws {
        let logger = common.log.logger("helix")
        guard rehearsal.dryRun else {
            let outcome = try await common.connection.withSession(logger) { session in
                try await self.outcome(Administrator(session: session, logger: logger))
            }
            return try common.output.show(outcome)
        }
        let rehearsal = try await common.connection.withSession(logger) { session in
            try await Rehearsal(of: target.cluster, session, logger)
        }
        let (seen, plan) = try await rehearsal.plan { administrator in _ = try await outcome(administrator) }
        try common.output.show(PlanReport(plan, seen, listsMoves: true))
    }
}

/// A copy of a cluster in memory, on which an operation is tried with the code that would carry it out, and refused for the
/// same reasons.
struct Rehearsal: Sendable {
    private let stage: MemoryCoordination
    private let cluster: String
    private let logger: Logger

    /// What no operation looks at, or cannot change.
    private static let leftOut: Set<String> = [
        "EXTERNALVIEW", "TARGETEXTERNALVIEW", "PROPERTYSTORE", "STATUSUPDATES", "ERRORS",
    ]

    /// Copies a cluster.
    init(of cluster: String, _ session: any CoordinationSession, _ logger: Logger) async throws {
        self.cluster = cluster
        self.logger = logger
        stage = MemoryCoordination()
        // What is missing is told with its remedy.
        _ = try await Administrator(session: session, logger: logger).describeCluster(cluster)
        let root = ClusterPaths(cluster: cluster).root
        let copy = try await stage.openSession()
        var level = [root]
        while !level.isEmpty {
            let data = await session.read(level.map { .get($0) })
            var writes: [WriteOperation] = []
            for (path, result) in zip(level, data) {
                switch result {
                case .success(.data(let data, _)): writes.append(.create(path, data: data))
                case .success: break
                case .failure(let error) where error.code == .noNode: break
                case .failure(let error): throw error
                }
            }
            for case .failure(let error) in try await copy.writeBatched(writes) { throw error }
            level = try await Self.children(of: writes.map(\.path), session)
        }
    }

    private static func children(of paths: [String], _ session: any CoordinationSession) async throws -> [String] {
        var next: [String] = []
        for (path, result) in zip(paths, await session.read(paths.map { .children($0) })) {
            switch result {
            case .success(.children(let names, _)):
                let name = path.split(separator: "/").last.map(String.init) ?? ""
                if !leftOut.contains(name) { next += names.sorted().map { "\(path)/\($0)" } }
            case .success: break
            case .failure(let error) where error.code == .noNode: break
            case .failure(let error): throw error
            }
        }
        return next
    }

    /// Tries an operation.
    /// - Returns: the cluster before it, and what would follow from it.
    func plan(
        _ operation: (Administrator) async throws -> Void
    ) async throws -> (before: SeenCluster, plan: PlacementPlan) {
        let session = try await stage.openSession()
        let before = try await SeenCluster.read(cluster, in: session, logger)
        try await operation(Administrator(session: session, logger: logger))
        let after = try await ClusterSnapshot.read(cluster, in: session, now: before.snapshot.time, logger: logger)
        return (before, Rebalancer().plan(from: before.snapshot, to: after))
    }
}
