import Foundation
import HelixRecords
import TestSupport

/// What a run has shown.
struct Verdict {
    var violations: [String]
    let checker: InvariantChecker
    let history: EnsembleHistory
    let tables: Int

    init(_ cluster: ChaosCluster, _ history: EnsembleHistory, _ routes: RouteLog) throws {
        var checker = InvariantChecker(cluster: ChaosCluster.name)
        checker.replay(history.changes)
        (self.checker, self.history, tables) = (checker, history, routes.count)
        let published = try PublishedRoutes(history.changes, views: cluster.paths.externalViews)
        violations = checker.violations + routes.violations(published) + cluster.members.flatMap(\.surprises)
    }

    /// All in one line.
    func summary(_ run: ChaosRun, _ timeline: Timeline, convergence: Duration) -> String {
        let counts = timeline.counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        return """
            chaos: seed \(run.seed), \(run.minutes) min, \(violations.count) violations; \
            \(timeline.counts.values.reduce(0, +)) faults (\(counts.joined(separator: ", "))); \
            \(history.epochs) elections of servers, \(checker.leaders.count) terms of controllers; \
            \(checker.messages) messages, \(checker.transitions) transitions, \(tables) routing tables; \
            \(history.zxids.count) transactions, \(checker.transactions) of them checked, \
            \(history.filledIn) filled in, \(history.undecided.count) undecided; \
            converged in \(convergence.inSeconds) s
            """
    }

    /// Keeps what is needed to find out what went wrong.
    /// - Returns: where it is.
    func keepEvidence(_ cluster: ChaosCluster, _ timeline: Timeline, seed: UInt64) throws -> String {
        let directory = FileManager.default.temporaryDirectory.appending(path: "helix-chaos-\(seed)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let changes = history.changes.map { change in
            let data = String(decoding: change.data, as: UTF8.self).filter { $0 != "\n" }
            return "\(EnsembleHistory.text(change.zxid)) \(change.time) \(change.session) \(change.kind) \(change.path) \(data)"
        }
        var texts = [
            "violations": violations.joined(separator: "\n"), "timeline": timeline.text,
            "history": changes.joined(separator: "\n"),
        ]
        for member in cluster.members { texts["log of \(member.name)"] = member.log }
        for (name, text) in texts {
            try text.write(to: directory.appending(path: "\(name).txt"), atomically: true, encoding: .utf8)
        }
        return directory.path
    }
}
