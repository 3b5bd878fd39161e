import Coordination
import HelixAdmin
import HelixRecords
import Testing

@Suite("The journal", .timeLimit(.minutes(5)))
struct JournalTests {
    private func write(_ times: ClosedRange<Int64>, into journal: inout Journal, _ bench: Bench) async throws {
        journal.append(times.map { JournalEvent(at: $0, .came, "text") })
        try await bench.put(bench.paths.journal, journal.record)
    }

    @Test("is empty where none was kept, and refused where there is no cluster")
    func absent() async throws {
        let bench = try await Bench.withCluster()
        #expect(try await bench.administrator.journal(of: "c").events.isEmpty)
        await #expect(throws: AdministrationError.self) { try await bench.administrator.journal(of: "other") }
    }

    @Test("is followed from where one has stopped, each event once", arguments: [0, 2] as [Int64])
    func followed(after index: Int64) async throws {
        let bench = try await Bench.withCluster()
        var journal = Journal()
        if index > 0 { try await write(1...3, into: &journal, bench) }
        let (reports, continuation) = AsyncStream.makeStream(of: [Int64].self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await bench.administrator.followJournal(of: "c", after: index) { events in
                    continuation.yield(events.map(\.index))
                }
            }
            var iterator = reports.makeAsyncIterator()
            if index == 0 {
                try await write(1...3, into: &journal, bench)
                // The znode may be seen before its first events are.
                #expect(await iterator.next() == [1, 2, 3])
            } else {
                #expect(await iterator.next() == [3])
            }
            try await write(4...4, into: &journal, bench)
            #expect(await iterator.next() == [4])
            journal = Journal()
            try await write(1...2, into: &journal, bench)
            #expect(await iterator.next() == [1, 2])
            group.cancelAll()
        }
    }
}
