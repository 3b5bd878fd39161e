import Coordination
import Foundation
import TestSupport
import Testing
import ZooKeeper

@Suite("Transaction logs and servers", .timeLimit(.minutes(5)))
struct TransactionLogTests {
    @Test("the log tells every write of every session, in order")
    func log() async throws {
        try await withZooKeeper { server in
            let ids = Recorder<SessionID>()
            try await ZooKeeperCoordination(server.connectText).withSession { session async throws in
                await ids.record(session.id)
                try await session.create("/a", [1, 2])
                try await session.set("/a", [3])
                _ = await session.commit([
                    [.check("/a"), .create("/b", data: [4], mode: .ephemeral), .create("/b/n"), .set("/a", data: [])],
                    [.check("/a"), .create("/b", data: [4], mode: .ephemeral), .set("/a", data: [5]), .create("/c")],
                ])
                try await session.delete("/c")
                _ = await session.write([.delete("/none"), .create("/q-", data: [6], mode: .persistentSequential)])
                let log = try server.transactionLog()
                #expect(log.changes.last?.path == "/q-0000000003", "what is answered is in the log")
            }
            let id = try #require(await ids.values.first)
            let changes = try server.transactionLog().changes.filter { $0.session == id }
            #expect(
                changes.map(\.kind) == [
                    .createSession, .create, .set, .check, .create, .set, .create, .delete, .create, .closeSession,
                    .deleteWithSession,
                ])
            #expect(changes.map(\.path) == ["", "/a", "/a", "/a", "/b", "/a", "/c", "/c", "/q-0000000003", "", "/b"])
            #expect(changes.map(\.data) == [[], [1, 2], [3], [], [4], [5], [], [], [6], [], []])
            #expect(changes.filter(\.isEphemeral).map(\.path) == ["/b"])
            #expect(Set(changes[3...6].map(\.zxid)).count == 1)
            #expect(zip(changes, changes.dropFirst()).allSatisfy { $0.zxid <= $1.zxid })
            #expect(changes.allSatisfy { $0.time > 1_600_000_000_000 })
        }
    }

    @Test("a log goes on over restarts of the server")
    func restarts() async throws {
        try await withZooKeeper { server in
            for round in 0..<3 {
                try await ZooKeeperCoordination(server.connectText).withSession { session async throws in
                    try await session.create("/r\(round)")
                }
                try await server.restart()
            }
            let created = try server.transactionLog().changes.filter { $0.kind == .create }.map(\.path)
            #expect(created == ["/r0", "/r1", "/r2"])
        }
    }

    @Test("a file that is no log is refused")
    func noLog() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        #expect(try TransactionLog(directory: directory).changes.isEmpty)
        try Data("nonsense".utf8).write(to: directory.appending(path: "log.1"))
        #expect(throws: ServerError.self) { try TransactionLog(directory: directory) }
    }

    @Test("a server ends with the process that started it, even when that is killed")
    func orphans() async throws {
        let server = try await ZooKeeperServer.start()
        let identifier = try #require(server.processIdentifier)
        #expect(try String(contentsOfFile: "/proc/\(identifier)/cmdline", encoding: .utf8).contains("zoo.cfg"))
        // The shell that watches over the server sees nothing of this process but its end of a pipe.
        server.forsake()
        try await eventually("the end of the server") {
            guard let status = try? String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8) else {
                return true
            }
            return status.contains(") Z ")
        }
        try await eventually("its data to be removed") {
            !FileManager.default.fileExists(atPath: server.directory.path)
        }
        await server.stop()
    }

    @Test("a condition that never comes true is reported with its place")
    func never() async {
        let error = await #expect(throws: NeverTrue.self) {
            try await eventually(within: .milliseconds(30), "the moon") { false }
        }
        #expect(error?.description.contains("the moon") == true && error?.description.contains("Tests.swift") == true)
    }
}
