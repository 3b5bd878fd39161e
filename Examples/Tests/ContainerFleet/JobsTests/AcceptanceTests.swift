import Foundation
import Testing

@Suite("The page of acceptance cases")
struct AcceptanceTests {
    /// The folder of all tests of the fleet.
    private static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

    /// All cases: every fourth number of the first kind was never given away.
    private static let cases = (1...81).filter { $0 % 4 != 3 }.map { "AC\($0)" } + (1...18).map { "B\($0)" }

    /// What the page says of each case: its tests, or why there are none.
    private static func page() throws -> [(id: String, tests: [String], text: String)] {
        let file = tests.appending(path: "../../Sources/ContainerFleet/ACCEPTANCE.md").standardizedFileURL
        let rows = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
            .filter { $0.hasPrefix("| AC") || $0.hasPrefix("| B") }
        return rows.map { row in
            let cells = row.split(separator: "|", maxSplits: 2).map { $0.trimmingCharacters(in: .whitespaces) }
            let shown = cells[2]
            let quoted = shown.split(separator: "`", omittingEmptySubsequences: false).enumerated()
                .filter { $0.offset % 2 == 1 }.map { String($0.element) }
            return (cells[0], quoted, shown)
        }
    }

    @Test("has every case, once, each with tests or a reason")
    func complete() throws {
        let page = try Self.page()
        #expect(page.map(\.id) == Self.cases)
        for row in page where row.tests.isEmpty {
            #expect(row.text.hasPrefix("does not apply: "), "\(row.id): \(row.text)")
        }
    }

    @Test("quotes tests that there are")
    func names() throws {
        var sources = ""
        for path in try FileManager.default.subpathsOfDirectory(atPath: Self.tests.path) where path.hasSuffix(".swift")
        {
            sources += try String(contentsOf: Self.tests.appending(path: path), encoding: .utf8)
        }
        for row in try Self.page() {
            for name in row.tests { #expect(sources.contains("\"\(name)\""), "\(row.id): \(name)") }
        }
    }
}
