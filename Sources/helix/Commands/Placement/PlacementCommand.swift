import ArgumentParser
import RebalancePipeline

struct PlacementCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "placement",
        abstract: "Show how evenly replicas and top states are spread over nodes and zones.",
        discussion: """
            What is counted are the current states that live instances report, in whatever state, ERROR too. Top \
            states count where the state model bounds them, as with leaders and masters. Nodes that get no replicas now, \
            because they are not live, disabled or drained, do not count for the evenness.

            Of more than \(PlacementReport.lineLimit) nodes it tells how many have how many; --all shows each.

            EXAMPLES
              helix placement orders
              helix placement orders Orders
              helix placement orders --format json
            """)

    @OptionGroup var target: ViewArguments
    @Flag(help: "Show every node by itself, however many there are.")
    var all = false
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let logger = common.log.logger("helix")
        let seen = try await SeenCluster.read(target.cluster, common.connection, logger)
        if let resource = target.resource { try seen.check(resource: resource) }
        guard let spread = seen.snapshot.spread(of: target.resource) else { return }
        let count = target.resource == nil ? seen.snapshot.resources.count : 1
        try common.output.show(
            PlacementReport(
                spread, cluster: target.cluster, resource: target.resource, resourceCount: count, listsAll: all))
    }
}
