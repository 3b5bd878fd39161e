import ArgumentParser
import Coordination
import Foundation
import ZooKeeper

/// `helix demo`: a whole cluster in one process, and what happens to it when a node dies.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Run a cluster in this process, kill a node, and watch the failover.",
        discussion: """
            One controller, three participants and a spectator on a coordination service in memory, or on a real ZooKeeper. \
            The participant with the most masters is killed, comes back, and a fourth one joins. It ends by itself with a \
            summary.

            EXAMPLES
              helix demo
              helix demo --format json | tail -n 1
              helix demo --zookeeper 127.0.0.1:2181

            EXIT CODES
              0  the cluster converged each time, and no partition ever had two masters
              1  it did not converge in time, or something was violated
            """)

    @Option(help: "The form of the output: text, or one JSON object a line for every event.")
    var format: OutputFormat = .text

    @Option(
        help: ArgumentHelp("Run it on this ZooKeeper instead of in memory.", valueName: "host:port[,…][/chroot]"))
    var zookeeper: String?

    @Option(help: "The number of partitions.")
    var partitions = 24

    @Option(help: "The number of replicas of each partition.")
    var replicas = 3

    @Option(help: ArgumentHelp("How long each step may take.", valueName: "seconds"))
    var patience: Double = 30

    func validate() throws {
        guard (1...10_000).contains(partitions) else {
            throw ValidationError("--partitions is \(partitions), expected 1 to 10000")
        }
        guard (1...3).contains(replicas) else {
            throw ValidationError("--replicas is \(replicas), expected 1 to 3: there are three nodes at the start")
        }
        guard patience > 0 else { throw ValidationError("--patience is \(patience), expected more than 0 seconds") }
    }

    func run() async throws {
        let isTerminal = isatty(STDOUT_FILENO) == 1
        let display: any DemoDisplay =
            switch format {
            case .json: JSONDisplay()
            case .text: isTerminal ? TerminalDisplay(partitions: partitions) : PlainDisplay()
            }
        let settings = DemoSettings(
            cluster: zookeeper == nil ? "demo" : "helix-demo-\(getpid())", partitions: partitions, replicas: replicas,
            patience: .milliseconds(Int64(patience * 1000)), pause: isTerminal ? .milliseconds(1200) : .zero)
        let summary: DemoSummary
        if let zookeeper {
            let service = PatientCoordination(
                service: ZooKeeperCoordination(zookeeper), patience: .seconds(10), connectText: zookeeper)
            summary = try await Demo(settings: settings, coordination: service, display: display).run()
        } else {
            summary = try await Demo(settings: settings, coordination: MemoryCoordination(), display: display).run()
        }
        display.finish(summary)
        if !summary.isGood { throw ExitCode.failure }
    }
}

/// What the demo is about.
struct DemoSettings: Sendable {
    let cluster: String
    let resource = "Inventory"
    let partitions: Int
    let replicas: Int
    /// How long each step may take.
    let patience: Duration
    /// How long the map stays still between two steps, for people who watch.
    let pause: Duration
}

/// How it went.
struct DemoSummary: Sendable {
    var converged = true
    var violations = 0
    var convergence: Duration = .zero
    var failover: Duration = .zero
    var moves = 0
    var movesMinimum = 0

    var isGood: Bool { converged && violations == 0 }
}
