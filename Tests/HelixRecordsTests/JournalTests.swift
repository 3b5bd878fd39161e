import HelixRecords
import Testing

@Suite("The journal")
struct JournalTests {
    private func event(_ number: Int64, _ text: String = "text") -> JournalEvent {
        JournalEvent(at: number, .came, instance: "node1", text)
    }

    @Test("gives events indices that only grow, and back what was put in", arguments: JournalEvent.Kind.allCases)
    func order(kind: JournalEvent.Kind) throws {
        var journal = Journal()
        let first = JournalEvent(at: 5, kind, resource: "R", partition: "R_1", instance: "n", #"a "quoted" ü, x=1"#)
        journal.append([first, JournalEvent(at: 6, kind, "no subject")])
        journal = try Journal(decoding: journal.encoded(), path: "/j")
        journal.append([first])
        #expect(journal.events.map(\.index) == [1, 2, 3])
        #expect(journal.nextIndex == 4)
        var read = journal.events[0]
        read.index = 0
        #expect(read == first)
        #expect(journal.events[1].instance == nil)
    }

    @Test("keeps the last events, and goes on counting")
    func number() {
        var journal = Journal()
        for round in 0..<3 {
            journal.append((0..<300).map { event(Int64(round * 300 + $0)) })
        }
        #expect(journal.events.count == Journal.limit)
        #expect(journal.events.last?.index == 900)
        #expect(journal.events.first?.index == 900 - Int64(Journal.limit) + 1)
    }

    @Test("stays small however long its texts are")
    func size() throws {
        var journal = Journal()
        journal.append((0..<1_000).map { event($0, String(repeating: "long ", count: 10_000)) })
        #expect(try journal.encoded().count < Journal.byteLimit + 50_000)
        #expect(journal.events.last?.index == 1_000)
        #expect(journal.events.allSatisfy { $0.text.utf8.count <= JournalEvent.textLimit })
    }

    @Test("survives any number", arguments: [Int64.min, -1, 0, .max])
    func numbers(index: Int64) {
        var journal = Journal()
        journal.nextIndex = index
        journal.append([event(.max), event(.min)])
        #expect(journal.events.map(\.index) == [1, 2])
    }

    @Test("tells what is still wrong, as far as the leader of now has said so")
    func openProblems() {
        var journal = Journal()
        let (first, second) = (JournalEvent(at: 1, .problem, resource: "R", "a"), JournalEvent(at: 2, .problem, "b"))
        var solved = first
        solved.kind = .solved
        journal.append([
            JournalEvent(at: 0, .problem, "former"), JournalEvent(at: 1, .leader, "x leads"), first, second,
        ])
        #expect(journal.openProblems.map(\.text) == ["a", "b"])
        journal.append([solved])
        #expect(journal.openProblems.map(\.text) == ["b"])
        journal.append([JournalEvent(at: 1, .leader, "y leads")])
        #expect(journal.openProblems.isEmpty)
    }

    @Test("leaves out what it does not understand, and keeps it")
    func future() {
        var journal = Journal()
        journal.record.listFields["EVENTS"] = [#"{"I":"1","T":"2","K":"newer","X":"y"}"#, "nonsense"]
        journal.nextIndex = 3
        #expect(journal.events.isEmpty)
        journal.append([event(1)])
        #expect(journal.events.map(\.index) == [3])
        #expect(journal.record.listFields["EVENTS"]?.count == 3)
    }
}
