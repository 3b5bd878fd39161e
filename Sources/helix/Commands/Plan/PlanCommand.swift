import ArgumentParser
import HelixRecords
import RebalancePipeline

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Tell what would move if nodes, resources or weights were changed, and change nothing.",
        discussion: """
            The answer comes from the same code that decides in the controller. It begins with what is there now, and \
            tells which replicas come and go, which top states are handed over, how even the cluster is before and \
            after, what would be wrong then that is not wrong now, and how many transitions it takes.

            All options can be given several times and together. Resources and nodes are added first; then replicas \
            and weights are set; then nodes are drained and removed.

            EXAMPLES
              helix plan orders --add-node node4_8080
              helix plan orders --add-node node4_8080,zone=c,rack=r1,tag=ssd --add-node node5_8080,zone=a
              helix plan orders --remove-node node1_8080
              helix plan orders --drain node1_8080 --moves
              helix plan orders --replicas Orders=3 --format json
              helix plan orders --add-resource Carts:12:3:MasterSlave
              helix plan orders --weights node1_8080:cpu=16 --weights Orders:cpu=2 --weights Orders/Orders_7:cpu=5
            """)

    @OptionGroup var target: ClusterArgument
    @Option(
        help: ArgumentHelp(
            "A node that joins, new or known and not live. 'tag' gives it a tag, every other key goes into its DOMAIN; "
                + "'zone' is its HELIX_ZONE_ID too.", valueName: "name[,key=value…]"),
        transform: NewNode.init(text:))
    var addNode: [NewNode] = []
    @Option(help: ArgumentHelp("A node that goes at once and for good.", valueName: "name"))
    var removeNode: [String] = []
    @Option(help: ArgumentHelp("A node that is evacuated: it serves until others have taken over.", valueName: "name"))
    var drain: [String] = []
    @Option(
        help: ArgumentHelp("Another number of replicas for a resource.", valueName: "resource=n"),
        transform: NewReplicas.init(text:))
    var replicas: [NewReplicas] = []
    @Option(
        help: ArgumentHelp(
            "A new FULL_AUTO resource, with the state model \(NewResource.defaultModel) unless told.",
            valueName: "name:partitions:replicas[:model]"),
        transform: NewResource.init(text:))
    var addResource: [NewResource] = []
    @Option(
        help: ArgumentHelp(
            "What a node can carry, or what replicas of a resource or of one of its partitions weigh. Keys that are "
                + "not among INSTANCE_CAPACITY_KEYS yet are taken as added to them.",
            valueName: "node|resource[/partition]:key=n[,…]"),
        transform: NewWeights.init(text:))
    var weights: [NewWeights] = []
    @Flag(help: "Show every replica that comes or goes, and every top state that is handed over. JSON always has them.")
    var moves = false
    @OptionGroup var common: CommonOptions

    func validate() throws {
        let counts = [
            addNode.count, removeNode.count, drain.count, replicas.count, addResource.count, weights.count,
        ]
        if counts.allSatisfy({ $0 == 0 }) {
            throw ValidationError(
                "there is nothing to plan: give --add-node, --remove-node, --drain, --replicas, --add-resource or "
                    + "--weights")
        }
    }

    func run() async throws {
        let logger = common.log.logger("helix")
        let seen = try await SeenCluster.read(target.cluster, common.connection, logger)
        let plan = try Rebalancer().plan(changes(seen.snapshot), on: seen.snapshot)
        try common.output.show(PlanReport(plan, seen, listsMoves: moves))
    }

    private func changes(_ snapshot: ClusterSnapshot) -> [ClusterChange] {
        let joining = addNode.map(\.config.id)
        return addResource.map {
            .addResource($0.name, partitions: $0.partitions, replicas: $0.replicas, stateModel: $0.stateModel)
        } + addNode.map { .join($0.config) }
            + replicas.map { .setReplicas(resource: $0.resource, $0.replicas) }
            + weights.map { $0.change(in: snapshot, joining: joining) }
            + drain.map { .drain(instance: $0) } + removeNode.map { .remove(instance: $0) }
    }
}
