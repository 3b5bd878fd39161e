import Coordination
import Testing

/// What every coordination service does with znodes.
@Suite("Contract: znodes", .timeLimit(.minutes(5)))
struct ContractZnodeTests {
    @Test("data come back as they were written", arguments: Implementation.allCases)
    func data(_ implementation: Implementation) async throws {
        try await implementation.makeService().withSession { session async throws in
            let everyByte = (0...255).map { UInt8($0) }
            for (index, data) in [[], [0], everyByte, Array(repeating: 7, count: 500_000)].enumerated() {
                try await session.create("/d\(index)", data)
                #expect(try await session.get("/d\(index)").data == data)
                try await session.set("/d\(index)", data.reversed())
                let (reversed, stat) = try await session.get("/d\(index)")
                #expect(reversed == data.reversed() && stat.dataLength == data.count)
            }
        }
    }

    @Test("a path may hold any letter", arguments: Implementation.allCases)
    func unicode(_ implementation: Implementation) async throws {
        try await implementation.makeService().withSession { session async throws in
            for name in ["größe", "分区_7", "a b", "..a", "a.", "__PARTICIPANT__"] {
                #expect(try await session.create("/\(name)") == "/\(name)")
                #expect(try await session.exists("/\(name)") != nil)
            }
            #expect(try await session.children("/").contains("分区_7"))
        }
    }

    @Test(
        "each write counts the version up, and a write for another version is refused",
        arguments: Implementation.allCases)
    func versions(_ implementation: Implementation) async throws {
        try await implementation.makeService().withSession { session async throws in
            try await session.create("/v", [1])
            #expect(try await session.set("/v", [2], version: 0).version == 1)
            #expect(await code { try await session.set("/v", [3], version: 0) } == .badVersion)
            #expect(await code { try await session.delete("/v", version: 7) } == .badVersion)
            #expect(try await session.set("/v", [4]).version == 2)
            let (data, stat) = try await session.get("/v")
            #expect(data == [4] && stat.version == 2)
            try await session.delete("/v", version: 2)
            #expect(try await session.exists("/v") == nil)
        }
    }

    @Test("a stat tells when, by which transaction and by whom", arguments: Implementation.allCases)
    func stats(_ implementation: Implementation) async throws {
        try await implementation.makeService().withSession { session async throws in
            try await session.create("/s", [1, 2, 3])
            let created = try #require(try await session.exists("/s"))
            #expect(created.createdZxid > 0 && created.modifiedZxid == created.createdZxid)
            #expect(created.childrenModifiedZxid == created.createdZxid)
            #expect(created.createdAt > 1_600_000_000_000 && created.modifiedAt == created.createdAt)
            #expect(created.dataLength == 3 && created.childrenCount == 0 && created.ephemeralOwner == nil)

            let set = try await session.set("/s", [])
            #expect(set.createdZxid == created.createdZxid && set.modifiedZxid > created.modifiedZxid)
            try await session.create("/s/a", mode: .ephemeral)
            try await session.create("/s/b")
            try await session.delete("/s/b")
            let parent = try #require(try await session.exists("/s"))
            #expect(parent.modifiedZxid == set.modifiedZxid && parent.childrenModifiedZxid > set.modifiedZxid)
            #expect(parent.childrenVersion == 3 && parent.childrenCount == 1 && parent.version == 1)
            #expect(try await session.exists("/s/a")?.ephemeralOwner == session.id)
        }
    }

    @Test("sequential names are numbered by the creations under the parent", arguments: Implementation.allCases)
    func sequential(_ implementation: Implementation) async throws {
        try await implementation.makeService().withSession { session async throws in
            try await session.create("/q")
            #expect(try await session.create("/q/n-", mode: .persistentSequential) == "/q/n-0000000000")
            try await session.create("/q/other")
            try await session.delete("/q/other")
            #expect(try await session.create("/q/n-", mode: .ephemeralSequential) == "/q/n-0000000002")
            #expect(try await session.create("/q/", mode: .persistentSequential) == "/q/0000000003")
            #expect(try await session.exists("/q/n-0000000002")?.ephemeralOwner == session.id)
            #expect(try await session.children("/q") == ["0000000003", "n-0000000000", "n-0000000002"])
        }
    }

    @Test("missing parents are created, and what is there is left alone", arguments: Implementation.allCases)
    func parents(_ implementation: Implementation) async throws {
        try await implementation.makeService().withSession { session async throws in
            #expect(await code { try await session.create("/a/b/c") } == .noNode)
            try await session.createWithParents("/a/b/c", [1])
            try await session.createWithParents("/a/b/c", [2])
            #expect(try await session.get("/a/b/c").data == [1])
            #expect(try await session.get("/a/b").data == [])
            #expect(try await session.subtree("/a") == ["/a", "/a/b", "/a/b/c"])
            try await session.deleteRecursively("/a")
            #expect(try await session.subtree("/a") == [])
            try await session.deleteRecursively("/a")
        }
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        let operation: WriteOperation
        let code: CoordinationError.Code
        var testDescription: String { "\(operation) → \(code)" }
    }

