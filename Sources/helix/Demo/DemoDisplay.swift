import Foundation
import HelixSpectator
import Synchronization

/// How the demo is shown.
protocol DemoDisplay: Sendable {
    /// Something happened.
    func show(_ event: DemoEvent)
    /// Follows the map as it changes, until the task is cancelled.
    func follow(_ spectator: Spectator, _ settings: DemoSettings) async
    /// The end.
    func finish(_ summary: DemoSummary)
}

extension DemoDisplay {
    func follow(_ spectator: Spectator, _ settings: DemoSettings) async {}
}

extension DemoSummary {
    fileprivate var lines: [String] {
        [
            "convergence     \(convergence.wholeMilliseconds) ms",
            "failover        \(failover.wholeMilliseconds) ms",
            "moves           \(moves) (minimum \(movesMinimum))",
            "violations      \(violations)",
            isGood ? "All is well." : converged ? "A promise was broken." : "It did not converge.",
        ]
    }
}

/// One JSON object a line.
struct JSONDisplay: DemoDisplay {
    func show(_ event: DemoEvent) { write(event.name, event.details) }

    func finish(_ summary: DemoSummary) {
        write(
            "summary",
            [
                "converged": .flag(summary.converged), "violations": .number(summary.violations),
                "convergence_ms": .number(summary.convergence.wholeMilliseconds),
                "failover_ms": .number(summary.failover.wholeMilliseconds),
                "moves": .number(summary.moves), "moves_minimum": .number(summary.movesMinimum),
            ])
    }

    private func write(_ name: String, _ details: [String: DemoEvent.DetailValue]) {
        do {
            let fields = try JSON.line(details).dropFirst()
            StandardOutput.write("{\"event\":\"\(name)\"\(fields == "}" ? "" : ",")\(fields)")
        } catch {
            preconditionFailure("texts and numbers can be encoded: \(error)")
        }
    }
}

/// A log, a line for every step of the story.
struct PlainDisplay: DemoDisplay {
    private let begin = ContinuousClock.now

    func show(_ event: DemoEvent) {
        guard let text = event.text else { return }
        StandardOutput.write("\(stamp(begin)) \(text)")
    }

    func finish(_ summary: DemoSummary) {
        StandardOutput.write(summary.lines.map { "  " + $0 }.joined(separator: "\n"))
    }
}

private func stamp(_ begin: ContinuousClock.Instant) -> String {
    let milliseconds = (ContinuousClock.now - begin).wholeMilliseconds
    return String(format: "%7.3f s", Double(milliseconds) / 1000)
}

/// The map, redrawn in place, under the story.
final class TerminalDisplay: DemoDisplay {
    private struct Screen {
        var story: [String] = []
        var map: [String] = []
        var drawnLines = 0
    }

    private let begin = ContinuousClock.now
    private let partitions: Int
    private let screen = Mutex(Screen())

    init(partitions: Int) { self.partitions = partitions }

    func show(_ event: DemoEvent) {
        guard let text = event.text else { return }
        draw { $0.story.append("\u{1B}[2m\(stamp(begin))\u{1B}[0m  \(text)") }
    }

    func follow(_ spectator: Spectator, _ settings: DemoSettings) async {
        for await table in spectator.routingTables {
            let map = DemoMap(table, settings)
            draw { $0.map = self.lines(of: map) }
        }
    }

    func finish(_ summary: DemoSummary) {
        StandardOutput.write("\n" + summary.lines.map { "  " + $0 }.joined(separator: "\n"))
    }

    /// A row for each node, a column for each partition as far as there is room.
    private func lines(of map: DemoMap) -> [String] {
        let columns = min(partitions, 48)
        return (1...4).map { "node_\($0)" }.map { name in
            guard let held = map.states[name] else { return "  \u{1B}[2m\(name)  –\u{1B}[0m" }
            let cells = (0..<columns).map { partition in
                switch held[partition] {
                case "MASTER": "\u{1B}[1;32mM\u{1B}[0m"
                case "SLAVE": "\u{1B}[36ms\u{1B}[0m"
                case "OFFLINE": "\u{1B}[2mo\u{1B}[0m"
                case "ERROR": "\u{1B}[1;31mE\u{1B}[0m"
                default: "\u{1B}[2m·\u{1B}[0m"
                }
            }
            return "  \(name)  \(cells.joined(separator: " "))  "
                + "\(map.count(name, in: "MASTER")) masters, \(map.served(name)) replicas"
        }
    }

    /// New lines of the story scroll; the map below them is drawn again where it was.
    private func draw(_ change: (inout Screen) -> Void) {
        screen.withLock { screen in
            change(&screen)
            var text = screen.drawnLines > 0 ? "\u{1B}[\(screen.drawnLines)A\r\u{1B}[J" : ""
            for line in screen.story { text += line + "\n" }
            screen.story = []
            text += "\n" + screen.map.map { $0 + "\n" }.joined()
            screen.drawnLines = screen.map.count + 1
            FileHandle.standardOutput.write(Data(text.utf8))
        }
    }
}
