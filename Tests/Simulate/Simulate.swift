import ArgumentParser
import Scenario

@main
struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs whole clusters in a simulated world in which everything goes wrong.",
        discussion: """
            Each seed is another run of the standard scenario: the real controllers, participants and spectators, on
            simulated servers, with another mixture of faults. The same seed gives the same run.

            Examples:
              simulate run --seeds 1000            a thousand runs, two at a time
              simulate soak --minutes 60           as many runs as fit into an hour
              simulate replay 4711                 one run again, cut down to the faults that matter, with its timeline
            """,
        subcommands: [Run.self, Soak.self, Replay.self], defaultSubcommand: Run.self)
}

/// How large a scenario is.
struct SizeOptions: ParsableArguments {
    @Option(help: "How many participants run.") var participants = ScenarioSize().participants
    @Option(help: "How many controllers run.") var controllers = ScenarioSize().controllers
    @Option(help: "How many spectators run.") var spectators = ScenarioSize().spectators
    @Option(help: "How many faults happen.") var faults = ScenarioSize().faults
    @Option(help: "How many seconds of simulated time they are spread over.") var span = 120

    var size: ScenarioSize {
        var size = ScenarioSize()
        size.participants = participants
        size.controllers = controllers
        size.spectators = spectators
        size.faults = faults
        size.span = .seconds(span)
        return size
    }

    func validate() throws {
        guard participants > 0, controllers > 0, spectators >= 0, faults >= 0, span > 0 else {
            throw ValidationError("a scenario needs at least one participant, one controller and one second")
        }
    }
}

enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}
