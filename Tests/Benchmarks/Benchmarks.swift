import ArgumentParser

/// Measures the whole system against a ZooKeeper server of its own.
@main
struct Benchmarks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Benchmarks",
        abstract: "Measure clusters against a ZooKeeper of its own, as ratios to what that server can do in this run.",
        discussion: """
            One JSON object a line for every figure, and a table at the end. Controller and participants run as processes
            of their own; what they did is read from the server's transaction log, not asked of them.
            """,
        subcommands: [Run.self, ControllerProcess.self, ParticipantsProcess.self],
        defaultSubcommand: Run.self)
}

struct Run: AsyncParsableCommand {
    /// What can be measured by itself.
    enum Part: String, CaseIterable, ExpressibleByArgument {
        case pipeline, change, placement, strategies, leader
        case sixInstances = "6"
        case tenInstances = "10"

        static let clusters: Set<Part> = [.sixInstances, .tenInstances]
    }

    static let configuration = CommandConfiguration(
        abstract: "Run the benchmarks.",
        discussion: """
            The parts: pipeline (a pass by itself), change (what one change costs), placement (one large resource), strategies (all of them side by \
            side), leader (how long another one takes to lead), and clusters of 6 and of 10 instances. Only the last three need a \
            ZooKeeper server.
            """)

    @Flag(help: "Small sizes only: a smoke test of the benchmark itself.")
    var quick = false

    @Option(help: "Only this part; may be given more than once.")
    var only: [Part] = []

    @Option(help: "text for JSON lines and tables, markdown for tables only.")
    var format = OutputFormat.text

    func run() async throws {
        let report = Report(format: format)
        let parts = only.isEmpty ? Part.allCases : only
        if parts.contains(.pipeline) { try PipelineBenchmark(report: report, isQuick: quick).run() }
        if parts.contains(.change) { try ChangeBenchmark(report: report, isQuick: quick).run() }
        if parts.contains(.placement) { try PlacementBenchmark(report: report, isQuick: quick).run() }
        if parts.contains(.strategies) { StrategyComparison(report: report, isQuick: quick).run() }
        if parts.contains(.leader) { try await LeaderBenchmark(report: report, isQuick: quick).run() }
        for size in sizes(of: parts) {
            try await Scenario(size: size, report: report, isQuick: quick).run()
        }
        report.printTables()
    }

    private func sizes(of parts: [Part]) -> [Scenario.Size] {
        if quick {
            return Part.clusters.isDisjoint(with: parts) ? [] : [.init(instances: 4, partitions: 64, replicas: 3)]
        }
        return [
            .init(instances: 6, partitions: 1024, replicas: 3),
            .init(instances: 10, partitions: 4096, replicas: 3),
        ].filter { size in parts.contains { $0.rawValue == "\(size.instances)" } }
    }
}
