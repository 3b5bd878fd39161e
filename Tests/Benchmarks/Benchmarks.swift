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
    static let configuration = CommandConfiguration(abstract: "Run the benchmarks.")

    @Flag(help: "Small sizes only: a smoke test of the benchmark itself.")
    var quick = false

    @Option(help: "Only the scenario with this many instances (6 or 10).")
    var only: Int?

    func run() async throws {
        let report = Report()
        try PipelineBenchmark(report: report, isQuick: quick).run()
        let sizes: [Scenario.Size] =
            quick
            ? [.init(instances: 4, partitions: 64, replicas: 3)]
            : [
                .init(instances: 6, partitions: 1024, replicas: 3),
                .init(instances: 10, partitions: 4096, replicas: 3),
            ].filter { only == nil || $0.instances == only }
        for size in sizes {
            try await Scenario(size: size, report: report, isQuick: quick).run()
        }
        report.printTable()
    }
}
