public import Coordination
internal import Logging

/// A coordination service that is a ZooKeeper ensemble, over libzookeeper_mt.
///
/// ```swift
/// let service = ZooKeeperCoordination("zk1:2181,zk2:2181,zk3:2181/orders")
/// try await service.withSession { session in
///     try await session.create("/greeting", Array("hello".utf8))
/// }
/// ```
///
/// - A server whose name does not resolve is skipped with a warning; names are looked up again while a session is
///   suspended, so that servers may move.
/// - A session is suspended when the connection is lost, and when the server has been silent for two thirds of the
///   timeout. Operations that are submitted meanwhile fail at once with `.connectionLoss`: wait for
///   `.connected` before trying again.
/// - A session that the servers refuse expires: they do that when their store was emptied or restored under it, and has less
///   than the session has seen. To find that out takes twice the session timeout from when they are back.
/// - An operation that was submitted runs to its end, also when the task is cancelled; opening a session does not.
/// - The path below which sessions work (`/orders` above) is not created: without it creates fail with `.noNode`.
public final class ZooKeeperCoordination: CoordinationService {
    private let connectText: String
    private let clock: any Clock<Duration>
    private let lookup: HostResolver.Lookup

    /// An ensemble. Nothing is connected yet; a malformed text is reported when a session is opened.
    ///
    /// - Parameters:
    ///   - connect: the servers and optionally a path: `host1:2181,host2:2181/path`. The port is 2181 unless given.
    ///   - clock: measures the pauses between attempts to resolve the servers' names.
    public convenience init(_ connect: String, clock: any Clock<Duration> = ContinuousClock()) {
        self.init(connect, clock: clock, lookup: HostResolver.resolve)
    }

    init(_ connect: String, clock: any Clock<Duration> = ContinuousClock(), lookup: @escaping HostResolver.Lookup) {
        connectText = connect
        self.clock = clock
        self.lookup = lookup
    }

    /// Opens a session and returns once it is connected and its credentials are accepted.
    ///
    /// Waits as long as it takes; while no server's name resolves it says so in the log.
    /// - Throws: `.badArguments` for a malformed connect text, `.authenticationFailed` for credentials that are
    ///   refused, `.closed` when the task is cancelled.
    public func openSession(
        _ configuration: SessionConfiguration = SessionConfiguration()
    ) async throws(CoordinationError) -> any CoordinationSession {
        let connect = try ConnectString(connectText)
        ClientLog.start()
        while true {
            let servers = try await resolve(connect.servers, configuration.logger)
            let session = ZooKeeperSession(connect, configuration, lookup)
            do {
                try await session.open(servers)
                return session
            } catch  where error.code == .sessionExpired {
                configuration.logger.info("The session expired before it was open; opening another one.")
            }
        }
    }

    private func resolve(
        _ servers: [ConnectString.Server], _ logger: Logger
    ) async throws(CoordinationError) -> HostResolver.Resolution {
        var pause = Duration.milliseconds(100)
        while true {
            let resolution = await BlockingThread.run("resolve") { [lookup] in lookup(servers) }
            for failure in resolution.failures {
                logger.warning(
                    "A server's name does not resolve; going on without it.",
                    metadata: ["zookeeper.server": "\(failure.server)", "error": "\(failure.reason)"])
            }
            if !resolution.addresses.isEmpty { return resolution }
            do {
                try await clock.sleep(for: pause)
            } catch {
                throw CoordinationError(
                    .closed, operation: "open session",
                    reason: "the task was cancelled while none of the servers in “\(connectText)” could be resolved")
            }
            pause = min(pause * 2, .seconds(5))
        }
    }
}

extension CoordinationService where Self == ZooKeeperCoordination {
    /// The ZooKeeper ensemble at `connect`, for example `"host1:2181,host2:2181/path"`.
    ///
    /// - Parameter connect: the servers and optionally a path below which everything happens.
    public static func zooKeeper(_ connect: String) -> ZooKeeperCoordination { ZooKeeperCoordination(connect) }
}
