import ArgumentParser
import Foundation

/// How figures are put out.
enum OutputFormat: String, ExpressibleByArgument {
    /// JSON lines, and tables for a terminal at the end.
    case text
    /// Tables only, for a document.
    case markdown
}

/// Rows of text under a header.
struct TextTable {
    var title = ""
    let header: [String]
    var notes: [String] = []
    var rows: [[String]] = []

    func text(_ format: OutputFormat) -> String {
        let lines =
            switch format {
            case .text: [title].filter { !$0.isEmpty } + ([header] + rows).map(aligned) + notes
            case .markdown:
                (title.isEmpty ? [] : ["**\(title)**", ""])
                    + ([header, header.map { _ in "---" }] + rows).map { "| " + $0.joined(separator: " | ") + " |" }
                    + [""] + notes
            }
        return lines.joined(separator: "\n") + "\n"
    }

    private func aligned(_ row: [String]) -> String {
        let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
        return zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }.joined(separator: "  ")
    }
}
