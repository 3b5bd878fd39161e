import Coordination
import TestSupport
import Testing
import ZooKeeper

/// The implementations that the contract holds for.
enum Implementation: CaseIterable, CustomTestStringConvertible {
    case memory, zooKeeper

    var testDescription: String { "\(self)" }

    /// A service with nothing in it.
    func makeService() async throws -> any CoordinationService {
        switch self {
        case .memory: MemoryCoordination()
        case .zooKeeper: ZooKeeperCoordination(try await SharedZooKeeper.connectText())
        }
    }

    /// Runs `body` with a service whose connections can be interrupted.
    func withInterruptibleService(_ body: @escaping @Sendable (any InterruptibleService) async throws -> Void)
        async throws
    {
        switch self {
        case .memory: try await body(InterruptibleMemory())
        case .zooKeeper:
            let server = try await SharedZooKeeper.server()
            let link = try NetworkLink(to: server.port)
            defer { link.close() }
            let chroot = try await SharedZooKeeper.makeChroot()
            try await body(InterruptibleZooKeeper(server: server, link: link, chroot: chroot))
        }
    }
}

/// A service that can be cut off from its sessions.
protocol InterruptibleService: Sendable {
    var service: any CoordinationService { get }

    /// Cuts the session off until the session is suspended; then it answers again.
    func interruptBriefly(_ session: any CoordinationSession) async throws
    /// Cuts the session off until the session is suspended.
    func interrupt(_ session: any CoordinationSession) async throws
    /// Lets the service answer again.
    func resume(_ session: any CoordinationSession)
    /// Cuts the session off for so long that it expires, which it learns when it is over.
    func interruptTooLong(_ session: any CoordinationSession) async throws
}

extension InterruptibleService {
    func interruptBriefly(_ session: any CoordinationSession) async throws {
        try await interrupt(session)
        resume(session)
    }
}

struct InterruptibleMemory: InterruptibleService {
    let memory = MemoryCoordination()
    var service: any CoordinationService { memory }

    func interrupt(_ session: any CoordinationSession) async throws { memory.suspend(session.id) }

    func resume(_ session: any CoordinationSession) { memory.resume(session.id) }

    func interruptTooLong(_ session: any CoordinationSession) async throws {
        memory.suspend(session.id)
        memory.expire(session.id)
        memory.resume(session.id)
    }
}

struct InterruptibleZooKeeper: InterruptibleService {
    let server: ZooKeeperServer
    let link: NetworkLink
    let chroot: String
    var service: any CoordinationService { ZooKeeperCoordination(link.connectText + chroot) }

    func interrupt(_ session: any CoordinationSession) async throws {
        link.cut()
        for await state in session.states() where state == .suspended { return }
    }

    func resume(_ session: any CoordinationSession) { link.restore() }

    func interruptTooLong(_ session: any CoordinationSession) async throws {
        try await interrupt(session)
        try await eventually(within: .seconds(60), "the expiry of session \(session.id)") {
            await !server.ask("dump").contains("0x\(session.id)")
        }
        link.restore()
    }
}

/// A session that expires soon, but not merely because the machine is busy.
let shortLived = SessionConfiguration(timeout: .seconds(2))

func code<Value>(of result: Result<Value, CoordinationError>) -> CoordinationError.Code? {
    guard case .failure(let error) = result else { return nil }
    return error.code
}

/// The code of the error that `body` throws.
func code(_ body: () async throws -> Void) async -> CoordinationError.Code? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? CoordinationError)?.code ?? .other(0)
    }
}

/// Creates an ephemeral znode in a session so short-lived that a busy machine may break its connection meanwhile.
func createEphemeral(_ path: String, in session: any CoordinationSession) async throws {
    try await eventually("an ephemeral znode") {
        [nil, .nodeExists].contains(await code { try await session.create(path, mode: .ephemeral) })
    }
}
