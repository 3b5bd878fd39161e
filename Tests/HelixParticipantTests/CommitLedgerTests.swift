import Coordination
import HelixRecords
import MessageQueue
import StateModels
import Testing

@testable import HelixParticipant

@Suite("The ledger of commits")
struct CommitLedgerTests {
    let model = RegisteredModel(
        reference: ModelReference(model: "MasterSlave"), model: .masterSlave
    ) { _ in TransitionTable(initialState: "OFFLINE", actions: [:]) }
    let path = "/c/INSTANCES/n1/CURRENTSTATES/5a/db"

    func ledger() -> CommitLedger {
        CommitLedger(paths: ClusterPaths(cluster: "c"), instance: "n1", session: "5a")
    }

    func outcome(
        _ partition: String, _ state: String?, messages: [String] = [], resource: String = "db"
    ) -> Outcome {
        let report = state.map {
            StateReport(state: $0, startTime: 1, endTime: 2, previousState: "OFFLINE", triggeredBy: "c")
        }
        return Outcome(
            key: ReplicaKey(resource: resource, partition: partition), model: model,
            change: report.map { .set($0) } ?? .remove, finished: messages)
    }

    func messagePath(_ id: String) -> String { "/c/INSTANCES/n1/MESSAGES/\(id)" }

    /// What an operation is, for comparing.
    func text(_ operations: [WriteOperation]) -> [String] {
        operations.map { operation in
            switch operation {
            case .create(let path, _, _, _): "create \(path)"
            case .set(let path, _, let version): "set \(path) \(version ?? -1)"
            case .delete(let path, let version): "delete \(path)\(version.map { " \($0)" } ?? "")"
            case .check(let path, _): "check \(path)"
            }
        }
    }

    func states(in operation: WriteOperation) throws -> [String: String] {
        switch operation {
        case .create(let path, let data, _, _), .set(let path, let data, _):
            try CurrentState(decoding: data, path: path).record.mapFields.compactMapValues { $0["CURRENT_STATE"] }
        default: [:]
        }
    }

    func results(_ commit: CommitLedger.Commit, version: Int32 = 1) -> [WriteResult] {
        commit.operations.map { operation in
            switch operation {
            case .create(let path, _, _, _): return .created(path)
            case .set:
                var stat = Stat()
                stat.version = version
                return .set(stat)
            case .delete: return .deleted
            case .check: return .checked
            }
        }
    }

    /// The only commit that is due.
    func commit(_ ledger: inout CommitLedger) throws -> CommitLedger.Commit {
        let (commits, faults) = ledger.takeCommits(at: .zero)
        #expect(faults.isEmpty)
        #expect(commits.count == 1)
        return try #require(commits.first)
    }

