import ArgumentParser
import Foundation

/// How results are shown.
enum Format: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
}

/// Shows mutants and what came of them, as text in columns or as one JSON object a line.
struct Report {
    let format: Format
    private let nameWidth: Int

    init(format: Format, mutants: [Mutant]) {
        self.format = format
        nameWidth = mutants.map(\.name.count).max() ?? 0
    }

    /// What comes before the results.
    var header: String? { format == .text ? row("mutant", "caught at", "time", "violated") : nil }

    /// A mutant of the list.
    func text(of mutant: Mutant) throws -> String {
        switch format {
        case .text: "\(padded(mutant.name, nameWidth))  \(mutant.fault)"
        case .json: try json(Entry(mutant))
        }
    }

    /// What came of a mutant.
    func text(of result: Trials.Result) throws -> String {
        switch format {
        case .text:
            row(
                result.mutant.name, place(of: result), String(format: "%.1f s", result.time / .seconds(1)),
                note(on: result.verdict))
        case .json: try json(Line(result))
        }
    }

    /// What comes after the results.
    func summary(of results: [Trials.Result]) -> String? {
        guard format == .text else { return nil }
        let missed = results.filter { !$0.verdict.isCaught }.map(\.mutant.name).sorted()
        return "\(results.count - missed.count) of \(results.count) mutants caught"
            + (missed.isEmpty ? "" : "; not caught: \(missed.joined(separator: ", "))")
    }

    /// At which of its seeds a mutant was caught.
    private func place(of result: Trials.Result) -> String {
        guard result.verdict.isCaught else { return "NOT CAUGHT" }
        return "\(result.seedNumber.map(String.init) ?? "?") of \(result.seeds.count)"
    }

    private func note(on verdict: Verdict) -> String {
        let reason = verdict.violation ?? ""
        switch verdict.outcome {
        case .caught: return reason
        case .crashed: return "CRASH \(reason)"
        case .hung: return "HANG \(reason)"
        case .missed: return verdict.isReached ? "its code was reached" : "its code was never reached"
        }
    }

    private func row(_ name: String, _ place: String, _ time: String, _ note: String) -> String {
        "\(padded(name, nameWidth))  \(padded(place, 12))  \(padded(time, 9))  \(note)"
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    // MARK: JSON

    private struct Entry: Encodable {
        let mutant: String
        let fault: String
        let files: [String]
        let within: Int

        init(_ mutant: Mutant) {
            self.mutant = mutant.name
            fault = mutant.fault
            files = mutant.edits.map(\.file)
            within = mutant.within
        }
    }

    private struct Line: Encodable {
        let mutant: String
        let verdict: Verdict
        let seedNumber: Int?
        let seedCount: Int
        let seconds: Double

        init(_ result: Trials.Result) {
            mutant = result.mutant.name
            verdict = result.verdict
            seedNumber = result.seedNumber
            seedCount = result.seeds.count
            seconds = result.time / .seconds(1)
        }
    }

    private func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
