import Foundation
import TestSupport
import Testing

/// The runbook is run: every command of Docs/operations.md, in order, as processes against a real ZooKeeper; and what they
/// print has the lines that the page shows, apart from numbers.
///
/// What a reader does between the commands, or what happens to a cluster, stands in the page as comments of one line that
/// are not shown: `<!-- run: helix … -->`, `<!-- stop: WORD -->` (ends the processes in whose command it is), `<!-- until:
/// helix … -->` (again and again until it succeeds), `<!-- until: helix … => TEXT -->` (until it prints that), `<!-- as an
/// example -->` before something that is shown and not printed here, and `<!-- ends like this -->` where what comes before the
/// last line depends on who is faster.
@Suite("The runbook", .timeLimit(.minutes(5)))
struct RunbookTests {
    @Test("can be run from its beginning to its end, and prints what it shows")
    func runbook() async throws {
        let page = try RunbookPage()
        let run = RunbookRun(zooKeeper: try await SharedZooKeeper.connectText())
        var outputs: [String] = []
        var (isExample, isEnd) = (false, false)
        for step in page.steps {
            switch step.action {
            case .command(let line, let isFirst):
                if isFirst { outputs = [] }
                outputs.append(try await run.perform(line, step.line))
            case .stop(let word): try await run.stop(word)
            case .until(let line, let text): try await run.await(line, text, step.line)
            case .example: isExample = true
            case .end: isEnd = true
            case .shown(let lines):
                defer { (isExample, isEnd) = (false, false) }
                if isExample { continue }
                let printed = Set(outputs.flatMap { $0.components(separatedBy: "\n") }.map(RunbookPage.masked))
                for line in isEnd ? lines.suffix(1) : lines[...]
                where !line.isEmpty && !printed.contains(RunbookPage.masked(line)) {
                    Issue.record(
                        "operations.md:\(step.line) shows\n\(line)\nand what was printed is\n\(outputs.joined(separator: "\n"))"
                    )
                }
            }
        }
        #expect(run.commandCount > 40)
    }
}

/// The page as steps.
private struct RunbookPage {
    enum Action {
        /// Whether it is the first of its block.
        case command(String, isFirst: Bool)
        case stop(String)
        case until(String, text: String?)
        case example
        case end
        case shown([String])
    }

    struct Step {
        let line: Int
        let action: Action
    }

    private(set) var steps: [Step] = []

    init() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "Docs/operations.md"), encoding: .utf8)
        var block: (language: String, lines: [String], start: Int)?
        for (index, line) in text.components(separatedBy: "\n").enumerated() {
            if let open = block, line == "```" {
                take(open)
                block = nil
            } else if block != nil {
                block?.lines.append(line)
            } else if line.hasPrefix("```") {
                block = (String(line.dropFirst(3)), [], index + 1)
            } else if line.hasPrefix("<!-- "), line.hasSuffix(" -->") {
                take(comment: String(line.dropFirst(5).dropLast(4)), index + 1)
            }
        }
    }

    private mutating func take(_ block: (language: String, lines: [String], start: Int)) {
        if block.language.isEmpty { return add(.shown(block.lines), block.start) }
        guard block.language == "sh" else { return }
        var isFirst = true
        for (offset, line) in block.lines.enumerated() where line.hasPrefix("helix ") {
            add(.command(line, isFirst: isFirst), block.start + 1 + offset)
            isFirst = false
        }
    }

    private mutating func take(comment: String, _ line: Int) {
        let parts = comment.split(separator: ": ", maxSplits: 1).map(String.init)
        switch (parts[0], parts.count) {
        case ("run", 2): add(.command(parts[1], isFirst: true), line)
        case ("stop", 2): add(.stop(parts[1]), line)
        case ("until", 2):
            let sides = parts[1].components(separatedBy: " => ")
            add(.until(sides[0], text: sides.count == 2 ? sides[1] : nil), line)
        case ("as an example", 1): add(.example, line)
        case ("ends like this", 1): add(.end, line)
        default: break
        }
    }

    private mutating func add(_ action: Action, _ line: Int) { steps.append(Step(line: line, action: action)) }

    /// A line without what differs from one run to the next: numbers, and how wide columns are.
    static func masked(_ line: String) -> String {
        let words = line.split(separator: " ").joined(separator: " ")
        return String(words.map { $0.isNumber ? "#" : $0 }).replacing(#/#+/#, with: "#")
            .replacing(#/# (s|min|h)\b/#, with: "# s")
    }
}

/// The processes of a run.
private final class RunbookRun {
    private let zooKeeper: String
    private var running: [(line: String, command: RunningCommand)] = []
    private(set) var commandCount = 0

    /// Commands whose answer may be no.
    private static let questions = ["stoppable", "why-not-converged", "evacuation", "swap status"]

    init(zooKeeper: String) { self.zooKeeper = zooKeeper }

    deinit { for (_, command) in running { command.signal(SIGKILL) } }

    private func words(_ line: String) -> [String] {
        line.prefix { $0 != "#" }.split(separator: " ").dropFirst().map { String($0).replacing("'", with: "") }
    }

    /// - Returns: what it printed.
    func perform(_ line: String, _ number: Int) async throws -> String {
        commandCount += 1
        var words = words(line)
        if words.last == "&" {
            words.removeLast()
            running.append((line, try HelixBinary.start(words, zooKeeper: zooKeeper)))
            return ""
        }
        let command = try HelixBinary.start(words, zooKeeper: zooKeeper)
        if words.contains("--watch") {
            try await eventually(within: .seconds(60), "operations.md:\(number): \(line) prints something") {
                !command.output.isEmpty
            }
            command.signal(SIGINT)
        }
        let result = try await command.ended()
        let isQuestion = words.contains("--watch") || Self.questions.contains { line.contains($0) }
        if result.code != 0 && !(isQuestion && result.code == 1) {
            Issue.record("operations.md:\(number): \(line): exit code \(result.code)\n\(result.output)\(result.errors)")
        }
        return result.output
    }

    func stop(_ word: String) async throws {
        let ending = running.filter { $0.line.contains(" \(word)") }
        running.removeAll { $0.line.contains(" \(word)") }
        for (_, command) in ending { command.signal(SIGTERM) }
        for (_, command) in ending { _ = try await command.ended() }
    }

    func await(_ line: String, _ text: String?, _ number: Int) async throws {
        var last = ""
        do {
            try await eventually(within: .seconds(30), "operations.md:\(number): \(line)") {
                let result = try await HelixBinary.run(words(line), zooKeeper: zooKeeper)
                last = result.output + result.errors
                return text.map(result.output.contains) ?? (result.code == 0)
            }
        } catch {
            throw Unexpected(description: "\(error)\n\(last)")
        }
    }
}
