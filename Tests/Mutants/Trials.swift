import Foundation

/// Tries out mutants, after the product itself.
struct Trials: Sendable {
    let simulator: Simulator
    let firstSeed: Int
    /// How many seeds every mutant gets; as many as each asks for unless set.
    let seeds: Int?
    /// How long a run may take, unless the product's own took more than a third of that.
    let timeLimit: Duration
    /// How many run at once.
    let jobs: Int

    /// What came of one mutant.
    struct Result: Sendable {
        let mutant: Mutant
        let seeds: Simulator.Seeds
        let verdict: Verdict
        let time: Duration

        /// Which of its seeds failed, counted from 1.
        var seedNumber: Int? { verdict.seed.map { $0 - seeds.first + 1 } }
    }

    /// Runs the product as it is: if the simulator finds fault with that, mutants prove nothing.
    /// - Returns: how long that took.
    func checkProduct(for mutants: [Mutant]) async throws -> Duration {
        let count = mutants.map(seedCount).max() ?? 0
        let clock = ContinuousClock()
        let start = clock.now
        // Nobody knows yet how long it takes.
        let verdict = Verdict(
            try await simulator.run(.init(first: firstSeed, count: count), mutant: nil, limit: timeLimit * 10))
        guard !verdict.isCaught else { throw UnfitProduct(verdict: verdict) }
        return clock.now - start
    }

    /// Runs mutants, each as soon as there is room, and tells of each as soon as it is done.
    func run(_ mutants: [Mutant], productTime: Duration, tell: (Result) throws -> Void) async throws {
        let limit = max(timeLimit, productTime * 3)
        try await withThrowingTaskGroup(of: Result.self) { group in
            defer { group.cancelAll() }
            var left = mutants[...]
            for mutant in left.prefix(jobs) { group.addTask { try await run(mutant, limit) } }
            left = left.dropFirst(jobs)
            while let result = try await group.next() {
                try tell(result)
                if let mutant = left.popFirst() { group.addTask { try await run(mutant, limit) } }
            }
        }
    }

    private func run(_ mutant: Mutant, _ limit: Duration) async throws -> Result {
        let seeds = Simulator.Seeds(first: firstSeed, count: seedCount(mutant))
        let clock = ContinuousClock()
        let start = clock.now
        let ending = try await simulator.run(seeds, mutant: mutant.name, limit: limit)
        return Result(mutant: mutant, seeds: seeds, verdict: Verdict(ending), time: clock.now - start)
    }

    private func seedCount(_ mutant: Mutant) -> Int { seeds ?? mutant.within }
}

/// The simulator finds fault with the product itself.
struct UnfitProduct: Error, CustomStringConvertible {
    let verdict: Verdict

    var description: String {
        let seed = verdict.seed.map { ", seed \($0)" } ?? ""
        return "the product itself fails without any mutant (\(verdict.outcome.rawValue)\(seed)): "
            + "\(verdict.violation ?? "no reason was given"). Mutants prove nothing until that is cured"
    }
}
