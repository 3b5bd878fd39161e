import Coordination
import Testing

/// What every coordination service does with transactions.
@Suite("Contract: transactions", .timeLimit(.minutes(5)))
struct ContractTransactionTests {
    @Test("a transaction gives each operation's result and has one zxid", arguments: Implementation.allCases)
    func results(_ implementation: Implementation) async throws {
        try await implementation.makeService().withSession { session async throws in
            try await session.create("/old", [1])
            let results = try await session.commit([
                .check("/old", version: 0), .create("/new", data: [2]), .set("/old", data: [3, 4], version: 0),
                .create("/new/n-", mode: .ephemeralSequential), .create("/new/n-", mode: .persistentSequential),
                .create("/gone"), .delete("/gone"),
            ])
            try #require(results.count == 7)
            #expect(results[0] == .checked && results[1] == .created("/new"))
            guard case .set(let stat) = results[2] else { throw CoordinationError(.badArguments, operation: "test") }
            #expect(stat.version == 1 && stat.dataLength == 2)
            #expect(
                results[3...] == [
                    .created("/new/n-0000000000"), .created("/new/n-0000000001"), .created("/gone"), .deleted,
                ])
            #expect(try await session.exists("/new")?.createdZxid == stat.modifiedZxid)
            #expect(try await session.exists("/gone") == nil)
        }
    }

    @Test(
        "when the 57th operation fails nothing has happened, and the error says which it was",
        arguments: Implementation.allCases)
    func rollback(_ implementation: Implementation) async throws {
        try await implementation.makeService().withSession { session async throws in
            try await session.createWithParents("/t/data", [1])
            try await session.create("/t/ephemeral", mode: .ephemeral)
            let before = try await session.exists("/t")
            let dataBefore = try await session.exists("/t/data")
            var operations: [WriteOperation] = [.set("/t/data", data: [9]), .delete("/t/ephemeral")]
            operations += (0..<54).map { .create("/t/\($0)", mode: $0.isMultiple(of: 2) ? .ephemeral : .persistent) }
            operations += [.delete("/t/none"), .create("/t/last")]
            let error = await #expect(throws: CoordinationError.self) { try await session.commit(operations) }
            #expect(error?.code == .noNode && error?.path == "/t/none" && error?.operationIndex == 56)
            #expect(try await session.children("/t") == ["data", "ephemeral"])
            #expect(try await session.exists("/t") == before)
            #expect(try await session.get("/t/data").data == [1])
            #expect(try await session.exists("/t/data") == dataBefore)
            #expect(try await session.create("/t/n", mode: .persistentSequential) == "/t/n0000000002")
        }
    }

    @Test("a check fences a transaction", arguments: Implementation.allCases)
    func fence(_ implementation: Implementation) async throws {
        try await implementation.makeService().withSession { session async throws in
            try await session.create("/fence")
            let outcomes = await session.commit([
                [.check("/fence", version: 0), .create("/a")], [.set("/fence", data: [])],
                [.check("/fence", version: 0), .create("/b")], [.check("/fence", version: 1), .create("/c")],
            ])
            #expect(outcomes.map { code(of: $0) } == [nil, nil, .badVersion, nil])
            #expect(try await session.children("/").filter { $0.count == 1 } == ["a", "c"])
        }
    }

    @Test("an empty transaction succeeds", arguments: Implementation.allCases)
    func empty(_ implementation: Implementation) async throws {
        try await implementation.makeService().withSession { session async throws in
            #expect(await session.commit([[]]).map { code(of: $0) } == [nil])
            let outcomes = await session.commit([[], [.create("/a")], []])
            #expect(outcomes.map { code(of: $0) } == [nil, nil, nil])
        }
    }

    @Test("many transactions of many operations, pipelined", arguments: Implementation.allCases)
    func many(_ implementation: Implementation) async throws {
        try await implementation.makeService().withSession { session async throws in
            let outcomes = await session.commit(
                (0..<50).map { t in (0..<100).map { .create("/m\(t)-\($0)", data: Array(repeating: 1, count: 200)) } })
            #expect(outcomes.allSatisfy { code(of: $0) == nil })
            #expect(try await session.exists("/")?.childrenCount ?? 0 >= 5000)
        }
    }

    @Test(
        "a request over the limit is not sent; the error names path, size and limit", arguments: Implementation.allCases
    )
    func tooLarge(_ implementation: Implementation) async throws {
        let configuration = SessionConfiguration(maximumRequestSize: 10_000)
        try await implementation.makeService().withSession(configuration) { session async throws in
            let large = [UInt8](repeating: 1, count: 10_000)
            let error = await #expect(throws: CoordinationError.self) { try await session.create("/large", large) }
            #expect(error?.code == .dataTooLarge && error?.path == "/large")
            let text = try #require(error?.description)
            #expect(text.contains("/large") && text.contains("limit is 10000") && text.contains("has 100"), "\(text)")

            let half = [UInt8](repeating: 1, count: 5_000)
            let total = await #expect(throws: CoordinationError.self) {
                try await session.commit([.create("/a"), .create("/half", data: half), .create("/b", data: half)])
            }
            #expect(total?.code == .dataTooLarge && total?.path == "/half" && total?.operationIndex == 1)
            #expect(total.map { $0.description.contains("3 operations") } == true)
            try await session.create("/half", half)
            #expect(try await session.children("/").contains("half"))
        }
    }

    @Test("the largest request that is let through is accepted", arguments: Implementation.allCases)
    func largest(_ implementation: Implementation) async throws {
        try await implementation.makeService().withSession { session async throws in
            try await session.create("/l")
            var size = 1_048_575
            var refusals = 0
            while true {
                do {
                    try await session.set("/l", [UInt8](repeating: 1, count: size))
                    break
                } catch  where (error as? CoordinationError)?.code == .dataTooLarge {
                    refusals += 1
                    size -= 1
                }
            }
            #expect((15...100).contains(refusals))
            #expect(try await session.get("/l").data.count == size)
        }
    }
}
