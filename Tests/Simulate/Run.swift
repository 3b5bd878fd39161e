import ArgumentParser
import Scenario

/// Runs a number of seeds.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a number of seeds; exit code 1 if any of them fails.")

    @Option(help: "How many seeds to run.") var seeds = 100
    @Option(help: "The first seed; the others follow.") var firstSeed: UInt64 = 1
    @Option(help: "How many to run at a time.") var workers = 2
    @Flag(help: "Stop at the first that fails.") var untilFailure = false
    @Option(help: "text or json, a line for each failing seed.") var format = OutputFormat.text
    @OptionGroup var options: SizeOptions

    func validate() throws {
        guard seeds > 0, workers > 0 else { throw ValidationError("at least one seed and one worker are needed") }
    }

    func run() async throws {
        var batch = Batch(size: options.size, format: format, workers: workers, stopsAtFailure: untilFailure)
        var seed = firstSeed
        await batch.perform {
            guard seed < firstSeed + UInt64(seeds) else { return nil }
            defer { seed += 1 }
            return seed
        }
        Console.note(batch.summary)
        if let first = batch.failures.first {
            Console.note("Look at one with: simulate replay \(first.seed)")
            throw ExitCode(1)
        }
    }
}

/// Runs seeds for a time.
struct Soak: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run seeds nobody has run before, for a time; exit code 1 if any of them fails.")

    @Option(help: "How many minutes.") var minutes = 10
    @Option(help: "How many to run at a time.") var workers = 2
    @Option(help: "text or json, a line for each failing seed.") var format = OutputFormat.text
    @OptionGroup var options: SizeOptions

    func run() async throws {
        var batch = Batch(size: options.size, format: format, workers: workers, stopsAtFailure: false)
        let end = ContinuousClock.now.advanced(by: .seconds(minutes * 60))
        await batch.perform { ContinuousClock.now < end ? UInt64.random(in: 1_000_000...(.max >> 1)) : nil }
        Console.note(batch.summary)
        if !batch.failures.isEmpty { throw ExitCode(1) }
    }
}
