import Foundation
import Synchronization

/// Figures as they come, one JSON object a line, and all of them in tables at the end.
final class Report: Sendable {
    private struct Content {
        var figures = TextTable(header: ["scenario", "figure", "value", "unit", "bar"])
        var tables: [TextTable] = []
    }

    private let format: OutputFormat
    private let content = Mutex(Content())

    init(format: OutputFormat) { self.format = format }

    /// - Parameter bar: what the figure should be, if there is such a thing.
    func add(_ scenario: String, _ name: String, _ value: Double, _ unit: String, bar: String? = nil) {
        content.withLock { $0.figures.rows.append([scenario, name, Self.text(value), unit, bar ?? ""]) }
        state(scenario, name, value, unit, bar: bar)
    }

    /// Figures that were stated, side by side.
    func add(_ table: TextTable) { content.withLock { $0.tables.append(table) } }

    /// A figure that is in a table of its own.
    func state(_ scenario: String, _ name: String, _ value: Double, _ unit: String, bar: String? = nil) {
        guard format == .text else { return }
        var line = #"{"scenario":"\#(scenario)","figure":"\#(name)","value":\#(Self.text(value)),"unit":"\#(unit)""#
        if let bar { line += #","bar":"\#(bar)""# }
        print(line + "}")
        fflush(nil)
    }

    func printTables() {
        let content = content.withLock { $0 }
        let figures = content.figures.rows.isEmpty ? [] : [content.figures]
        print((figures + content.tables).map { $0.text(format) }.joined(separator: "\n"), terminator: "")
    }

    /// A number without a fraction, or with so many places.
    static func text(_ value: Double, places: Int = 3) -> String {
        value == value.rounded() && abs(value) < 1e12 ? String(Int(value)) : String(format: "%.\(places)f", value)
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
