import TestSupport

/// Feeds a target with inputs, one after the other, and counts.
struct Campaign {
    let target: FuzzTarget
    let seed: UInt64
    /// The numbers of the inputs.
    let inputs: Range<Int>

    /// What came of a campaign.
    struct Result {
        var accepted = 0
        var violations: [String] = []
        var duration = Duration.zero
        var slowest = Duration.zero
        var slowestInput = 0
    }

    /// How many violations are told before a target is given up.
    private static let violationLimit = 5

    /// The command that repeats an input, up to the input's number.
    var command: String { "swift run -c release Fuzz --target \(target.name) --seed \(seed) --input " }

    /// Feeds them all.
    /// - Parameter willFeed: is told the number of each input before it is fed.
    func run(willFeed: (Int) -> Void = { _ in }) async -> Result {
        var result = Result()
        let clock = ContinuousClock()
        let start = clock.now
        var before = start
        for input in inputs {
            willFeed(input)
            var generator = target.generator(seed: seed, input: input)
            do {
                if try await target.run(&generator) == .accepted { result.accepted += 1 }
            } catch {
                result.violations.append("\(error)\n    it is repeated by: \(command)\(input)")
                if result.violations.count == Self.violationLimit { break }
            }
            let now = clock.now
            if now - before > result.slowest { (result.slowest, result.slowestInput) = (now - before, input) }
            before = now
        }
        result.duration = clock.now - start
        return result
    }
}
