import Coordination
import TestSupport
import Testing

@testable import Coordination

@Suite("Contract: batched writes", .timeLimit(.minutes(5)))
struct BatchedWritesTests {
    @Test("all that can land lands, whatever fails beside it", arguments: Implementation.allCases, [1, 7, 100])
    func culprits(_ implementation: Implementation, _ batchSize: Int) async throws {
        try await implementation.makeService().withSession { session in
            try await session.create("/there")
            let operations: [WriteOperation] = (0..<150).map { number in
                switch number % 10 {
                case 3: .delete("/none\(number)")
                case 7: .create("/there")
                default: .create("/n\(number)", data: [UInt8(number)])
                }
            }
            let results = try await session.writeBatched(operations, batchSize: batchSize)
            for (number, result) in results.enumerated() {
                switch number % 10 {
                case 3: #expect(code(of: result) == .noNode)
                case 7: #expect(code(of: result) == .nodeExists)
                default: #expect(try result.get() == .created("/n\(number)"))
                }
                if case .failure(let error) = result {
                    #expect(error.path == operations[number].path && error.operationIndex == nil)
                }
            }
            #expect(try await session.children("/").count { $0.hasPrefix("n") } == 120)
        }
    }

    @Test("when everything fails, everything is told", arguments: Implementation.allCases)
    func allFail(_ implementation: Implementation) async throws {
        try await implementation.makeService().withSession { session in
            let results = try await session.writeBatched((0..<100).map { .delete("/none\($0)") })
            #expect(results.map { code(of: $0) } == Array(repeating: .noNode, count: 100))
            #expect(try await session.writeBatched([]).isEmpty)
        }
    }

    @Test("nothing is written once the fence does not hold", arguments: Implementation.allCases)
    func fence(_ implementation: Implementation) async throws {
        try await implementation.makeService().withSession { session in
            try await session.create("/fence")
            let fence = WriteOperation.check("/fence", version: 0)
            let results = try await session.writeBatched(
                [.create("/a"), .delete("/none"), .create("/b")], fence: fence, batchSize: 2)
            #expect(results.map { code(of: $0) } == [nil, .noNode, nil])
            try await session.set("/fence", [])
            let error = await #expect(throws: CoordinationError.self) {
                try await session.writeBatched([.create("/c")], fence: fence)
            }
            #expect(error?.code == .badVersion && error?.path == "/fence")
            try await session.delete("/fence")
            #expect(await code { _ = try await session.writeBatched([.create("/c")], fence: fence) } == .noNode)
            #expect(try await session.exists("/c") == nil)
        }
    }

    @Test("batches stay below the limit in bytes; what is too large by itself is refused alone")
    func bytes() async throws {
        let service = MemoryCoordination()
        let session = try await service.openSession(SessionConfiguration(maximumRequestSize: 10_000))
        let operations = (0..<30).map {
            WriteOperation.create("/\($0)", data: Array(repeating: 1, count: $0 == 17 ? 20_000 : 3_000))
        }
        for batchBytes in [1, 9_000, 1_000_000] {
            let results = try await session.writeBatched(operations, batchBytes: batchBytes)
            #expect(results.indices.filter { code(of: results[$0]) == .dataTooLarge } == [17], "\(batchBytes)")
            #expect(results.count { code(of: $0) == nil } == 29)
            for name in try await session.children("/") { try await session.delete("/\(name)") }
        }
    }

    @Test("the rounds that a batch with many culprits needs grow with its logarithm")
    func rounds() async throws {
        var writes = BatchedWrites(
            (0..<128).map { .delete("/\($0)") }, fence: [], batchSize: 128, batchBytes: .max)
        var rounds = 0
        while !writes.pending.isEmpty {
            rounds += 1
            try writes.settle(
                writes.transactions().map { _ in
                    .failure(CoordinationError(.noNode, operation: "delete", operationIndex: 0))
                })
        }
        #expect(rounds <= 8)
        #expect(writes.results().count == 128)
    }

    @Test("a lost connection is the result of those whose fate is unknown; the end of the session is thrown")
    func lost() async throws {
        let service = MemoryCoordination()
        let session = try await service.openSession()
        service.suspend(session.id)
        let results = try await session.writeBatched([.create("/a"), .create("/b")], batchSize: 1)
        #expect(results.map { code(of: $0) } == [.connectionLoss, .connectionLoss])
        service.resume(session.id)
        service.expire(session.id)
        #expect(await code { _ = try await session.writeBatched([.create("/a")]) } == .sessionExpired)
    }
}