    static let refusedWrites = [
        Refused(operation: .create("/there"), code: .nodeExists),
        Refused(operation: .create("/"), code: .nodeExists),
        Refused(operation: .create("/none/child"), code: .noNode),
        Refused(operation: .create("/ephemeral/child"), code: .noChildrenForEphemerals),
        Refused(operation: .create("/acl", acl: []), code: .invalidACL),
        Refused(
            operation: .create("/acl", acl: [AccessControl(permissions: .all, scheme: "auth", id: "")]),
            code: .invalidACL),
        Refused(
            operation: .create("/acl", acl: [AccessControl(permissions: .all, scheme: "nonsense", id: "x")]),
            code: .invalidACL),
        Refused(
            operation: .create("/acl", acl: [AccessControl(permissions: .all, scheme: "world", id: "me")]),
            code: .invalidACL),
        Refused(operation: .set("/none", data: []), code: .noNode),
        Refused(operation: .set("/there", data: [], version: 3), code: .badVersion),
        Refused(operation: .delete("/none"), code: .noNode),
        Refused(operation: .delete("/there", version: 3), code: .badVersion),
        Refused(operation: .delete("/parent"), code: .notEmpty),
        Refused(operation: .check("/none"), code: .noNode),
        Refused(operation: .check("/there", version: 3), code: .badVersion),
        Refused(operation: .create("none"), code: .badArguments),
        Refused(operation: .create(""), code: .badArguments),
        Refused(operation: .set("/there/", data: []), code: .badArguments),
        Refused(operation: .delete("/there//x"), code: .badArguments),
        Refused(operation: .create("/there/../x"), code: .badArguments),
        Refused(operation: .create("/there/."), code: .badArguments),
        Refused(operation: .create("/the\u{1}re"), code: .badArguments),
        Refused(operation: .create("/the\u{0}re"), code: .badArguments),
        Refused(operation: .create("/🙂"), code: .badArguments),
        Refused(operation: .create("/the\u{f000}re"), code: .badArguments),
    ]

    @Test(
        "a write that cannot be is refused with a telling code, alone and in a transaction",
        arguments: Implementation.allCases)
    func refused(_ implementation: Implementation) async throws {
        try await implementation.makeService().withSession { session async throws in
            try await session.createWithParents("/parent/child")
            try await session.create("/there")
            try await session.create("/ephemeral", mode: .ephemeral)
            let before = try await session.subtree("/")

            let alone = await session.write(Self.refusedWrites.map(\.operation))
            let together = await session.commit(
                Self.refusedWrites.map { [.create("/x"), $0.operation, .create("/y")] })
            for (refused, (alone, together)) in zip(Self.refusedWrites, zip(alone, together)) {
                guard case .failure(let error) = alone, case .failure(let inTransaction) = together else {
                    Issue.record("\(refused.operation) was not refused")
                    continue
                }
                #expect(error.code == refused.code, "\(refused.operation)")
                #expect(error.path == refused.operation.path && error.operationIndex == nil)
                #expect(inTransaction.code == refused.code, "\(refused.operation)")
                #expect(inTransaction.path == refused.operation.path && inTransaction.operationIndex == 1)
            }
            #expect(try await session.subtree("/") == before)
        }
    }

    @Test("a read of what is not there says so", arguments: Implementation.allCases)
    func missing(_ implementation: Implementation) async throws {
        try await implementation.makeService().withSession { session async throws in
            #expect(await code { _ = try await session.get("/none") } == .noNode)
            #expect(await code { _ = try await session.children("/none") } == .noNode)
            #expect(await code { _ = try await session.get("none") } == .badArguments)
            #expect(try await session.exists("/none") == nil)
            #expect(try await session.getIfPresent("/none") == nil)
        }
    }

    @Test(
        "results are in the order of the operations, and one that fails does not hinder the others",
        arguments: Implementation.allCases)
    func batches(_ implementation: Implementation) async throws {
        try await implementation.makeService().withSession { session async throws in
            let written = await session.write(
                (0..<9).map { $0 == 4 ? .create("/none/x") : .create("/n\($0)", data: [UInt8($0)]) })
            #expect(code(of: written[4]) == .noNode)
            let read = await session.read((0..<9).map { .get("/n\($0)") })
            for (index, result) in read.enumerated() where index != 4 {
                guard case .data(let data, _) = try result.get() else {
                    Issue.record("\(result)")
                    continue
                }
                #expect(data == [UInt8(index)])
            }
            #expect(code(of: read[4]) == .noNode)
            #expect(await session.read([]).isEmpty)
            #expect(await session.write([]).isEmpty)
        }
    }

    @Test(
        "10,000 pipelined operations all settle, in order", .timeLimit(.minutes(5)), arguments: Implementation.allCases)
    func pipelined(_ implementation: Implementation) async throws {
        try await implementation.makeService().withSession { session async throws in
            let created = await session.write((0..<10_000).map { .create("/p\($0)", data: [UInt8($0 % 251)]) })
            #expect(created.allSatisfy { code(of: $0) == nil })
            let read = await session.read((0..<10_000).map { .get("/p\($0)") })
            for (index, result) in read.enumerated() {
                guard case .success(.data(let data, _)) = result, data == [UInt8(index % 251)] else {
                    Issue.record("\(index): \(result)")
                    return
                }
            }
        }
    }
}
