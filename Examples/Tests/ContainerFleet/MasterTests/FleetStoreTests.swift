import Coordination
import FleetJobs
import FleetModel
import HelixAdmin
import HelixController
import HelixRecords
import Logging
import Support
import Testing

@testable import FleetMaster

@Suite("What a fleet keeps in the store")
struct FleetStoreTests {
    private static func withStore(
        _ body: @escaping @Sendable (FleetStore, any CoordinationSession) async throws -> Void
    ) async throws {
        try await MemoryCoordination().withSession { session in
            try await session.createWithParents("/fleet/PROPERTYSTORE")
            try await session.createWithParents("/fleet/IDEALSTATES")
            let store = FleetStore(cluster: "fleet", session: session, now: { 1_000 })
            #expect(try await store.setUp(makeID: { "one" }) == "one")
            try await body(store, session)
        }
    }

    private static func job(_ version: String) -> Job { Job(name: "web", version: version, image: "nginx") }

    @Test("the identity is given once, and stays")
    func identity() async throws {
        try await Self.withStore { store, _ in
            let id = try await store.setUp(makeID: { "two" })
            #expect(id == "one")
        }
    }

    @Test("without its identity nothing is written, and jobs without an identity get none (AC25)")
    func damaged() async throws {
        try await Self.withStore { store, session in
            _ = try await store.create(Self.job("1"))
            try await session.delete(store.paths.id)
            await expectRefusal(.storeNotUsable) { try await store.create(Self.job("2")) }
            await expectRefusal(.storeNotUsable) { try await store.putSecret("a", [1]) }
            await expectRefusal(.storeNotUsable) { try await store.clusterID() }
            await expectRefusal(.storeNotUsable) { try await store.setUp(makeID: { "two" }) }
            #expect(try await store.jobIDs().map(\.version) == ["1"])
        }
    }

    @Test("of two changes of one deployment at the same time, none is lost")
    func concurrentChanges() async throws {
        try await Self.withStore { store, _ in
            let id = try await store.create(Self.job("1")).description
            try await store.change("web") { _, _ in
                Deployment(name: "web", job: id, target: .hosts([]), user: "ann", at: 0)
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<8 {
                    group.addTask {
                        try await store.change("web") { _, present in
                            var deployment = try #require(present)
                            guard case .hosts(let hosts) = deployment.target else { return deployment }
                            deployment.target = .hosts(hosts + ["h\(index)"])
                            return deployment
                        }
                    }
                }
                try await group.waitForAll()
            }
            guard case .hosts(let hosts) = try await store.deployment("web")?.value.target else { return }
            #expect(hosts.sorted() == (0..<8).map { "h\($0)" })
        }
    }

    @Test("a deployment is as it was when it is read again", arguments: [0, 1, 2])
    func roundTrip(kind: Int) async throws {
        let targets: [DeploymentTarget] = [.hosts(["a", "b"]), .everyHost, .replicas(3)]
        try await Self.withStore { store, _ in
            var wanted = Deployment(name: "web", job: "web:1", target: targets[kind], user: "ann", at: 7)
            wanted.rollOut("web:2", user: "bob", reason: "better", at: 9)
            wanted.assigned = ["a": 5]
            wanted.stoppedPlaces = ["b"]
            try await store.change("web") { [wanted] _, _ in wanted }
            #expect(try await store.deployment("web")?.value == wanted)
        }
    }

    @Test("a caller is known by the token, and by nothing else; what is kept does not tell it")
    func callers() async throws {
        try await Self.withStore { store, session in
            let secret = "0123456789abcdef"
            let token = try await store.addCaller("ann", role: .operator, secret: secret)
            #expect(token == "ann.\(secret)")
            #expect(try await store.caller(token: token)?.role == .operator)
            for wrong in ["ann.0123456789abcdeF", "bob.\(secret)", secret, "", "../ann.x"] {
                #expect(try await store.caller(token: wrong) == nil)
            }
            let (data, _) = try await session.get(store.paths.token("ann"))
            #expect(!String(decoding: data, as: UTF8.self).contains(secret))
            await expectRefusal(.invalidRequest) { try await store.addCaller("bob", role: .admin, secret: "short") }
            try await store.removeCaller("ann")
            #expect(try await store.caller(token: token) == nil)
            await expectRefusal(.notFound) { try await store.removeCaller("ann") }
        }
    }

