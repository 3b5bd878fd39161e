import Coordination
import TestSupport
import Testing
import ZooKeeper

@Suite("The history of an ensemble", .timeLimit(.minutes(4)))
struct EnsembleHistoryTests {
    private func log(_ zxids: Int64..., data: UInt8 = 0) throws -> TransactionLog {
        try TransactionLog(zxids.map { transaction($0, data: data) })
    }

    private func transaction(_ zxid: Int64, data: UInt8 = 0) -> TransactionLog.Transaction {
        let (session, path) = (SessionID(rawValue: 1), "/\(zxid)")
        let change = TransactionLog.Change(zxid: zxid, session: session, kind: .create, path: path, data: [data])
        return .init(zxid: zxid, changes: [change])
    }

    private let one: Int64 = 1 << 32
    private let two: Int64 = 2 << 32
    private let three: Int64 = 3 << 32

    @Test("has what the observer has, and what it missed from two others, or from one when later ones are known")
    func merging() throws {
        let history = try EnsembleHistory(
            observer: log(one + 1, two + 3),
            voters: [log(one + 1, one + 2, two + 1, two + 2), log(one + 2, two + 1), log()])
        #expect(history.zxids == [one + 1, one + 2, two + 1, two + 2, two + 3])
        #expect(history.changes.map(\.zxid) == history.zxids)
        #expect(history.filledIn == 3)
        #expect(history.epochs == 2)
        #expect(history.undecided.isEmpty)
    }

    @Test("leaves out what only a leader that died has logged")
    func undecided() throws {
        let history = try EnsembleHistory(
            observer: log(one + 1, three + 1),
            voters: [log(one + 1, one + 2, two + 1), log(one + 1, three + 1), log(three + 1)])
        #expect(history.zxids == [one + 1, three + 1])
        #expect(history.undecided == [one + 2, two + 1])
    }

    @Test("is refused when something is missing, or when logs differ")
    func refusals() throws {
        let gap = #expect(throws: ServerError.self) {
            try EnsembleHistory(observer: log(one + 1, one + 4), voters: [log(one + 1), log(one + 4)])
        }
        #expect(gap?.description.contains("0x100000002 to 0x100000003") == true)
        let beginning = #expect(throws: ServerError.self) {
            try EnsembleHistory(observer: log(one + 1, two + 2), voters: [])
        }
        #expect(beginning?.description.contains("0x200000001:") == true)
        #expect(throws: ServerError.self) {
            try EnsembleHistory(observer: log(one + 1), voters: [log(one + 1, data: 1)])
        }
    }

    @Test("has each transaction once, although a server has written it again")
    func repetition() throws {
        let twice = try log(one + 1, one + 2, one + 1, one + 2)
        #expect(twice.changes.map(\.zxid) == [one + 1, one + 2])
        #expect(throws: ServerError.self) {
            try TransactionLog([transaction(one + 1), transaction(one + 1, data: 1)])
        }
        #expect(try EnsembleHistory(observer: log(one + 1), voters: [twice, twice]).zxids == [one + 1, one + 2])
    }

    @Test("is complete on real servers that come and go, and is what they have")
    func realServers() async throws {
        try await withZooKeeperEnsemble(3, observers: 1, Self.servers) { ensemble in
            let service = ZooKeeperCoordination(ensemble.connectText)
            try await service.withSession { session async throws in try await session.create("/t") }
            var written = 0
            for round in 0..<4 {
                let roles = await ensemble.roles()
                let victim = try #require(round.isMultiple(of: 2) ? roles.leader : roles.followers.first)
                await victim.kill()
                written += try await Self.write(20, from: written, to: service)
                try await victim.restart(within: .seconds(90))
                written += try await Self.write(5, from: written, to: service)
            }
            let history = try await ensemble.wholeHistory(within: .seconds(60))
            let created = history.changes.filter { $0.kind == .create && $0.path.hasPrefix("/t/") }.map(\.path)
            #expect(created == (0..<written).map { "/t/\($0)" })
            #expect(history.epochs >= 3)
            let differences = try await service.withSession { session in
                try await ReplayedTree(history.changes, root: "/t").differences(to: session)
            }
            #expect(differences == [])
        }
    }

    /// Followers notice soon when their leader is gone.
    private static var servers: ZooKeeperServer.Options {
        var options = ZooKeeperServer.Options()
        options.configuration = ["syncLimit": "4"]
        return options
    }

    /// Creates znodes one after the other, in a session of its own: what is lost by the way is tried again.
    private static func write(_ count: Int, from first: Int, to service: ZooKeeperCoordination) async throws -> Int {
        try await service.withSession { session in
            for number in first..<first + count {
                try await eventually(within: .seconds(60), "a znode") {
                    do throws(CoordinationError) {
                        try await session.create("/t/\(number)")
                        return true
                    } catch {
                        guard error.isTransient || error.code == .nodeExists else { throw error }
                        return error.code == .nodeExists
                    }
                }
            }
        }
        return count
    }
}
