import ArgumentParser
import Coordination
import HelixAdmin
import Logging

/// A command that asks or changes something in one session, and shows the outcome.
protocol AdministrationCommand: AsyncParsableCommand, Sendable {
    associatedtype Outcome: Rendering

    /// What all such commands are told.
    var common: CommonOptions { get }

    /// Does it.
    func outcome(_ administrator: Administrator) async throws -> Outcome
}

extension AdministrationCommand {
    /// Connects, does it, and shows the outcome.
    func run() async throws {
        let logger = common.log.logger("helix")
        let outcome = try await common.connection.withSession(logger) { session in
            try await self.outcome(Administrator(session: session, logger: logger))
        }
        try common.output.show(outcome)
    }
}

/// The options of all commands that work in one session.
struct CommonOptions: ParsableArguments, Sendable {
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var log: LogOptions
}

/// A cluster's name as an argument.
struct ClusterArgument: ParsableArguments, Sendable {
    @Argument(help: "The cluster's name.")
    var cluster: String
}

/// An instance's name as an argument, after its cluster's.
struct InstanceArguments: ParsableArguments, Sendable {
    @Argument(help: "The cluster's name.")
    var cluster: String

    @Argument(help: "The instance's name, usually HOST_PORT.")
    var instance: String
}

/// A resource's name as an argument, after its cluster's.
struct ResourceArguments: ParsableArguments, Sendable {
    @Argument(help: "The cluster's name.")
    var cluster: String

    @Argument(help: "The resource's name.")
    var resource: String
}
