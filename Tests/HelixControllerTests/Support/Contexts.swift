import Coordination
import HelixRecords
import Logging

@testable import HelixController

/// What all parts of a controller share, for tests of one part.
func makeContext(
    now: @escaping @Sendable () -> Int64 = { 1_700_000_000_000 }, clock: any Clock<Duration> = ContinuousClock()
) -> ControllerContext {
    var configuration = ControllerConfiguration()
    configuration.viewInterval = .milliseconds(1)
    configuration.journalInterval = .milliseconds(1)
    return ControllerContext(
        paths: ClusterPaths(cluster: "test"), name: "controller", configuration: configuration,
        logger: quietLogger, clock: clock,
        environment: ControllerEnvironment(now: now, makeMessageID: ControllerEnvironment.system.makeMessageID),
        metrics: ControllerMetrics(cluster: "test"))
}

/// The office, won by a session.
func takeOffice(_ session: any CoordinationSession) async throws -> Office {
    try await LeaderElection(session: session, context: makeContext()).win()
}
