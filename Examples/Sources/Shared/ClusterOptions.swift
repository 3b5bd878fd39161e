public import ArgumentParser
import HelixAdmin
import HelixController
import HelixParticipant
import HelixSpectator
public import Logging
public import ServiceLifecycle
import UnixSignals
public import ZooKeeper

/// What every process of a recipe is told on its command line.
public struct ClusterOptions: ParsableArguments {
    @Option(help: "The ZooKeeper servers: host:port,host:port.")
    var zookeeper = "127.0.0.1:2181"

    @Option(help: "Seconds after which a process that is not heard of counts as dead.")
    var sessionTimeout = 5.0

    @Flag(help: "Log what the library does.")
    var verbose = false

    /// The options by their defaults.
    public init() {}

    /// Where the cluster meets.
    public var coordination: ZooKeeperCoordination { .zooKeeper(zookeeper) }

    /// The session timeout to ask for.
    public var timeout: Duration { .seconds(sessionTimeout) }

    /// Logs to standard error; standard output is for events.
    public var logger: Logger {
        var logger = Logger(label: "recipe") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = verbose ? .debug : .error
        return logger
    }

    /// Runs services until one of them ends or fails, or the process gets SIGTERM or Ctrl-C. Then the last of them is
    /// shut down first, and each gets the time that it needs.
    public func run(_ services: any Service...) async throws {
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map {
                    .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup)
                },
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
    }
}
