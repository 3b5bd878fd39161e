import Logging
import RebalancePipeline

/// Says of each problem once that it is there, and not again until it has been away.
struct ProblemLog: Sendable {
    /// How many are said in full at once; of more only the number.
    private static let limit = 20

    private var known: Set<Problem> = []

    /// Takes note of the problems that are there now.
    mutating func report(_ problems: [Problem], to logger: Logger) {
        if problems.isEmpty && known.isEmpty { return }
        let new = problems.filter { !known.contains($0) }
        known = Set(problems)
        for problem in new.prefix(Self.limit) {
            logger.warning("A problem was found", metadata: ["problem": "\(problem)"])
        }
        if new.count > Self.limit {
            logger.warning("More problems were found", metadata: ["count": "\(new.count - Self.limit)"])
        }
    }
}
