import ArgumentParser
import HelixSpectator
import Synchronization

struct SpectatorCommand: AsyncParsableCommand, Sendable {
    static let configuration = CommandConfiguration(
        commandName: "spectator",
        abstract: "Show the routing table as a client of the cluster sees it, and follow its changes.",
        discussion: """
            EXAMPLES
              helix spectator orders
              helix spectator orders Orders --watch --format json
              helix spectator orders --source current-states --watch
            """)

    @OptionGroup var target: ViewArguments
    @Option(help: "What the table is made of; also customized-view:TYPE, of a type of customised states.")
    var source: RoutingSource = .externalView
    @Flag(help: "Go on, and show each change as a line. End with Ctrl-C.")
    var watch = false
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let logger = common.log.logger("helix")
        let spectator = try await target.spectator(source, common, logger)
        guard watch else {
            let table = try await target.firstTable(of: spectator)
            return try common.output.show(RouteReport(table, resource: target.resource))
        }
        let changes = ChangeLines(resource: target.resource)
        let following = TableFollower(spectator: spectator) { table in
            for change in changes.take(table) { try common.output.showNext(change) }
        }
        try await Services.run([spectator, following], logger)
    }
}

/// What is different in each table from the one before.
final class ChangeLines: Sendable {
    private let resource: String?
    private let last = Mutex<RoutingTable?>(nil)

    init(resource: String?) { self.resource = resource }

    /// The lines that tell of a table.
    func take(_ table: RoutingTable) -> [RouteChange] {
        let former = last.withLock { last in
            defer { last = table }
            return last
        }
        var lines = RouteChange.changes(from: former, to: table, resource: resource)
        if former == nil, lines.isEmpty { lines.append(.note("no replicas yet", table)) }
        if table.isStale != (former?.isStale ?? false) {
            lines.append(.note(table.isStale ? "stale: ZooKeeper cannot be reached" : "up to date again", table))
        }
        let known = former?.problems ?? []
        for problem in table.problems where !known.contains(problem) {
            lines.append(.note("problem: \(problem)", table))
        }
        return lines
    }
}
