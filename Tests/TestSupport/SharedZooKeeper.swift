internal import Coordination
internal import Foundation
internal import ZooKeeper

/// One server for all tests of the process that need no more than a clean place in it. It ends with the process.
public actor SharedZooKeeper {
    private static let shared = SharedZooKeeper()

    private var server: ZooKeeperServer?
    private var starting: [CheckedContinuation<Result<ZooKeeperServer, any Error>, Never>]?
    private var chroots = 0

    /// The connect text of a clean place: a path of its own on the shared server, which exists.
    public static func connectText() async throws -> String {
        let chroot = try await makeChroot()
        return try await server().connectText + chroot
    }

    /// A path of its own on the shared server, which exists.
    public static func makeChroot() async throws -> String { try await shared.makeChroot() }

    /// The server itself: to be looked at, not to be stopped.
    public static func server() async throws -> ZooKeeperServer { try await shared.running() }

    private func makeChroot() async throws -> String {
        let server = try await running()
        chroots += 1
        let chroot = "/test-\(chroots)"
        try await ZooKeeperCoordination(server.connectText).withSession { session in
            _ = try await session.create(chroot)
        }
        return chroot
    }

    private func running() async throws -> ZooKeeperServer {
        if let server { return server }
        if starting != nil {
            return try await withCheckedContinuation { starting?.append($0) }.get()
        }
        starting = []
        let result: Result<ZooKeeperServer, any Error>
        do {
            result = .success(try await ZooKeeperServer.start())
        } catch {
            result = .failure(error)
        }
        for continuation in starting ?? [] { continuation.resume(returning: result) }
        starting = nil
        server = try result.get()
        return try result.get()
    }
}
