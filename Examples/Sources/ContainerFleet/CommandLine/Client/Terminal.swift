import Foundation

/// What people see.
enum Terminal {
    /// Prints a text, at once.
    static func print(_ text: String) { write(text + "\n", to: .standardOutput) }

    static func write(_ text: String) { write(text, to: .standardOutput) }

    /// Says what is wrong, where it does not disturb programs that read.
    static func complain(_ text: String) { write(text + "\n", to: .standardError) }

    static func write(_ text: String, to file: FileHandle) { try? file.write(contentsOf: Data(text.utf8)) }

    /// Whether progress can be drawn over and over.
    static let isInteractive = isatty(STDERR_FILENO) == 1

    /// Rows in columns as wide as their widest cell.
    static func table(_ header: [String], _ rows: [[String]]) -> String {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line +=
                    cell
                    + (column == row.count - 1 ? "" : String(repeating: " ", count: widths[column] - cell.count + 2))
            }
            return line
        }.joined(separator: "\n")
    }

    /// Answers yes or no; no without a terminal.
    static func confirms(_ question: String) -> Bool {
        guard isatty(STDIN_FILENO) == 1 else { return false }
        write("\(question) [y/N] ", to: .standardError)
        return readLine()?.lowercased().hasPrefix("y") ?? false
    }

    /// For how long something has been so.
    static func age(since milliseconds: Int64?) -> String {
        guard let milliseconds else { return "" }
        let seconds = max(0, Int64(Date().timeIntervalSince1970) - milliseconds / 1_000)
        return switch seconds {
        case ..<120: "\(seconds)s"
        case ..<7_200: "\(seconds / 60)m"
        case ..<172_800: "\(seconds / 3_600)h"
        default: "\(seconds / 86_400)d"
        }
    }

    /// A moment, for people.
    static func time(_ milliseconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(milliseconds) / 1_000).formatted(.iso8601)
    }
}

/// One line that is drawn again and again on a terminal; elsewhere a line for each change.
struct ProgressLine {
    private var last = ""
    private var isDrawn = false

    mutating func show(_ text: String) {
        guard text != last else { return }
        last = text
        if Terminal.isInteractive {
            Terminal.write("\r\u{1B}[K\(text)", to: .standardError)
            isDrawn = true
        } else {
            Terminal.complain(text)
        }
    }

    mutating func end() {
        if isDrawn { Terminal.write("\r\u{1B}[K", to: .standardError) }
        isDrawn = false
    }

    static func bar(_ done: Int, of total: Int) -> String {
        let width = 20
        let filled = total == 0 ? width : min(width, done * width / total)
        return "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled) + "]"
    }
}
