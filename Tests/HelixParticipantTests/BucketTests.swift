import Coordination
import HelixRecords
import MessageQueue
import StateModels
import Testing

@testable import HelixParticipant

@Suite("Current states in buckets", .timeLimit(.minutes(5)))
struct BucketTests {
    private let parts = CommitLedgerTests()

    private var path: String { parts.path }

    /// A ledger whose resource `db` is spread over buckets of two, with the replicas of these partitions written.
    private func ledger(_ partitions: [Int] = []) throws -> CommitLedger {
        var ledger = parts.ledger()
        ledger.spread("db", bucketSize: 2)
        for partition in partitions { ledger.add(parts.outcome("db_\(partition)", "SLAVE")) }
        if !partitions.isEmpty { try write(&ledger) }
        return ledger
    }

    /// Commits what is due until nothing is.
    @discardableResult
    private func write(_ ledger: inout CommitLedger) throws -> [[String]] {
        var texts: [[String]] = []
        while ledger.hasWork {
            guard let commit = ledger.takeCommits(at: .zero).commits.first else { break }
            texts.append(parts.text(commit.operations))
            _ = ledger.succeeded(commit, parts.results(commit))
        }
        return texts
    }

    @Test("the head is created first, then the buckets, and the messages go with them")
    func creation() throws {
        var ledger = try ledger()
        for partition in [0, 1, 5] {
            ledger.add(parts.outcome("db_\(partition)", "SLAVE", messages: ["m\(partition)"]))
        }
        let commit = try parts.commit(&ledger)
        #expect(
            parts.text(commit.operations) == [
                "create \(path)", "create \(path)/db_p0-p1", "create \(path)/db_p4-p5",
                "delete \(parts.messagePath("m0"))", "delete \(parts.messagePath("m1"))",
                "delete \(parts.messagePath("m5"))",
            ])
        #expect(try parts.states(in: commit.operations[0]) == [:])
        #expect(try parts.states(in: commit.operations[1]) == ["db_0": "SLAVE", "db_1": "SLAVE"])
        guard case .create(_, let head, _, _) = commit.operations[0],
            case .create(_, let bucket, _, _) = commit.operations[2]
        else { return }
        #expect(try CurrentState(decoding: head, path: path).bucketSize == 2)
        let record = try CurrentState(decoding: bucket, path: path)
        #expect(record.id == "db_p4-p5" && record.sessionID == "5a" && record.stateModel == "MasterSlave")
        _ = ledger.succeeded(commit, parts.results(commit))
        #expect(ledger.isSettled)
    }

    @Test("a change writes the bucket that it is in and no other, and what it takes does not depend on the rest")
    func change() throws {
        var bytes: [Int] = []
        for count in [4, 400] {
            var ledger = try ledger(Array(0..<count))
            ledger.add(parts.outcome("db_3", "MASTER", messages: ["m"]))
            let commit = try parts.commit(&ledger)
            #expect(
                parts.text(commit.operations) == ["set \(path)/db_p2-p3 0", "delete \(parts.messagePath("m"))"])
            bytes.append(commit.operations[0].encodedSize)
        }
        #expect(bytes[0] == bytes[1])
    }

    @Test("a bucket goes with its last replica, and the head with the last bucket")
    func removal() throws {
        var ledger = try ledger([0, 2])
        ledger.add(parts.outcome("db_0", nil))
        #expect(try write(&ledger) == [["delete \(path)/db_p0-p1 0"]])
        ledger.add(parts.outcome("db_2", nil))
        #expect(try write(&ledger) == [["delete \(path)/db_p2-p3 0", "delete \(path) 0"]])
        ledger.add(parts.outcome("db_7", "SLAVE"))
        #expect(try write(&ledger) == [["create \(path)", "create \(path)/db_p6-p7"]])
    }

    @Test("more than fits into one transaction goes in several; a message stays until its state is recorded")
    func portions() throws {
        var ledger = try ledger()
        var random = SeededGenerator(seed: 3)
        for partition in 0..<6 {
            let noise = (0..<15_000).map { _ in String(random.next(), radix: 36) }.joined()
            ledger.add(parts.outcome("db_\(2 * partition)", noise, messages: ["m\(partition)"]))
        }
        var recorded: Set<String> = []
        var rounds = 0
        while ledger.hasWork {
            let commit = try parts.commit(&ledger)
            #expect(commit.operations.reduce(0) { $0 + $1.encodedSize } < 1_000_000)
            for operation in commit.operations {
                switch operation {
                case .delete(let path, _):
                    let number = try #require(path.split(separator: "/").last?.dropFirst())
                    #expect(recorded.contains("db_\(2 * (try #require(Int(number))))"), "\(path) was too early")
                default: recorded.formUnion(try parts.states(in: operation).keys)
                }
            }
            _ = ledger.succeeded(commit, parts.results(commit))
            rounds += 1
        }
        #expect(recorded.count == 6 && rounds > 1 && ledger.isSettled)
    }

    @Test(
        "a record in one piece is spread when its messages say so: the buckets first, and the head loses nothing before"
    )
    func spreading() throws {
        var ledger = parts.ledger()
        for partition in 0..<4 { ledger.add(parts.outcome("db_\(partition)", "SLAVE")) }
        try write(&ledger)
        ledger.spread("db", bucketSize: 2)
        ledger.add(parts.outcome("db_1", "MASTER", messages: ["m"]))
        let commit = try parts.commit(&ledger)
        #expect(
            parts.text(commit.operations) == [
                "create \(path)/db_p0-p1", "create \(path)/db_p2-p3", "set \(path) 0",
                "delete \(parts.messagePath("m"))",
            ])
        #expect(try parts.states(in: commit.operations[0]) == ["db_0": "SLAVE", "db_1": "MASTER"])
        #expect(try parts.states(in: commit.operations[2]) == [:])
        _ = ledger.succeeded(commit, parts.results(commit))
        #expect(ledger.isSettled)
    }

    @Test("a record that is too large for one znode is written as soon as it may be spread, and nothing is lost")
    func cure() throws {
        var ledger = parts.ledger()
        var random = SeededGenerator(seed: 4)
        for partition in 0..<10 {
            let noise = (0..<20_000).map { _ in String(random.next(), radix: 36) }.joined()
            ledger.add(parts.outcome("db_\(partition)", noise, messages: ["m\(partition)"]))
        }
        let faults = ledger.takeCommits(at: .zero).faults
        #expect(faults.first?.1.description.contains("helix resource spread") == true)
        ledger.spread("db", bucketSize: 1)
        ledger.retry(at: .zero, all: true)
        let texts = try write(&ledger).flatMap(\.self)
        #expect(texts.count { $0.hasPrefix("create") } == 11 && texts.count { $0.contains("MESSAGES") } == 10)
        #expect(ledger.isSettled)
    }

    @Test("after a lost answer it is looked up what is there, and what is too much goes")
    func uncertainty() throws {
        var ledger = try ledger([0])
        ledger.add(parts.outcome("db_0", "MASTER"))
        ledger.add(parts.outcome("db_2", "SLAVE"))
        let commit = try parts.commit(&ledger)
        #expect(ledger.failed(commit, parts.error(.connectionLoss), at: .zero) == .wait)
        ledger.retry(at: .zero, all: true)
        #expect(ledger.uncertain() == ["db"] && ledger.isSpread("db"))
        ledger.found(0, of: "db", buckets: ["db_p0-p1": 4, "db_p8-p9": 1])
        #expect(
            try write(&ledger) == [
                ["set \(path)/db_p0-p1 4", "create \(path)/db_p2-p3", "delete \(path)/db_p8-p9 1"]
            ])
    }

    @Test("partitions whose names have no number at the end have a bucket of their own")
    func unnumbered() throws {
        var ledger = try ledger()
        ledger.add(parts.outcome("odd", "SLAVE"))
        #expect(try write(&ledger) == [["create \(path)", "create \(path)/unnumbered"]])
    }

    @Test("replicas in buckets are carried over in buckets, and changed there")
    func carryOver() async throws {
        let stand = try await Stand()
        let folder = stand.paths.currentStates("n1_1", session: "old")
        var state = CurrentState(resource: "db", sessionID: "old", stateModel: "MasterSlave")
        state.bucketSize = 2
        for partition in 0..<4 { state["db_\(partition)"] = ReplicaState(currentState: "MASTER") }
        let (head, buckets) = try state.record.bucketized()
        try await stand.session.createWithParents("\(folder)/db", try head.encoded())
        for bucket in buckets { try await stand.session.create("\(folder)/db/\(bucket.id)", try bucket.encoded()) }
        try await stand.running(stand.masterSlave()) { session in
            let path = stand.paths.currentState("n1_1", session: session, resource: "db")
            #expect(try await stand.session.children(path) == ["db_p0-p1", "db_p2-p3"])
            var message = stand.transition("m1", "db_3", "OFFLINE", "SLAVE", session: session)
            message.bucketSize = 2
            try await stand.send(message)
            try await eventually("db_3 is a slave") {
                let bucket = try await stand.session.get("\(path)/db_p2-p3").data
                let state = try CurrentState(decoding: bucket, path: path)
                return state["db_3"]?.currentState == "SLAVE" && state["db_2"]?.currentState == "OFFLINE"
            }
            #expect(try await stand.session.get(path).stat.version == 0)
            #expect(try await stand.session.get("\(path)/db_p0-p1").stat.version == 0)
            #expect(try await stand.session.children(stand.paths.currentStateSessions("n1_1")) == [session])
        }
    }
}
