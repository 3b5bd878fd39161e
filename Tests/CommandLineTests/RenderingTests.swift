import HelixRecords
import StateModels
import Testing

@testable import helix

@Suite("Results")
struct RenderingTests {
    @Test("are aligned in columns, without spaces at the ends")
    func table() {
        var table = TextTable("NAME", "N", "NOTE")
        table.add("a", "1", "")
        table.add("longer", "1000", "x")
        table.add("é", nil, "y")
        #expect(
            table.description == """
                NAME    N     NOTE
                a       1
                longer  1000  x
                é       -     y
                """)
    }

    @Test("need no header, and may be none")
    func bareTable() {
        var table = TextTable()
        #expect(table.description == "")
        table.add("leader", "c1")
        table.add("", "c2")
        #expect(table.description == "leader  c1\n        c2")
        #expect(TextTable("A", "B").description == "A  B")
    }

    @Test("are JSON with sorted keys")
    func json() throws {
        let fields = FieldList(fields: ["b": "/x/y", "a": "1"])
        #expect(try JSON.line(fields) == #"{"a":"1","b":"/x/y"}"#)
        #expect(fields.text == "a=1\nb=/x/y")
        #expect(try JSON.line(NameList(names: ["z", "a"])) == #"["z","a"]"#)
        #expect(try JSON.line(Confirmation(message: "done")) == #"{"message":"done"}"#)
        var output = OutputOptions()
        output.format = .json
        #expect(try output.render(NameList(names: [])) == "[\n\n]")
        output.format = .text
        #expect(try output.render(NameList(names: ["a", "b"])) == "a\nb")
    }

    @Test("count what was reset", arguments: [(0, "no replica"), (1, "1 replica "), (2, "2 replicas")])
    func reset(count: Int, text: String) {
        #expect(ResetReport(messages: Array(repeating: "id", count: count)).text.contains(text))
    }

    @Test("say why, where there is a reason")
    func phrases() {
        #expect(Phrase.yes(true, because: nil) == "yes")
        #expect(Phrase.yes(false, because: "") == "no")
        #expect(Phrase.yes(false, because: "a test") == "no (a test)")
    }
}

@Suite("State models on the command line")
struct StateModelRenderingTests {
    @Test("are shown in every form", arguments: StateModel.builtIn)
    func forms(model: StateModel) throws {
        let text = try StateModelCommand.Show.text(of: model, .text)
        for state in model.states { #expect(text.contains(state.name)) }
        #expect(text.contains("\(model.initialState) (initial)"))
        #expect(try StateModelCommand.Show.text(of: model, .mermaid).hasPrefix("stateDiagram-v2"))
        #expect(try StateModelCommand.Show.text(of: model, .graphviz).hasPrefix("digraph"))
        let json = try StateModelCommand.Show.text(of: model, .json)
        #expect(try StateModel(record: ZNRecord(decoding: Array(json.utf8), path: "json")) == model)
    }

    @Test("are sound where they are built in", arguments: StateModel.builtIn)
    func sound(model: StateModel) {
        let report = FaultReport(record: model.record)
        #expect(report.faults.isEmpty)
        #expect(report.text == "state model \(model.name) is sound")
    }

    @Test("have all their faults named")
    func faults() throws {
        var record = StateModel.masterSlave.record
        record.simpleFields["INITIAL_STATE"] = "NOWHERE"
        record.mapFields["MASTER.meta"] = ["count": "several"]
        let report = FaultReport(record: record)
        #expect(!report.faults.isEmpty)
        #expect(report.text.contains("NOWHERE"))
        #expect(try JSON.line(report).contains(#""name":"MasterSlave""#))
    }
}
