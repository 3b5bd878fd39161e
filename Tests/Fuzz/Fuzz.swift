import ArgumentParser

/// Feeds everything that reads what others have written with spoilt input.
@main
struct Fuzz: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Fuzz",
        abstract: "Feed decoders, rules and whole clusters with spoilt records.",
        discussion: """
            Inputs are made from a seed: records, names and clusters that were good once and have been changed in a \
            few places. No input may trap or hang, and what must hold for each target is checked. An input that fails \
            is named with the command that repeats it.

            Targets: \(FuzzTarget.all.map(\.name).joined(separator: ", ")).

            Examples:
              Fuzz --inputs 1000000
              Fuzz --inputs 50000 --target codec --seed 7
              Fuzz --target clusters --seed 7 --input 4711
            """)

    @Option(help: "How many inputs, over all targets together.")
    var inputs = 1_000_000

    @Option(help: "Where the random numbers begin; the same seed gives the same inputs.")
    var seed: UInt64 = 1

    @Option(help: "Only this target.")
    var target: String?

    @Option(help: "Only the input of this number, of one target: repeats a failure.")
    var input: Int?

    @Option(help: "How many seconds an input may take.")
    var bound = 10

    func validate() throws {
        if let target, !FuzzTarget.all.contains(where: { $0.name == target }) {
            let names = FuzzTarget.all.map(\.name).joined(separator: ", ")
            throw ValidationError("There is no target '\(target)'; expected one of \(names).")
        }
        if inputs < 1 { throw ValidationError("--inputs is \(inputs), expected at least 1.") }
        if bound < 1 { throw ValidationError("--bound is \(bound), expected at least 1 second.") }
        if input != nil, target == nil {
            throw ValidationError("--input needs --target: inputs are numbered by target.")
        }
    }

    @MainActor
    func run() async throws {
        Watchdog.start(bound: bound)
        var violations = 0
        var total = 0
        let clock = ContinuousClock()
        let start = clock.now
        print("seed \(seed)")
        for target in FuzzTarget.all where self.target == nil || self.target == target.name {
            let campaign = Campaign(target: target, seed: seed, inputs: range(of: target))
            Watchdog.announce(command: campaign.command)
            let result = await campaign.run(willFeed: Watchdog.begin)
            print(Report.line(target, campaign.inputs.count, result))
            for violation in result.violations { print("error: \(target.name): \(violation)") }
            violations += result.violations.count
            total += campaign.inputs.count
        }
        print(Report.total(total, clock.now - start, violations: violations))
        if violations > 0 { throw ExitCode.failure }
    }

    private func range(of target: FuzzTarget) -> Range<Int> {
        if let input { return input..<input + 1 }
        return 0..<(self.target == nil ? max(1, inputs * target.share / 1000) : inputs)
    }
}

/// How figures are told.
enum Report {
    static func line(_ target: FuzzTarget, _ inputs: Int, _ result: Campaign.Result) -> String {
        "\(padded(target.name, 9)) \(padded("\(inputs)", -8)) inputs, \(padded("\(result.accepted)", -8)) accepted, "
            + "\(padded("\(perSecond(inputs, result.duration))", -7)) a second, slowest "
            + "\(milliseconds(result.slowest)) ms (input \(result.slowestInput))"
    }

    static func total(_ inputs: Int, _ duration: Duration, violations: Int) -> String {
        "\(inputs) inputs in \(milliseconds(duration) / 1000) s, \(perSecond(inputs, duration)) a second, "
            + "\(violations == 0 ? "no" : "\(violations)") violations, no trap, no hang"
    }

    private static func perSecond(_ inputs: Int, _ duration: Duration) -> Int {
        Int(Double(inputs) / max(duration / .seconds(1), 0.000_001))
    }

    private static func milliseconds(_ duration: Duration) -> Int { Int(duration / .milliseconds(1)) }

    /// Padded with spaces on the right, or on the left for a negative width.
    private static func padded(_ text: String, _ width: Int) -> String {
        let space = String(repeating: " ", count: max(0, abs(width) - text.count))
        return width < 0 ? space + text : text + space
    }
}
