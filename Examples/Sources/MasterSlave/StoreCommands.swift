import ArgumentParser
import Coordination
import HelixAdmin
import HelixParticipant
import HelixRecords
import HelixSpectator
import Shared

/// The names by which all processes of this recipe know each other.
enum Store {
    static let cluster = "store"
    static let resource = "kv"

    /// The keys of the store as it was set up.
    static func keys(_ options: ClusterOptions) async throws -> KeySpace {
        try await options.coordination.withSession { session in
            let resource = try await Administrator(session: session).describeResource(resource, in: cluster)
            return KeySpace(partitions: resource.idealState.numPartitions ?? 1)
        }
    }
}

@main
struct StoreCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "MasterSlave",
        abstract: "A replicated key-value store: masters take writes, slaves keep copies.",
        groupedSubcommands: [
            CommandGroup(name: "The store", subcommands: [Setup.self, Node.self, Control.self]),
            CommandGroup(
                name: "Its clients", subcommands: [Get.self, Put.self, Delete.self, Load.self, Verify.self]),
        ])
}

struct Setup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Create the cluster and its partitions; again does no harm.")

    @OptionGroup var options: ClusterOptions
    @Option(help: "How many partitions the keys are spread over.") var partitions = 8
    @Option(help: "How many nodes have a copy of each partition.") var replicas = 3

    func run() async throws {
        let settings = ResourceSettings(partitions: partitions, stateModel: "MasterSlave", replicas: .count(replicas))
        try await options.setUp(Store.cluster, Store.resource, settings)
    }
}

struct Control: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "controller", abstract: "Decide which node is master of what. Run two, and one stands by.")

    @OptionGroup var options: ClusterOptions
    @Option(help: "The controller's name, unlike any other's.") var name = "controller_1"

    func run() async throws {
        try await options.run(options.controller(name, of: Store.cluster))
    }
}

struct Node: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Keep copies, and answer those who ask.")

    @OptionGroup var options: ClusterOptions
    @Option(help: "Where to listen.") var host = "127.0.0.1"
    @Option(help: "The port to listen on; 0 for any.") var port = 7001
    @Flag(help: "Run a controller in this process, too.") var controller = false

    func run() async throws {
        let keys = try await Store.keys(options)
        let listener = try await LineListener(host: host, port: port)
        // The name says where the node is found: everybody else reads it from the routing table.
        let name = "\(listener.address.host)_\(listener.address.port)"
        let spectator = options.spectator(of: Store.cluster, source: .currentStates)
        let node = StoreNode(keys: keys, cluster: ClusterView(spectator: spectator, own: name))
        let server = LineServer(listener: listener) { await node.answer($0) }
        let participant = options.participant(name, in: Store.cluster)
        participant.register(.masterSlave) { PartitionHandler(partition: node.partition($0.partition)) }
        say("SERVING \(listener.address)")
        // The last is shut down first: the participant hands over what it has while the others still work.
        if controller {
            let controller = options.controller("controller_\(name)", of: Store.cluster)
            try await options.run(controller, spectator, server, participant)
        } else {
            try await options.run(spectator, server, participant)
        }
    }
}
