import Coordination
import Testing

/// What every coordination service does with credentials and access control.
@Suite("Contract: access control", .timeLimit(.minutes(5)))
struct ContractAccessTests {
    static let alice = SessionConfiguration(credentials: [Credential(scheme: "digest", secret: "alice:wonder")])
    static let mallory = SessionConfiguration(credentials: [Credential(scheme: "digest", secret: "alice:guess")])

    @Test("what belongs to its creator is closed to others and to other passwords", arguments: Implementation.allCases)
    func creatorOnly(_ implementation: Implementation) async throws {
        let service = try await implementation.makeService()
        try await service.withSession(Self.alice) { session async throws in
            try await session.create("/mine", [1], acl: AccessControl.creatorOnly)
            try await session.create("/mine/child", [2])
            #expect(try await session.get("/mine").data == [1])
        }
        for configuration in [SessionConfiguration(), Self.mallory] {
            try await service.withSession(configuration) { session async throws in
                #expect(await code { _ = try await session.get("/mine") } == .notAuthorized)
                #expect(await code { _ = try await session.children("/mine") } == .notAuthorized)
                #expect(await code { try await session.set("/mine", []) } == .notAuthorized)
                #expect(await code { try await session.create("/mine/x") } == .notAuthorized)
                #expect(await code { try await session.delete("/mine/child") } == .notAuthorized)
                let error = await #expect(throws: CoordinationError.self) {
                    try await session.commit([.create("/other"), .set("/mine", data: [])])
                }
                #expect(error?.code == .notAuthorized && error?.operationIndex == 1)
                #expect(try await session.exists("/mine") != nil)
                #expect(try await session.get("/mine/child").data == [2])
            }
        }
        try await service.withSession(Self.alice) { session async throws in
            #expect(try await session.set("/mine", [3]).version == 1)
            try await session.deleteRecursively("/mine")
        }
    }

    @Test("a digest is base64(SHA-1(user:password)), as other clients write it", arguments: Implementation.allCases)
    func digest(_ implementation: Implementation) async throws {
        // From ZooKeeper's documentation of DigestAuthenticationProvider: super:test.
        let configuration = SessionConfiguration(credentials: [Credential(scheme: "digest", secret: "super:test")])
        let acl = [AccessControl(permissions: .all, scheme: "digest", id: "super:D/InIHSb7yEEbrWz8b9l71RjZJU=")]
        let service = try await implementation.makeService()
        try await service.withSession { try await $0.create("/d", [1], acl: acl) }
        try await service.withSession(configuration) { session async throws in
            #expect(try await session.get("/d").data == [1])
        }
        try await service.withSession { session async throws in
            #expect(await code { _ = try await session.get("/d") } == .notAuthorized)
        }
    }

    @Test("what all may read only the list says who may write", arguments: Implementation.allCases)
    func readOnly(_ implementation: Implementation) async throws {
        try await implementation.makeService().withSession { session async throws in
            let acl = AccessControl.readOnly + [AccessControl(permissions: .delete, scheme: "world", id: "anyone")]
            try await session.create("/r", [1], acl: acl)
            #expect(try await session.get("/r").data == [1])
            #expect(await code { try await session.set("/r", [2]) } == .notAuthorized)
            #expect(await code { try await session.create("/r/x") } == .notAuthorized)
            try await session.delete("/r")
        }
    }

    @Test(
        "a scheme that the service does not know is refused when the session is opened",
        arguments: Implementation.allCases)
    func unknownScheme(_ implementation: Implementation) async throws {
        let service = try await implementation.makeService()
        let configuration = SessionConfiguration(credentials: [Credential(scheme: "nonsense", secret: "x:y")])
        let error = await #expect(throws: CoordinationError.self) { _ = try await service.openSession(configuration) }
        #expect(error?.code == .authenticationFailed)
        #expect("\(configuration.credentials)".contains("x:y") == false)
    }
}
