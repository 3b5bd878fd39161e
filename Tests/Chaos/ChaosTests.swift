import Coordination
import HelixRecords
import HelixSpectator
import TestSupport
import Testing

/// Everything is real, and everything fails: the processes, the servers, the connections.
@Suite(
    "A cluster on an ensemble, in which everything fails at random",
    .timeLimit(.minutes(Int(ChaosRun.wanted.minutes) + 9)))
struct ChaosTests {
    @Test("every invariant holds at every transaction; when the faults stop it converges, and is silent")
    func chaos() async throws {
        let run = ChaosRun.wanted
        let timeline = Timeline()
        try await withZooKeeperEnsemble(3, observers: 1, ChaosRun.servers) { ensemble in
            try await ChaosCluster.with(ensemble) { cluster in
                do {
                    let routes = RouteLog()
                    let convergence = try await live(cluster, run, routes, timeline)
                    let verdict = try await judge(cluster, routes)
                    print(verdict.summary(run, timeline, convergence: convergence))
                    if !verdict.violations.isEmpty {
                        throw Unexpected(description: verdict.violations.joined(separator: "\n"))
                    }
                    expectMuch(of: verdict, run, timeline)
                    try await cluster.leave()
                    #expect(cluster.members.flatMap(\.surprises) == [], "everybody leaves in order")
                } catch {
                    let surprises = cluster.members.flatMap(\.surprises).joined(separator: "\n")
                    let place = try cluster.keepEvidence(timeline, seed: run.seed)
                    Issue.record(
                        """
                        \(error)
                        \(surprises)
                        HELIX_CHAOS_SEED=\(run.seed) HELIX_CHAOS_MINUTES=\(run.minutes); more in \(place)
                        \(timeline.text)
                        """)
                }
            }
        }
    }

    /// Lets the cluster live through the faults, and come to rest.
    /// - Returns: how long it took to converge.
    private func live(
        _ cluster: ChaosCluster, _ run: ChaosRun, _ routes: RouteLog, _ timeline: Timeline
    ) async throws -> Duration {
        let victims = Victims(cluster)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            let spectator = cluster.makeSpectator()
            group.addTask { try await unlessCancelled { try await routes.follow(spectator) } }
            group.addTask { try await unlessCancelled { try await victims.followLeader() } }
            _ = try await cluster.awaitConvergence()
            timeline.note("all is up")
            try await run.plan.run(on: victims, timeline)
            timeline.note("everything is killed, and restarted")
            try await cluster.restartEverything()
            timeline.note("the faults have stopped")
            let convergence = try await cluster.awaitConvergence()
            timeline.note("converged")
            try await cluster.awaitSilence()
            _ = try await spectator.upToDateTable()
            return convergence
        }
    }

    private func judge(_ cluster: ChaosCluster, _ routes: RouteLog) async throws -> Verdict {
        let history = try await cluster.ensemble.wholeHistory(within: ChaosCluster.patience)
        var verdict = try Verdict(cluster, history, routes)
        verdict.violations += try await cluster.withSession { session in
            try await ReplayedTree(history.changes, root: cluster.paths.root).differences(to: session)
        }
        return verdict
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
        if minutes >= 3 { #expect(timeline.counts.count >= 9, "of 12 kinds of faults: \(timeline.counts)") }
    }

    private func unlessCancelled(_ body: () async throws -> Void) async throws {
        do { try await body() } catch  where Task.isCancelled {}
    }
}
