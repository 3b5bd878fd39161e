import ArgumentParser
import Scenario

/// Runs one seed again, for people who look for the fault.
struct Replay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run one seed again and show what each process saw, cut down to the faults that matter.")

    @Argument(help: "The seed.") var seed: UInt64
    @Flag(inversion: .prefixedNo, help: "Leave out the faults that do not matter.") var shrink = true
    @OptionGroup var options: SizeOptions

    func run() async throws {
        let run = ScenarioRun(seed: seed, size: options.size)
        var report = await run.perform(recording: !shrink)
        let count = report.plan.faults.count
        if shrink, !report.violations.isEmpty { report = await run.shrink(report) }
        let recorded = shrink ? await run.perform(report.plan, recording: true) : report
        Console.line(recorded.timeline)
        Console.line("seed \(seed), trace \(String(report.trace, radix: 16)), \(report.steps) steps")
        Console.line("\(report.plan.faults.count) of \(count) faults:")
        for fault in report.plan.faults { Console.line("    \(fault)") }
        if recorded.trace != report.trace { Console.line("the trace differs: something is not deterministic") }
        guard !recorded.violations.isEmpty else { return Console.line("no violations") }
        for violation in recorded.violations { Console.line("    \(violation)") }
        throw ExitCode(1)
    }
}
