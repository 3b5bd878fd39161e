import ArgumentParser
import HelixAdmin
import HelixParticipant
import HelixRecords
import Shared

/// The names by which all processes of this recipe know each other.
enum Locks {
    static let cluster = "locks"
    static let resource = "lock"
}

@main
struct LockCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "LockManager",
        abstract: "A lock manager: locks are spread evenly over processes, and each is held by one at a time.",
        subcommands: [Setup.self, Node.self, Control.self, Table.self])
}

struct Setup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Create the cluster and its locks; again does no harm.")

    @OptionGroup var options: ClusterOptions
    @Option(help: "How many locks there are.") var locks = 12

    func run() async throws {
        var settings = ResourceSettings(partitions: locks, stateModel: "OnlineOffline", replicas: .count(1))
        // A partition usually gets its new replica before it loses the old one. A lock must be let go of first.
        settings.minActiveReplicas = 0
        try await options.setUp(Locks.cluster, Locks.resource, settings)
    }
}

struct Control: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "controller", abstract: "Decide which process holds which lock. Run two, and one stands by.")

    @OptionGroup var options: ClusterOptions
    @Option(help: "The controller's name, unlike any other's.") var name = "controller_1"

    func run() async throws {
        try await options.run(options.controller(name, of: Locks.cluster))
    }
}

struct Node: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Hold locks, and use what they protect.")

    @OptionGroup var options: ClusterOptions
    @Option(help: "The process' name, unlike any other's.") var name: String
    @Option(help: "The directory of what the locks protect.") var log = "/tmp/locks"
    @Option(help: "Milliseconds from one use of a lock to the next.") var interval = 500
    @Flag(help: "Run a controller in this process, too.") var controller = false

    func run() async throws {
        let keeper = LockKeeper(node: name, log: try FencedLog(directory: log), interval: .milliseconds(interval))
        let participant = options.participant(name, in: Locks.cluster)
        participant.register(.onlineOffline) { LockHandler(lock: $0.partition, keeper: keeper) }
        // The last is shut down first: the participant lets go of its locks, then the keeper ends.
        if controller {
            try await options.run(options.controller("controller_\(name)", of: Locks.cluster), keeper, participant)
        } else {
            try await options.run(keeper, participant)
        }
    }

    func validate() throws {
        guard interval > 0 else { throw ValidationError("--interval is \(interval), expected at least 1") }
    }
}
