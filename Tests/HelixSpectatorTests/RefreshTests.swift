import Coordination
import HelixRecords
import Synchronization
import Testing

@testable import HelixSpectator

@Suite("A spectator's safety net", .timeLimit(.minutes(5)))
struct RefreshTests {
    @Test("reads everything again at intervals, and makes no table of what is the same")
    func refresh() async throws {
        let cluster = try await TestCluster()
        try await cluster.add("n1")
        try await cluster.show("orders", ["orders_0": ["n1": "LEADER"]])
        let counting = CountingCoordination(cluster.service)
        let clock = HandClock()
        let spectator = Spectator(cluster: paths.cluster, coordination: counting, clock: clock)
        try await spectator.withRoutingTables { tables in
            let first = try await tables.first { $0.resources == ["orders"] }
            let all = counting.takeReads()
            #expect(all.contains(paths.externalView("orders")))
            #expect(await clock.nextSleep() == .seconds(300))
            clock.wake()
            #expect(await clock.nextSleep() == .seconds(300))
            // A change that is seen after the refresh tells that the refresh is over.
            try await cluster.show("users", [:])
            let second = try await tables.first { $0.resources == ["orders", "users"] || $0.zxid > first.zxid }
            #expect(second.zxid > first.zxid)
            let reads = counting.takeReads()
            for path in all { #expect(reads.contains(path)) }
        }
    }

    @Test("is not there when it is not wanted")
    func none() async throws {
        let cluster = try await TestCluster()
        let clock = HandClock()
        var configuration = SpectatorConfiguration()
        configuration.refreshInterval = nil
        let spectator = Spectator(
            cluster: paths.cluster, coordination: cluster.service, configuration: configuration, clock: clock)
        try await spectator.withRoutingTables { tables in _ = try await tables.first { _ in true } }
        #expect(clock.sleeps == 0)
    }
}

/// A clock whose sleepers wake by hand.
final class HandClock: Clock {
    struct Instant: InstantProtocol {
        var offset = Duration.zero
        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (a: Instant, b: Instant) -> Bool { a.offset < b.offset }
    }

    private let sleepers = Mutex<[CheckedContinuation<Void, Never>]>([])
    private let count = Atomic(0)
    private let requests = AsyncStream.makeStream(of: Duration.self)

    var now: Instant { Instant() }
    var minimumResolution: Duration { .zero }
    /// How many have gone to sleep.
    var sleeps: Int { count.load(ordering: .relaxed) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        count.add(1, ordering: .relaxed)
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                sleepers.withLock { $0.append(continuation) }
                requests.continuation.yield(deadline.offset)
                if Task.isCancelled { wake() }
            }
        } onCancel: {
            wake()
        }
        try Task.checkCancellation()
    }

    /// Waits until somebody goes to sleep.
    func nextSleep() async -> Duration? { await requests.stream.first { _ in true } }

    func wake() {
        for sleeper in sleepers.withLock({ sleepers in
            defer { sleepers = [] }
            return sleepers
        }) { sleeper.resume() }
    }
}
