import ArgumentParser
import Foundation
import HelixController
import Logging

struct ControllerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "controller",
        abstract: "Run a controller of a cluster.",
        discussion: """
            Run as many as you like: one leads, the others stand by. It ends on SIGTERM or SIGINT, and hands the lead \
            over at once.

            EXAMPLES
              helix controller orders
              helix controller orders --name controller-1 --log-level debug
            """)

    @OptionGroup var target: ClusterArgument
    @Option(help: "Its name, unique among the cluster's controllers; host and process id unless given.")
    var name: String?
    @Option(help: "How many seconds a dead leader keeps its office.")
    var sessionTimeout: Double = 30
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var log: LogOptions

    func validate() throws { try Self.check(sessionTimeout: sessionTimeout) }

    static func check(sessionTimeout: Double) throws {
        guard sessionTimeout > 0, sessionTimeout <= 3600 else {
            throw ValidationError(
                "--session-timeout is \(sessionTimeout), expected more than 0 and at most 3600 seconds")
        }
    }

    func run() async throws {
        let logger = log.logger("helix.controller", defaultLevel: .info)
        try await connection.probe(logger)
        var configuration = ControllerConfiguration()
        configuration.sessionTimeout = .milliseconds(Int64(sessionTimeout * 1000))
        let controller = Controller(
            cluster: target.cluster, name: name ?? Self.defaultName, coordination: connection.coordination,
            configuration: configuration, logger: logger)
        try await Services.run([controller], logger)
    }

    private static var defaultName: String {
        "\(ProcessInfo.processInfo.hostName)_\(ProcessInfo.processInfo.processIdentifier)"
    }
}
