import Foundation
import Synchronization

/// Figures as they come, one JSON object a line, and all of them in a table at the end.
final class Report: Sendable {
    private struct Figure {
        var scenario: String
        var name: String
        var value: Double
        var unit: String
        var bar: String?
    }

    private let figures = Mutex<[Figure]>([])

    /// - Parameter bar: what the figure should be, if there is such a thing.
    func add(_ scenario: String, _ name: String, _ value: Double, _ unit: String, bar: String? = nil) {
        figures.withLock {
            $0.append(Figure(scenario: scenario, name: name, value: value, unit: unit, bar: bar))
        }
        var line = #"{"scenario":"\#(scenario)","figure":"\#(name)","value":\#(text(value)),"unit":"\#(unit)""#
        if let bar { line += #","bar":"\#(bar)""# }
        print(line + "}")
        fflush(nil)
    }

    func printTable() {
        let figures = figures.withLock { $0 }
        let rows = figures.map { [$0.scenario, $0.name, text($0.value), $0.unit, $0.bar ?? ""] }
        let header = ["scenario", "figure", "value", "unit", "bar"]
        let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
        for row in [header] + rows {
            print(
                zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }.joined(separator: "  "))
        }
    }

    private func text(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e12 ? String(Int(value)) : String(format: "%.3f", value)
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
    var inMilliseconds: Double { inSeconds * 1000 }
}

extension Array<Double> {
    /// The value below which this share of the values lies.
    func percentile(_ share: Double) -> Double {
        let sorted = sorted()
        return sorted.isEmpty ? .nan : sorted[Swift.min(sorted.count - 1, Int(share * Double(sorted.count)))]
    }
}
