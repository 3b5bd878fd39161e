import HelixSpectator
import Logging
import ServiceLifecycle
import UnixSignals

/// Services that run until they are ended.
enum Services {
    /// Runs services until SIGTERM or SIGINT, then shuts them down, the last one first.
    static func run(_ services: [any Service], _ logger: Logger) async throws {
        let configurations = services.map { service in
            ServiceGroupConfiguration.ServiceConfiguration(
                service: service, successTerminationBehavior: .gracefullyShutdownGroup,
                failureTerminationBehavior: .cancelGroup)
        }
        try await ServiceGroup(
            configuration: .init(
                services: configurations, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        ).run()
    }
}

/// Shows each table of a spectator.
struct TableFollower: Service {
    let spectator: Spectator
    let show: @Sendable (RoutingTable) throws -> Void

    init(spectator: Spectator, show: @escaping @Sendable (RoutingTable) throws -> Void) {
        self.spectator = spectator
        self.show = show
    }

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            for await table in spectator.routingTables { try show(table) }
        }
    }
}
