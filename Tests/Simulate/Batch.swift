import Foundation
import HelixSimulation
import Scenario

/// Runs of many seeds, some at a time, and what came of them.
struct Batch {
    let size: ScenarioSize
    let format: OutputFormat
    let workers: Int
    let stopsAtFailure: Bool

    private(set) var runs = 0
    private(set) var failures: [ScenarioReport] = []
    private(set) var steps = 0
    private(set) var transactions = 0
    private(set) var simulated = Duration.zero
    private let started = ContinuousClock.now

    init(size: ScenarioSize, format: OutputFormat, workers: Int, stopsAtFailure: Bool) {
        self.size = size
        self.format = format
        self.workers = workers
        self.stopsAtFailure = stopsAtFailure
    }

    /// Performs runs until `next` has no more seeds.
    mutating func perform(_ next: () -> UInt64?) async {
        await withTaskGroup(of: ScenarioReport.self) { group in
            let size = size
            func start() {
                guard let seed = next() else { return }
                group.addTask { await ScenarioRun(seed: seed, size: size).perform() }
            }
            for _ in 0..<workers { start() }
            while let report = await group.next() {
                take(report)
                if stopsAtFailure, !failures.isEmpty { continue }
                start()
            }
        }
    }

    private mutating func take(_ report: ScenarioReport) {
        runs += 1
        steps += report.steps
        transactions += report.transactions
        simulated += report.duration
        if runs % 500 == 0 { Console.note(summary) }
        guard !report.violations.isEmpty else { return }
        failures.append(report)
        switch format {
        case .json: Console.line(JSONReport(report).text)
        case .text:
            Console.line("seed \(report.seed): \(report.violations.count) violations")
            for violation in report.violations.prefix(10) { Console.line("    \(violation)") }
        }
    }

    /// What was done, and how fast.
    var summary: String {
        let real = ContinuousClock.now - started
        let perCore = simulated / real / Double(workers)
        return "\(runs) runs, \(failures.count) with violations or stalls; \(steps / 1000) thousand steps, "
            + "\(transactions) transactions, \(simulated.components.seconds / 3600) h simulated in "
            + "\(real.components.seconds) s: \(Int(perCore)) times real time per core"
    }
}

/// Standard output and error, a line at a time.
enum Console {
    static func line(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

    static func note(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}

/// A report as a line of JSON.
struct JSONReport: Encodable {
    struct Found: Encodable {
        let time: Double
        let invariant: String
        let text: String
    }

    let seed: UInt64
    let trace: String
    let violations: [Found]

    init(_ report: ScenarioReport) {
        seed = report.seed
        trace = String(report.trace, radix: 16)
        violations = report.violations.map { Found(time: $0.time / .seconds(1), invariant: $0.rule, text: $0.text) }
    }

    var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        } catch {
            return "{\"seed\":\(seed),\"violations\":[\"\(error)\"]}"
        }
    }
}
