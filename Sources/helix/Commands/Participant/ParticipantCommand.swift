import ArgumentParser
import HelixParticipant
import Logging
import StateModels

struct ParticipantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "participant",
        abstract: "Run a participant whose replicas do nothing but tell of their transitions.",
        discussion: """
            For trying things out: it takes replicas of every state model that the cluster has. It ends on SIGTERM or \
            SIGINT, and hands its replicas over before.

            EXAMPLES
              helix participant orders node1_8080
              helix participant orders node1_8080 --delay 500 --fail STANDBY-LEADER
            """)

    @OptionGroup var target: InstanceArguments
    @Option(help: "Only this state model; give the option again for more.")
    var stateModel: [String] = []
    @Option(help: ArgumentHelp("How long each transition takes.", valueName: "ms"))
    var delay = 0
    @Option(help: ArgumentHelp("A transition that fails; give the option again for more.", valueName: "FROM-TO"))
    var fail: [TransitionArgument] = []
    @Option(help: "After how many seconds of silence its replicas are given to others.")
    var sessionTimeout: Double = 30
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var log: LogOptions

    func validate() throws {
        try ControllerCommand.check(sessionTimeout: sessionTimeout)
        guard (0...3_600_000).contains(delay) else {
            throw ValidationError("--delay is \(delay), expected 0 to 3600000 milliseconds")
        }
    }

    func run() async throws {
        let logger = log.logger("helix.participant", defaultLevel: .info)
        let served = ServedModels(cluster: target.cluster, wanted: stateModel, logger: logger)
        let models = try await connection.withSession(logger) { try await served.read(in: $0) }
        var configuration = ParticipantConfiguration()
        configuration.sessionTimeout = .milliseconds(Int64(sessionTimeout * 1000))
        let participant = Participant(
            cluster: target.cluster, instance: target.instance, coordination: connection.coordination,
            configuration: configuration, logger: logger)
        let handler = TellingHandler(
            delay: .milliseconds(delay), failing: Set(fail.map(\.transition)), output: output)
        for model in models { participant.register(custom: model) { _ in handler } }
        try await Services.run([participant], logger)
    }
}

/// `FROM-TO`
struct TransitionArgument: ExpressibleByArgument, Sendable {
    let transition: Transition

    init?(argument: String) {
        let states = argument.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard states.count == 2, states.allSatisfy({ !$0.isEmpty }) else { return nil }
        transition = Transition(states[0], to: states[1])
    }
}