    @Test("all that came in for a resource goes out in one transaction: first created, then set, at last deleted")
    func life() throws {
        var ledger = ledger()
        ledger.add(outcome("a", "SLAVE", messages: ["m1"]))
        ledger.add(outcome("b", "ERROR", messages: ["m2"]))
        ledger.add(outcome("a", "MASTER", messages: ["m3"]))
        let first = try commit(&ledger)
        #expect(
            text(first.operations) == [
                "create \(path)", "delete \(messagePath("m1"))", "delete \(messagePath("m2"))",
                "delete \(messagePath("m3"))",
            ])
        #expect(try states(in: first.operations[0]) == ["a": "MASTER", "b": "ERROR"])
        #expect(!ledger.hasWork)
        #expect(ledger.succeeded(first, results(first)).isEmpty)
        #expect(ledger.isSettled)
        ledger.add(outcome("a", "SLAVE", messages: ["m4"]))
        let second = try commit(&ledger)
        #expect(text(second.operations) == ["set \(path) 0", "delete \(messagePath("m4"))"])
        _ = ledger.succeeded(second, results(second, version: 7))
        ledger.add(outcome("a", nil, messages: ["m5"]))
        ledger.add(outcome("b", nil, messages: ["m6"]))
        let third = try commit(&ledger)
        #expect(text(third.operations).first == "delete \(path) 7")
        _ = ledger.succeeded(third, results(third))
        #expect(ledger.isSettled)
        ledger.add(outcome("a", "SLAVE"))
        #expect(text(try commit(&ledger).operations) == ["create \(path)"])
    }

    @Test("what comes in while a commit is under way goes out with the next")
    func gathering() throws {
        var ledger = ledger()
        ledger.add(outcome("a", "SLAVE", messages: ["m1"]))
        let first = try commit(&ledger)
        ledger.add(outcome("b", "SLAVE", messages: ["m2"]))
        _ = ledger.succeeded(first, results(first))
        #expect(!ledger.isSettled)
        let second = try commit(&ledger)
        #expect(text(second.operations) == ["set \(path) 0", "delete \(messagePath("m2"))"])
        #expect(try states(in: second.operations[0]) == ["a": "SLAVE", "b": "SLAVE"])
    }

    @Test("a replica that came and went within one commit leaves no trace but its messages")
    func nothingLeft() throws {
        var ledger = ledger()
        ledger.add(outcome("a", "SLAVE", messages: ["m1"]))
        ledger.add(outcome("a", nil, messages: ["m2"]))
        let only = try commit(&ledger)
        #expect(text(only.operations) == ["delete \(messagePath("m1"))", "delete \(messagePath("m2"))"])
        _ = ledger.succeeded(only, results(only))
        #expect(ledger.isSettled)
    }

    @Test("an outcome without a change deletes its messages only")
    func messagesOnly() throws {
        var ledger = ledger()
        var rolledBack = outcome("a", nil, messages: ["m1"])
        rolledBack.change = .none
        ledger.add(rolledBack)
        #expect(text(try commit(&ledger).operations) == ["delete \(messagePath("m1"))"])
    }

    @Test("a correction is written only where the record says something else")
    func correction() throws {
        var ledger = ledger()
        var record = CurrentState(resource: "db", sessionID: "5a", stateModel: "MasterSlave")
        record["a"] = ReplicaState(currentState: "MASTER")
        record["b"] = ReplicaState(currentState: "SLAVE")
        ledger.open(record, version: 3)
        func correct(_ partition: String, _ state: String) -> Outcome {
            var outcome = outcome(partition, nil)
            outcome.change = .correct(state: state)
            return outcome
        }
        ledger.add(correct("b", "SLAVE"))
        ledger.add(correct("unknown", "OFFLINE"))
        #expect(ledger.takeCommits(at: .zero).commits.isEmpty)
        ledger.add(correct("a", "OFFLINE"))
        let commit = try commit(&ledger)
        #expect(text(commit.operations) == ["set \(path) 3"])
        #expect(try states(in: commit.operations[0]) == ["a": "OFFLINE", "b": "SLAVE"])
    }

    func note(_ partition: String, _ detail: String, state: String = "OFFLINE") -> Outcome {
        Outcome(
            key: ReplicaKey(resource: "db", partition: partition), model: model,
            change: .note(detail: detail, state: state))
    }

    func info(in commit: CommitLedger.Commit, of partition: String) throws -> ReplicaState? {
        guard case .create(let path, let data, _, _)? = commit.operations.first else {
            guard case .set(let path, let data, _)? = commit.operations.first else { return nil }
            return try CurrentState(decoding: data, path: path)[partition]
        }
        return try CurrentState(decoding: data, path: path)[partition]
    }

    @Test("what replicas say of themselves waits for company, and leaves the rest of their entry as it is")
    func notes() throws {
        var ledger = CommitLedger(
            paths: ClusterPaths(cluster: "c"), instance: "n1", session: "5a", noteDelay: .milliseconds(200))
        ledger.add(outcome("a", "SLAVE"))
        let first = try commit(&ledger)
        _ = ledger.succeeded(first, results(first))
        for number in 1...50 { ledger.add(note("a", "\(number) %"), at: .milliseconds(number)) }
        #expect(!ledger.hasWork)
        #expect(ledger.nextRetry(after: .milliseconds(50)) == .milliseconds(151))
        ledger.retry(at: .milliseconds(200))
        #expect(!ledger.hasWork)
        ledger.retry(at: .milliseconds(201))
        let second = try commit(&ledger)
        let written = try #require(try info(in: second, of: "a"))
        #expect(written.info == "50 %")
        #expect(written.currentState == "SLAVE")
        #expect(written.endTime == 2)
        _ = ledger.succeeded(second, results(second))
        #expect(ledger.isSettled)
        ledger.add(note("a", "50 %"), at: .zero)
        #expect(ledger.isSettled, "nothing new")
    }

    @Test("what replicas say of themselves goes with anything that is written before, also of others")
    func noteWithCompany() throws {
        var ledger = CommitLedger(
            paths: ClusterPaths(cluster: "c"), instance: "n1", session: "5a", noteDelay: .milliseconds(200))
        ledger.add(note("new", "copying"), at: .zero)
        ledger.add(outcome("b", "SLAVE"))
        let commit = try commit(&ledger)
        #expect(try states(in: commit.operations[0]) == ["new": "OFFLINE", "b": "SLAVE"])
        _ = ledger.succeeded(commit, results(commit))
        #expect(ledger.nextRetry(after: .zero) == nil)
        #expect(ledger.isSettled)
    }

    @Test("resources are committed side by side, in the order of their names")
    func resources() {
        var ledger = ledger()
        for resource in ["z", "a", "m"] { ledger.add(outcome("p", "SLAVE", resource: resource)) }
        let (commits, _) = ledger.takeCommits(at: .zero)
        #expect(commits.map(\.resource) == ["a", "m", "z"])
        #expect(ledger.takeCommits(at: .zero).commits.isEmpty, "one at a time for each")
    }

    @Test("very many messages go in several transactions, the state in the first")
    func batches() throws {
        var ledger = ledger()
        for number in 0..<1_200 { ledger.add(outcome("p\(number)", "SLAVE", messages: ["m\(number)"])) }
        var sizes: [Int] = []
        while ledger.hasWork {
            let next = try commit(&ledger)
            sizes.append(next.operations.count)
            _ = ledger.succeeded(next, results(next))
        }
        #expect(sizes == [501, 500, 200])
        #expect(ledger.isSettled)
    }

    // MARK: Failures

    func error(_ code: CoordinationError.Code, at index: Int? = nil) -> CoordinationError {
        CoordinationError(code, operation: "multi", operationIndex: index)
    }

    @Test("a message that is gone is left out of the next try")
    func messageGone() throws {
        var ledger = ledger()
        for id in ["m1", "m2", "m3"] { ledger.add(outcome(id, "SLAVE", messages: [id])) }
        let first = try commit(&ledger)
        #expect(ledger.failed(first, error(.noNode, at: 2), at: .zero) == .none)
        let second = try commit(&ledger)
        #expect(
            text(second.operations) == ["create \(path)", "delete \(messagePath("m1"))", "delete \(messagePath("m3"))"])
    }

    @Test("when several messages are gone the rest are deleted apart, and only once the state is recorded")
    func manyGone() throws {
        var ledger = ledger()
        for number in 0..<10 { ledger.add(outcome("p\(number)", "SLAVE", messages: ["m\(number)"])) }
        for _ in 0..<3 {
            let next = try commit(&ledger)
            #expect(ledger.failed(next, error(.noNode, at: 1), at: .zero) == .none)
        }
        let last = try commit(&ledger)
        #expect(text(last.operations) == ["create \(path)"])
        #expect(ledger.takeDeletions() == [], "a message never goes before the state that came of it is there")
        #expect(!ledger.isSettled)
        _ = ledger.succeeded(last, results(last))
        #expect(ledger.takeDeletions() == (3..<10).map { "m\($0)" })
        #expect(ledger.isSettled)
    }

    @Test("a message that cannot be deleted is taken out, so that it hinders nobody")
    func undeletable() throws {
        var ledger = ledger()
        ledger.add(outcome("a", "SLAVE", messages: ["m1", "m2"]))
        let first = try commit(&ledger)
        #expect(ledger.failed(first, error(.notEmpty, at: 1), at: .zero) == .none)
        let second = try commit(&ledger)
        #expect(text(second.operations) == ["create \(path)", "delete \(messagePath("m2"))"])
        #expect(ledger.takeDeletions() == [])
        _ = ledger.succeeded(second, results(second))
        #expect(ledger.takeDeletions() == ["m1"])
    }

    @Test(
        "a version that is not as expected is read again first",
        arguments: [CoordinationError.Code.badVersion, .noNode])
    func versionUnknown(_ code: CoordinationError.Code) throws {
        var ledger = ledger()
        var record = CurrentState(resource: "db", sessionID: "5a", stateModel: "MasterSlave")
        record["a"] = ReplicaState(currentState: "SLAVE")
        ledger.open(record, version: 3)
        ledger.add(outcome("a", "MASTER"))
        let first = try commit(&ledger)
        #expect(ledger.failed(first, error(code, at: 0), at: .zero) == .none)
        #expect(ledger.uncertain() == ["db"])
        #expect(ledger.takeCommits(at: .zero).commits.isEmpty)
        ledger.found(code == .noNode ? nil : 9, of: "db")
        let expected = code == .noNode ? "create \(path)" : "set \(path) 9"
        #expect(text(try commit(&ledger).operations) == [expected])
    }

    @Test("a record that is there though it was to be created is read again first")
    func existsAlready() throws {
        var ledger = ledger()
        ledger.add(outcome("a", "SLAVE"))
        let first = try commit(&ledger)
        #expect(ledger.failed(first, error(.nodeExists, at: 0), at: .zero) == .none)
        ledger.found(0, of: "db")
        #expect(text(try commit(&ledger).operations) == ["set \(path) 0"])
    }

    @Test("a missing folder is created first")
    func missingFolder() throws {
        var ledger = ledger()
        ledger.add(outcome("a", "SLAVE"))
        let first = try commit(&ledger)
        #expect(ledger.failed(first, error(.noNode, at: 0), at: .zero) == .createFolder)
        #expect(text(try commit(&ledger).operations) == ["create \(path)"])
    }

    @Test("a lost connection postpones, longer each time, and the version is read again")
    func postponed() throws {
        var ledger = ledger()
        ledger.add(outcome("a", "SLAVE"))
        var now = Duration.zero
        var delays: [Duration] = []
        for _ in 0..<8 {
            let next = try commit(&ledger)
            #expect(ledger.failed(next, error(.connectionLoss), at: now) == .wait)
            #expect(!ledger.hasWork)
            let delay = try #require(ledger.nextRetry(after: now))
            delays.append(delay)
            ledger.retry(at: now + delay - .milliseconds(1))
            #expect(!ledger.hasWork, "not before its time")
            now += delay
            ledger.retry(at: now)
            #expect(ledger.uncertain() == ["db"])
            ledger.found(nil, of: "db")
        }
        #expect(delays == delays.sorted())
        #expect(delays.first == .milliseconds(100))
        #expect(delays.last == .seconds(5))
    }

    @Test("while a resource is postponed what comes in for it waits too, the others go on, and a reconnect ends it")
    func postponedAlone() throws {
        var ledger = ledger()
        ledger.add(outcome("a", "SLAVE"))
        _ = ledger.failed(try commit(&ledger), error(.connectionLoss), at: .zero)
        ledger.add(outcome("b", "SLAVE"))
        ledger.add(outcome("x", "SLAVE", resource: "web"))
        #expect(try commit(&ledger).resource == "web")
        ledger.retry(at: .zero, all: true)
        ledger.found(nil, of: "db")
        #expect(try states(in: try commit(&ledger).operations[0]) == ["a": "SLAVE", "b": "SLAVE"])
    }

    @Test("a transaction that is too large is tried without its messages")
    func tooLarge() throws {
        var ledger = ledger()
        ledger.add(outcome("a", "SLAVE", messages: ["m1"]))
        #expect(ledger.failed(try commit(&ledger), error(.dataTooLarge), at: .zero) == .none)
        let next = try commit(&ledger)
        #expect(text(next.operations) == ["create \(path)"])
        #expect(ledger.failed(next, error(.dataTooLarge), at: .zero) == .wait)
        #expect(ledger.takeDeletions() == [], "while the state cannot be recorded, its message tells that it may come")
        #expect(!ledger.isSettled)
    }

    @Test("messages that were set apart go also when there is no record to write any more")
    func apartWithoutRecord() throws {
        var ledger = ledger()
        ledger.add(outcome("a", "SLAVE", messages: ["m1"]))
        #expect(ledger.failed(try commit(&ledger), error(.dataTooLarge), at: .zero) == .none)
        ledger.add(outcome("a", nil))
        #expect(ledger.takeCommits(at: .zero).commits.isEmpty)
        #expect(ledger.takeDeletions() == ["m1"])
        #expect(ledger.isSettled)
    }

    @Test("a record that cannot be encoded is reported and tried again later; the others go on")
    func unencodable() throws {
        var ledger = ledger()
        var random = SeededGenerator(seed: 1)
        for number in 0..<20 {
            let noise = (0..<20_000).map { _ in String(random.next(), radix: 36) }.joined()
            ledger.add(outcome("p\(number)", noise))
        }
        ledger.add(outcome("x", "SLAVE", resource: "web"))
        let (commits, faults) = ledger.takeCommits(at: .zero)
        #expect(commits.map(\.resource) == ["web"])
        #expect(faults.map(\.0) == ["db"])
        #expect(faults[0].1.description.contains("limit"))
        #expect(ledger.nextRetry(after: .zero) != nil)
    }

    @Test("deletions that failed for want of a connection are tried again")
    func postponedDeletion() {
        var ledger = ledger()
        ledger.discard(["m1", "m2"])
        #expect(ledger.takeDeletions() == ["m1", "m2"])
        #expect(!ledger.hasWork)
        ledger.postponeDeletion(of: "m2", at: .zero)
        #expect(!ledger.isSettled)
        #expect(ledger.nextRetry(after: .zero) == .milliseconds(100))
        ledger.retry(at: .milliseconds(100))
        #expect(ledger.takeDeletions() == ["m2"])
        #expect(ledger.isSettled)
    }

    @Test("messages to relay are handed out once, when what they waited for is committed")
    func relays() throws {
        var ledger = ledger()
        var carrier = Message(id: "m1", type: .stateTransition)
        carrier.attach(Message(id: "m2", type: .stateTransition), relayingTo: "n2")
        var first = outcome("a", "SLAVE", messages: ["m1"])
        first.relays = carrier
        let plain = outcome("b", "SLAVE")
        ledger.add(first)
        ledger.add(plain)
        let failing = try commit(&ledger)
        #expect(ledger.failed(failing, error(.badVersion, at: 0), at: .zero) == .none)
        ledger.found(4, of: "db")
        let next = try commit(&ledger)
        #expect(ledger.succeeded(next, results(next)).map(\.id) == ["m1"])
        ledger.add(outcome("a", "MASTER"))
        let last = try commit(&ledger)
        #expect(ledger.succeeded(last, results(last)).isEmpty)
    }

    @Test("a record that was written besides is taken in; what was known before counts more")
    func adopted() throws {
        var ledger = ledger()
        ledger.add(outcome("a", "MASTER"))
        var record = CurrentState(resource: "db", sessionID: "5a", stateModel: "MasterSlave")
        record["a"] = ReplicaState(currentState: "OFFLINE")
        record["b"] = ReplicaState(currentState: "SLAVE")
        ledger.open(record, version: 5)
        let commit = try commit(&ledger)
        #expect(text(commit.operations) == ["set \(path) 5"])
        #expect(try states(in: commit.operations[0]) == ["a": "MASTER", "b": "SLAVE"])
    }
}
