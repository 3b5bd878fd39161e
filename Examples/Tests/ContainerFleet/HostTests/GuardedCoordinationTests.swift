import Coordination
import FleetAgent
import FleetModel
import Foundation
import Logging
import Synchronization
import Testing

@testable import FleetHost

@Suite("What an agent asks of the store before it takes part")
struct GuardedCoordinationTests {
    private let paths = FleetPaths(cluster: "c")

    private func withDisk(_ body: (AgentDisk) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "agent-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        try await body(try AgentDisk(at: directory.path))
    }

    /// Opens a session, and says that it did.
    private func guarded(_ service: MemoryCoordination, _ disk: AgentDisk, _ count: Counter) -> GuardedCoordination {
        GuardedCoordination(
            service, paths, disk, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { _ in count.add() }
    }

    private func write(_ id: String, _ session: any CoordinationSession) async throws {
        if try await session.exists(paths.id) == nil {
            try await session.createWithParents(paths.id, Array(id.utf8))
        } else {
            try await session.set(paths.id, Array(id.utf8))
        }
    }

    @Test("nobody gets a session of an empty store, or of another fleet's, before it is the agent's own")
    func waiting() async throws {
        try await withDisk { disk in
            try disk.join(cluster: "ours")
            let (service, count) = (MemoryCoordination(), Counter())
            let guarded = guarded(service, disk, count)
            let other = try await service.openSession(SessionConfiguration())
            async let opened = guarded.openSession(SessionConfiguration())
            try await write("theirs", other)
            // A write that is answered after the watch has been told of the one before.
            try await other.sync(paths.id)
            #expect(count.value == 0)
            #expect(guarded.session == nil)
            try await write("ours", other)
            let session = try await opened
            #expect(count.value == 1)
            #expect(guarded.session?.id == session.id)
            await session.close()
            #expect(guarded.session == nil)
        }
    }

    @Test("an agent that belongs to no fleet yet belongs to the first that it meets")
    func first() async throws {
        try await withDisk { disk in
            let (service, count) = (MemoryCoordination(), Counter())
            try await write("ours", try await service.openSession(SessionConfiguration()))
            _ = try await guarded(service, disk, count).openSession(SessionConfiguration())
            #expect(try disk.clusterID() == "ours")
            #expect(count.value == 1)
        }
    }
}

private final class Counter: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }
    func add() { count.withLock { $0 += 1 } }
}