    @Test("secrets are listed by name, and read by those who know it", arguments: ["a/b", "", "..", "ä"])
    func secrets(wrong: String) async throws {
        try await Self.withStore { store, _ in
            try await store.putSecret("db", [1, 2, 3])
            try await store.putSecret("db", [4])
            #expect(try await store.secretNames() == ["db"])
            #expect(try await store.secret("db") == [4])
            await expectRefusal(.invalidRequest) { try await store.putSecret(wrong, [1]) }
        }
    }

    @Test("what masters write with a digest nobody else changes, and secrets are read by agents alone (AC81)")
    func accessControl() async throws {
        let service = MemoryCoordination()
        func session(_ secret: String?) async throws -> any CoordinationSession {
            var configuration = SessionConfiguration()
            configuration.credentials = secret.map { [Credential(scheme: "digest", secret: $0)] } ?? []
            return try await service.openSession(configuration)
        }
        // printf agent:a | openssl dgst -sha1 -binary | base64
        let access = RecordAccess.masters(agents: "agent:MajG6e6+zUJiXTO47ZO1XMDRTBI=")
        let master = try await session("master:m")
        try await master.createWithParents("/fleet/IDEALSTATES")
        let store = FleetStore(cluster: "fleet", session: master, access: access)
        try await store.setUp(makeID: { "one" })
        let id = try await store.create(Self.job("1"))
        try await store.putSecret("db", [1])
        _ = try await store.addCaller("ann", role: .admin, secret: "0123456789abcdef")
        let paths = store.paths
        func refused(_ body: () async throws -> Void) async -> Bool {
            do {
                try await body()
                return false
            } catch {
                return (error as? CoordinationError)?.code == .notAuthorized
            }
        }
        for (secret, mayRead) in [("agent:a", true), ("other:o", false), (nil, false)] as [(String?, Bool)] {
            let other = try await session(secret)
            #expect(try await !other.get(paths.job(id)).0.isEmpty)
            #expect(await refused { try await other.set(paths.job(id), []) })
            #expect(await refused { try await other.delete(paths.job(id)) })
            #expect(await refused { try await other.create("\(paths.jobs)/web:2:0") })
            #expect(await refused { try await other.set(paths.id, []) })
            #expect(await refused { try await other.create("\(paths.tombstones)/web") })
            #expect(await refused { _ = try await other.get(paths.token("ann")) })
            #expect(await refused { _ = try await other.get(paths.secret("db")) } != mayRead)
        }
        try await store.removeJob(id)
    }

    @Test("what was asked is written down, the latest last")
    func audit() async throws {
        try await Self.withStore { store, _ in
            for index in 0..<5 {
                try await store.note(
                    AuditEntry(
                        time: Int64(index), user: "ann", action: "POST /v1/jobs", subject: "", outcome: "OK",
                        master: "m1"))
            }
            #expect(try await store.audit(limit: 2).map(\.time) == [3, 4])
        }
    }

    @Test("what only the leader decides is not written when its term is over; what users ask for is")
    func deposed() async throws {
        let service = MemoryCoordination()
        let quiet = Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() }
        try await service.withSession { session in
            try await Administrator(session: session).addCluster("fleet")
            let users = FleetStore(cluster: "fleet", session: session, now: { 1_000 })
            _ = try await users.setUp(makeID: { "the-fleet" })
            let controller = Controller(cluster: "fleet", name: "m1", coordination: service, logger: quiet)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await controller.run() }
                defer { group.cancelAll() }
                try await eventually("it leads") { controller.leadership?.fence != nil }
                let leadership = try #require(controller.leadership)
                let store = FleetStore(cluster: "fleet", session: session, leadership: leadership, now: { 1_000 })
                let event = FleetEvent(topic: "job", subject: "web:1", text: "it has expired", time: 1_000)
                try await store.append([event])
                try await session.delete(ClusterPaths(cluster: "fleet").leader)
                await #expect(throws: Deposed.self) { try await store.append([event]) }
                await #expect(throws: Deposed.self) { try await store.write([.delete(store.paths.events)]) }
                await #expect(throws: Deposed.self) {
                    try await store.change("web") { _, _ in
                        Deployment(name: "web", job: "web:1:0", target: .everyHost, user: "ann", at: 0)
                    }
                }
                #expect(try await users.events(after: 0).count == 1)
                #expect(try await users.deployments().isEmpty)
                _ = try await users.create(Self.job("1"))
                #expect(try await users.jobIDs().count == 1)
            }
        }
    }
}
