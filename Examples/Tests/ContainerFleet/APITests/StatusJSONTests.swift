import FleetModel
import Foundation
import Testing

@testable import FleetAPI
@testable import FleetMaster

@Suite("The table of all tasks as JSON")
struct StatusJSONTests {
    private static func row(_ change: (inout StatusRow) -> Void) -> StatusRow {
        var row = StatusRow(
            job: "web:1:\(String(repeating: "a", count: 40))", deployment: "web", place: "h1", host: "h1",
            task: "web_0", goal: "START", state: "RUNNING", since: 1_767_225_600_000, detail: TaskDetail())
        change(&row)
        return row
    }

    private static let full = row { row in
        row.detail.phase = "RUNNING"
        row.detail.container = "0123456789ab"
        row.detail.ports = ["http": 20_001, "admin": 20_002, "Z": 3]
        row.detail.throttle = "FLAPPING"
        row.detail.reason = "because"
        row.detail.exit = -1
        row.detail.former = FormerContainer(container: "ba9876543210", exit: 137, time: 17)
        row.detail.restarts = 7
        row.detail.pulled = 50
        row.detail.agent = "127.0.0.1:5803"
    }

    @Test(
        "it is what the encoder makes of it, to the byte",
        arguments: [
            [], [row { _ in }], [row { $0.host = nil }], [row { $0.since = nil }], [full], [full, row { _ in }, full],
            [row { $0.detail.former = FormerContainer(container: "c", exit: nil, time: 0) }],
            [row { $0.detail.exit = 0 }], [row { $0.detail.throttle = "NO" }], [row { $0.detail.ports = [:] }],
            [row { $0.detail.reason = "“ünï/cödé” \"quoted\" back\\slash 🐳 \u{7f}\u{2028}" }],
            [row { $0.detail.reason = String(String.UnicodeScalarView((0..<0x20).map { Unicode.Scalar($0)! })) }],
        ] as [[StatusRow]])
    func same(rows: [StatusRow]) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let expected = String(decoding: try encoder.encode(rows), as: UTF8.self)
        #expect(String(decoding: StatusJSON(rows).bytes, as: UTF8.self) == expected)
    }
}
