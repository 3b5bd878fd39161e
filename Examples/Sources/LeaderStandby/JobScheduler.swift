import ArgumentParser
import HelixAdmin
import HelixParticipant
import HelixRecords
import Shared

/// The names by which all processes of this recipe know each other.
enum Jobs {
    static let cluster = "jobs"
    static let resource = "shard"
}

@main
struct JobScheduler: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "LeaderStandby",
        abstract: "A job scheduler: the job of each shard is run by the shard's leader only.",
        subcommands: [Setup.self, Node.self, Control.self])
}

struct Setup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Create the cluster and its shards; again does no harm.")

    @OptionGroup var options: ClusterOptions
    @Option(help: "How many shards there are.") var shards = 8
    @Option(help: "How many nodes carry each shard; one of them leads.") var replicas = 3

    func run() async throws {
        let settings = ResourceSettings(partitions: shards, stateModel: "LeaderStandby", replicas: .count(replicas))
        try await options.setUp(Jobs.cluster, Jobs.resource, settings)
    }
}

struct Control: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "controller", abstract: "Decide which node leads which shard. Run two, and one stands by.")

    @OptionGroup var options: ClusterOptions
    @Option(help: "The controller's name, unlike any other's.") var name = "controller_1"

    func run() async throws {
        try await options.run(options.controller(name, of: Jobs.cluster))
    }
}

struct Node: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Carry shards, and run the jobs of those that it leads.")

    @OptionGroup var options: ClusterOptions
    @Option(help: "The node's name, unlike any other's.") var name: String
    @Option(help: "The directory that all nodes write to, which stands for your database.") var log = "/tmp/jobs"
    @Option(help: "Milliseconds from one tick of a job to the next.") var interval: Int64 = 1_000
    @Flag(help: "Run a controller in this process, too.") var controller = false

    func run() async throws {
        let scheduler = Scheduler(node: name, log: try FencedLog(directory: log), interval: interval)
        let participant = options.participant(name, in: Jobs.cluster)
        participant.register(.leaderStandby) { ShardHandler(shard: $0.partition, scheduler: scheduler) }
        // The last is shut down first: the participant hands its shards over while the scheduler still runs.
        if controller {
            try await options.run(options.controller("controller_\(name)", of: Jobs.cluster), scheduler, participant)
        } else {
            try await options.run(scheduler, participant)
        }
    }

    func validate() throws {
        guard interval > 0 else { throw ValidationError("--interval is \(interval), expected at least 1") }
    }
}
