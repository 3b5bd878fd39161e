import Coordination
import HelixRecords
import HelixSpectator
import TestSupport
import Testing

/// Everything is real, and everything fails: the processes, the servers, the connections.
@Suite("A cluster on an ensemble, in which everything fails at random", .timeLimit(.minutes(Int(ChaosRun.wanted.minutes) + 9)))
struct ChaosTests {
    @Test("every invariant holds at every transaction; when the faults stop it converges, and is silent")
    func chaos() async throws {
        let run = ChaosRun.wanted
        let timeline = Timeline()
        do {
            try await withZooKeeperEnsemble(3, observers: 1, ChaosRun.servers) { ensemble in
                try await ChaosCluster.with(ensemble) { try await judge($0, run, timeline) }
            }
        } catch {
            Issue.record("\(error)\nHELIX_CHAOS_SEED=\(run.seed) HELIX_CHAOS_MINUTES=\(run.minutes)\n\(timeline.text)")
        }
    }

    private func judge(_ cluster: ChaosCluster, _ run: ChaosRun, _ timeline: Timeline) async throws {
        let (routes, victims) = (RouteLog(), Victims(cluster))
        var convergence = Duration.zero
        // The cluster may not be there while the spectator is cut off: it follows from the beginning.
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            let spectator = cluster.makeSpectator()
            group.addTask { try await unlessCancelled { try await routes.follow(spectator) } }
            group.addTask { try await unlessCancelled { try await victims.followLeader() } }
            _ = try await cluster.awaitConvergence()
            timeline.note("all is up")
            try await run.plan.run(on: victims, timeline)
            timeline.note("the faults have stopped")
            convergence = try await cluster.awaitConvergence()
            timeline.note("converged")
            try await cluster.awaitSilence()
            _ = try await spectator.upToDateTable()
        }
        let history = try await cluster.wholeHistory()
        var verdict = try Verdict(cluster, history, routes)
        verdict.violations += try await cluster.service.withSession { session in
            try await ReplayedTree(history.changes, root: cluster.paths.root).differences(to: session)
        }
        print(verdict.summary(run, timeline, convergence: convergence))
        if !verdict.violations.isEmpty {
            let place = try verdict.keepEvidence(cluster, timeline, seed: run.seed)
            Issue.record("\(verdict.violations.joined(separator: "\n"))\nmore in \(place)\n\(timeline.text)")
        }
        expectMuch(of: verdict, run, timeline)
    }

    /// A run in which nothing happens proves nothing.
    private func expectMuch(of verdict: Verdict, _ run: ChaosRun, _ timeline: Timeline) {
        let minutes = Int(run.minutes)
        #expect(timeline.counts.values.reduce(0, +) >= 15 * minutes)
        #expect(verdict.history.epochs > minutes)
        #expect(verdict.checker.leaders.count > minutes)
        #expect(verdict.checker.transitions > 100 * minutes)
        #expect(verdict.checker.transactions > 200 * minutes)
        #expect(verdict.tables > 50 * minutes)
        if minutes >= 3 { #expect(timeline.counts.count == 12, "every kind of fault: \(timeline.counts)") }
    }

    private func unlessCancelled(_ body: () async throws -> Void) async throws {
        do { try await body() } catch where Task.isCancelled {}
    }
}
