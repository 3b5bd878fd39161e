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
}

extension ChaosCluster {
    /// Keeps what is needed to find out what went wrong.
    /// - Returns: where it is.
    func keepEvidence(_ timeline: Timeline, seed: UInt64) throws -> String {
        let directory = FileManager.default.temporaryDirectory.appending(path: "helix-chaos-\(seed)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        var texts = ["timeline": timeline.text]
        for member in members { texts["log of \(member.name)"] = member.log }
        for (number, server) in (ensemble.servers + ensemble.observers).enumerated() {
            texts["log of server \(number + 1)"] = try server.transactionLog().changes.map(Self.line)
                .joined(separator: "\n")
        }
        for (name, text) in texts {
            try text.write(to: directory.appending(path: "\(name).txt"), atomically: true, encoding: .utf8)
        }
        return directory.path
    }

    private static func line(_ change: TransactionLog.Change) -> String {
        let data = String(decoding: change.data, as: UTF8.self).filter { $0 != "\n" }
        let zxid = EnsembleHistory.text(change.zxid)
        return "\(zxid) \(change.time) \(change.session) \(change.kind) \(change.path) \(data)"
    }
}
