import Coordination
import HelixRecords
import TestSupport
import Testing

@testable import HelixController

@Suite("One controller leads at a time", .timeLimit(.minutes(5)))
struct TakeoverTests {
    @Test("of several controllers one leads, and another takes over when its session ends")
    func takeover() async throws {
        try await ScriptedCluster.with(instances: ["a"]) { cluster in
            let (first, second) = (
                makeController("first", in: cluster.service), makeController("second", in: cluster.service)
            )
            let participant = ScriptedParticipant(name: "a", paths: cluster.paths, service: cluster.service)
            try await beside([first.run, second.run, participant.run]) {
                for round in 1...4 {
                    try await cluster.addResource("db\(round)", partitions: 3, replicas: 1)
                    try await cluster.awaitStates("db\(round)", partitions: 3, ["MASTER"])
                    #expect([first, second].count { $0.status.isLeading } == 1)
                    let owner = try await cluster.session.exists(cluster.paths.leader)?.ephemeralOwner
                    cluster.service.expire(try #require(owner))
                }
                try await eventually("another leader") { await cluster.check().leaders.count == 5 }
                #expect(await cluster.check().violations == [])
            }
        }
    }

    @Test(
        "a takeover in the middle of a bootstrap exceeds no bound and asks for nothing twice",
        arguments: [false, true], [nil, Duration.milliseconds(3)])
    func takeoverInBootstrap(batches: Bool, standbyInterval: Duration?) async throws {
        try await ScriptedCluster.with(instances: ["a", "b", "c"]) { cluster in
            let participants = ["a", "b", "c"].map {
                ScriptedParticipant(
                    name: $0, paths: cluster.paths, service: cluster.service, acceptsBatchMessages: batches)
            }
            let controllers = ["x", "y", "z"].map {
                makeController($0, in: cluster.service) { $0.standbyInterval = standbyInterval }
            }
            try await cluster.addResource("db", partitions: 48, replicas: 3)
            try await beside(participants.map(running) + controllers.map(running)) {
                for wanted in [4, 12, 24, 36, 47] {
                    try await eventually(within: .seconds(60), "\(wanted) masters") {
                        let view = await cluster.check().replicas(of: "db")
                        return view.values.count { $0.values.contains("MASTER") } >= wanted
                    }
                    guard let owner = try await cluster.session.exists(cluster.paths.leader)?.ephemeralOwner else {
                        continue
                    }
                    cluster.service.expire(owner)
                }
                try await cluster.awaitStates("db", partitions: 48, ["MASTER", "SLAVE", "SLAVE"])
            }
            #expect(await cluster.check().violations == [])
        }
    }

    @Test("a leader that resigns does so at once, and another one leads")
    func resignation() async throws {
        try await ScriptedCluster.with { cluster in
            let second = makeController("second", in: cluster.service)
            let first = makeController("first", in: cluster.service)
            try await beside([first.run]) {
                try await eventually("the first leads") { first.status.isLeading }
                try await beside([second.run]) {
                    try await eventually("the second stands by") { second.status == .standby }
                }
            }
            #expect(try await cluster.session.exists(cluster.paths.leader) == nil)
        }
    }

    @Test("a leader whose office is deleted or changed by hand takes it anew")
    func officeByHand() async throws {
        try await ScriptedCluster.with { cluster in
            let controller = makeController(in: cluster.service)
            try await beside([controller.run]) {
                try await eventually("leading") { controller.status.isLeading }
                let first = try #require(try await cluster.session.exists(cluster.paths.leader))
                try await cluster.session.delete(cluster.paths.leader)
                try await eventually("a new term") {
                    let now = try await cluster.session.exists(cluster.paths.leader)
                    return now != nil && now?.createdZxid != first.createdZxid
                }
                let second = try #require(try await cluster.session.exists(cluster.paths.leader))
                try await cluster.session.set(cluster.paths.leader, [])
                try await eventually("another term") {
                    let now = try await cluster.session.exists(cluster.paths.leader)
                    return now != nil && now?.createdZxid != second.createdZxid
                }
            }
            #expect(await cluster.check().violations == [])
        }
    }

    /// How an office is lost.
    enum Loss: CaseIterable {
        case deleted, takenByOtherMake, takenByOwnMake, expired
    }

    @Test("nothing of a leader that was deposed is written, however it was", arguments: Loss.allCases)
    func fence(loss: Loss) async throws {
        try await ScriptedCluster.with { cluster in
            let context = makeContext()
            let session = try await cluster.service.openSession(SessionConfiguration())
            let other = try await cluster.service.openSession(SessionConfiguration())
            let office = try await LeaderElection(session: session, context: context).win()
            try await office.write(.create("/test/EXTERNALVIEW/before"))
            try await lose(office, loss, to: other, cluster)
            await #expect(throws: (any Error).self) { try await office.write(.create("/test/EXTERNALVIEW/after")) }
            #expect(try await cluster.session.children(cluster.paths.externalViews) == ["before"])
            await session.close()
            await other.close()
        }
    }

    private func lose(
        _ office: Office, _ loss: Loss, to other: any CoordinationSession, _ cluster: ScriptedCluster
    ) async throws {
        switch loss {
        case .deleted: try await cluster.session.delete(office.path)
        case .takenByOtherMake:
            try await other.commit([.delete(office.path), .create(office.path, data: [1], mode: .ephemeral)])
        case .takenByOwnMake:
            try await cluster.session.delete(office.path)
            _ = try await LeaderElection(session: other, context: makeContext()).win()
        case .expired: cluster.service.expire(office.session.id)
        }
    }

    @Test("nothing is written under a term that is over, through whatever session", arguments: Loss.allCases)
    func companion(loss: Loss) async throws {
        try await ScriptedCluster.with { cluster in
            let session = try await cluster.service.openSession(SessionConfiguration())
            let other = try await cluster.service.openSession(SessionConfiguration())
            let office = try await takeOffice(session)
            let leadership = Leadership(office)
            let folder = cluster.paths.externalViews
            try await cluster.session.commit(leadership.fence + [.create("\(folder)/before")])
            let ownFault = await cluster.session.commit([leadership.fence + [.create("\(folder)/before")]])[0]
            if case .failure(let error) = ownFault { #expect(!leadership.isLost(error), "\(error)") }
            try await lose(office, loss, to: other, cluster)
            let late = await cluster.session.commit([leadership.fence + [.create("\(folder)/after")]])[0]
            guard case .failure(let error) = late else { throw NotAsExpected() }
            #expect(leadership.isLost(error), "\(error)")
            #expect(try await cluster.session.children(folder) == ["before"])
            await session.close()
            await other.close()
        }
    }

    @Test("a controller tells its terms: one while it leads, none before and after")
    func terms() async throws {
        try await ScriptedCluster.with { cluster in
            let controller = makeController(in: cluster.service)
            #expect(controller.leadership?.fence == nil)
            try await beside([controller.run]) {
                let first = try await Self.presentTerm(of: controller, cluster.session)
                try await cluster.session.delete(cluster.paths.leader)
                let late = await cluster.session.commit([first.fence])[0]
                guard case .failure(let error) = late else { throw NotAsExpected() }
                #expect(first.isLost(error), "\(error)")
                _ = try await Self.presentTerm(of: controller, cluster.session)
            }
            #expect(controller.leadership?.fence == nil)
        }
    }

    /// Waits for a term that holds.
    private static func presentTerm(
        of controller: Controller, _ session: any CoordinationSession
    ) async throws -> Leadership {
        for await case let term? in controller.leaderships() {
            if case .success = await session.commit([term.fence])[0] { return term }
        }
        throw NotAsExpected()
    }

    private struct NotAsExpected: Error {}

    @Test("an office that was won without knowing it is found again")
    func lostAnswer() async throws {
        try await ScriptedCluster.with { cluster in
            // Two reads, then the transaction, whose answer is lost.
            let interruption = Interruption(.afterwards, atRequest: 3)
            let service = InterruptedService(service: cluster.service, interruption: interruption)
            try await service.withSession { session in
                let office = try await LeaderElection(session: session, context: makeContext()).win()
                try await office.write(.create("/test/EXTERNALVIEW/db"))
            }
            #expect(try await cluster.session.exists(cluster.paths.externalView("db")) != nil)
            #expect(await cluster.check().leaders.count == 1)
        }
    }
}
