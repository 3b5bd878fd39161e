import Coordination
import HelixParticipant
import HelixRecords
import StateModels
import Synchronization
import Testing

@Suite("Many replicas")
struct LoadTests {
    @Test("a thousand transitions take few writes: one transaction carries many, and no mark is written")
    func fewWrites() async throws {
        let stand = try await Stand()
        let service = ObservedService(stand.service)
        let count = 1_000
        try await stand.running(stand.masterSlave(on: service)) { session in
            service.counts.withLock { $0 = ObservedService.Counts() }
            let messages = try (0..<count).map { number in
                let message = stand.transition("m\(number)", "p\(number)", "OFFLINE", "SLAVE", session: session)
                return WriteOperation.create(stand.paths.message("n1_1", message.id), data: try message.encoded())
            }
            try await stand.session.commit(messages)
            try await eventually("all is recorded") {
                stand.clock.advance(by: .milliseconds(10))
                return try await stand.queue.isEmpty
            }
            let record = try #require(try await stand.current(session))
            #expect(record.partitions.count == count)
            #expect(record.partitions.allSatisfy { record[$0]?.currentState == "SLAVE" })
            let counts = service.counts.withLock { $0 }
            #expect(counts.messageDeletes == count)
            #expect(counts.messageReads == count, "each message is read once")
            #expect(counts.stateWrites == counts.transactions)
            #expect(counts.transactions < count / 4, "\(counts)")
            #expect(counts.singleWrites == 0)
        }
    }

    @Test("while a commit is under way what is finished gathers for the next, for each resource by itself")
    func oneCommitAtATime() async throws {
        let stand = try await Stand()
        let service = ObservedService(stand.service)
        let gate = Gate()
        let seen = Mutex<[[Int]]>([])
        try await stand.running(stand.masterSlave(on: service)) { session in
            service.beforeCommit { transactions in
                let isFirst = seen.withLock { seen in
                    seen.append(transactions.map(\.count))
                    return seen.count == 1
                }
                if isFirst { try? await gate.pass() }
            }
            try await stand.send(stand.transition("first", "x", "OFFLINE", "SLAVE", session: session))
            try await eventually("a commit is under way") { gate.waitingCount == 1 }
            for number in 0..<10 {
                let resource = number < 7 ? "db" : "web"
                try await stand.send(
                    stand.transition(
                        "m\(number)", "p\(number)", "OFFLINE", "SLAVE", session: session, resource: resource))
            }
            try await eventually("all are done") { stand.journal.all.count == 11 }
            await giveWay()
            gate.open()
            try await eventually("all is recorded") { try await stand.queue.isEmpty }
            // The second round: one transaction a resource, with its current state and all its messages.
            #expect(seen.withLock { $0 } == [[2], [8, 4]])
        }
    }
}
