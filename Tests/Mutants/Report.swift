import ArgumentParser
import Foundation

/// How results are shown.
enum Format: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
}

/// Shows results as they come.
struct Report {
    let format: Format
    private let nameWidth: Int

    init(format: Format, mutants: [Mutant]) {
        self.format = format
        nameWidth = (mutants.map(\.name.count) + [6]).max() ?? 6
    }

    /// The list of mutants.
    func list(_ mutants: [Mutant]) throws {
        for mutant in mutants {
            switch format {
            case .text: print("\(padded(mutant.name, nameWidth))  \(mutant.fault)")
            case .json:
                try show(
                    Entry(
                        mutant: mutant.name, fault: mutant.fault, files: mutant.edits.map(\.file),
                        within: mutant.within))
            }
        }
    }

    func begin() {
        if format == .text { print(row("mutant", "caught at", "time", "violated")) }
    }

    func add(_ result: Trials.Result) throws {
        switch format {
        case .text: print(Self.row(of: result, nameWidth: nameWidth))
        case .json: try show(Line(result))
        }
        fflush(nil)
    }

    func end(_ results: [Trials.Result]) {
        guard format == .text else { return }
        let missed = results.filter { !$0.verdict.isCaught }.map(\.mutant.name).sorted()
        print("\(results.count - missed.count) of \(results.count) mutants caught")
        if !missed.isEmpty { print("not caught: \(missed.joined(separator: ", "))") }
    }

    static func row(of result: Trials.Result, nameWidth: Int) -> String {
        let report = Report(format: .text, nameWidth: nameWidth)
        return report.row(
            result.mutant.name, place(of: result),
            String(format: "%.1f s", result.time / .seconds(1)), note(on: result.verdict))
    }

    private init(format: Format, nameWidth: Int) {
        self.format = format
        self.nameWidth = nameWidth
    }

    /// At which of its seeds a mutant was caught.
    private static func place(of result: Trials.Result) -> String {
        guard result.verdict.isCaught else { return "NOT CAUGHT" }
        let number = result.verdict.seed.map { "\($0 - result.seeds.first + 1)" } ?? "?"
        return "\(number) of \(result.seeds.count)"
    }

    private static func note(on verdict: Verdict) -> String {
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
    }

    private struct Line: Encodable {
        let mutant: String
        let verdict: Verdict
        let number: Int?
        let within: Int
        let seconds: Double

        init(_ result: Trials.Result) {
            mutant = result.mutant.name
            verdict = result.verdict
            number = result.verdict.seed.map { $0 - result.seeds.first + 1 }
            within = result.seeds.count
            seconds = result.time / .seconds(1)
        }
    }

    private func show(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}
