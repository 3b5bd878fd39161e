import Coordination
import HelixRecords
import Testing

@testable import HelixAdmin

@Suite("Purging and killing instances")
struct PurgeTests {
    private static let hour: Int64 = 3_600_000

    private func bench(_ instances: [String] = ["n_1"], hoursOffline: Int64 = 2) async throws -> Bench {
        let bench = try await Bench.withCluster()
        for instance in instances {
            try await bench.administrator.addInstance(instance, in: "c")
            try await offline(instance, hours: hoursOffline, bench)
        }
        return bench
    }

    private func offline(_ instance: String, hours: Int64, _ bench: Bench) async throws {
        var history = ParticipantHistory(id: instance)
        history.appendOffline(at: Bench.time - hours * Self.hour)
        try await bench.put("/c/INSTANCES/\(instance)/HISTORY", history.record)
    }

    private func purge(_ bench: Bench, _ hours: Int? = 1, isDryRun: Bool = false) async throws -> [PurgeVerdict] {
        try await bench.administrator.purgeOfflineInstances(
            in: "c", offlineFor: hours.map { .seconds($0 * 3600) }, isDryRun: isDryRun)
    }

    @Test("Only what has been offline for long goes, and of the rest it is told why it was kept")
    func verdicts() async throws {
        let bench = try await bench(["gone_1", "live_1", "late_1"])
        try await bench.start("live_1")
        try await offline("late_1", hours: 0, bench)
        try await bench.administrator.addInstance("new_1", in: "c")
        try await bench.administrator.addInstance("odd_1", in: "c")
        var history = ParticipantHistory(id: "odd_1")
        history.appendOnline(host: "h", session: "1", at: 1)
        try await bench.put("/c/INSTANCES/odd_1/HISTORY", history.record)
        try await bench.administrator.addInstance("torn_1", in: "c")
        try await bench.session.set("/c/INSTANCES/torn_1/HISTORY", Array("{".utf8))
        let since = Bench.time - 2 * Self.hour
        let expected: [PurgeVerdict] = [
            .init(instance: "gone_1", outcome: .purged(offlineSince: since)),
            .init(instance: "late_1", outcome: .offlineTooShort(since: Bench.time)),
            .init(instance: "live_1", outcome: .isLive), .init(instance: "new_1", outcome: .neverSeen),
            .init(instance: "odd_1", outcome: .offlineTimeUnknown),
            .init(instance: "torn_1", outcome: .unreadable(path: "/c/INSTANCES/torn_1/HISTORY")),
        ]
        let before = try await bench.snapshot()
        #expect(try await purge(bench, isDryRun: true) == expected)
        #expect(try await bench.snapshot() == before)
        #expect(try await purge(bench) == expected)
        #expect(try await bench.administrator.instances(in: "c") == ["late_1", "live_1", "new_1", "odd_1", "torn_1"])
        #expect(try await bench.session.exists("/c/INSTANCES/gone_1") == nil)
    }

    @Test("The cluster's configuration says for how long, unless it is told; somebody must")
    func duration() async throws {
        let bench = try await bench()
        try await expectRefusal(.invalidValue, ["OFFLINE_DURATION_FOR_PURGE_MS"], by: bench) {
            _ = try await purge(bench, nil)
        }
        try await expectRefusal(.invalidValue, ["0 or more"], by: bench) { _ = try await purge(bench, -1) }
        try await bench.administrator.setConfig(["OFFLINE_DURATION_FOR_PURGE_MS": "86400000"], of: .cluster("c"))
        #expect(try await purge(bench, nil).map(\.isPurged) == [false])
        try await bench.administrator.setConfig(["OFFLINE_DURATION_FOR_PURGE_MS": "1"], of: .cluster("c"))
        #expect(try await purge(bench, nil).map(\.isPurged) == [true])
    }

    @Test("What a dropped instance left behind goes as well")
    func leftovers() async throws {
        let bench = try await bench()
        try await bench.session.delete("/c/CONFIGS/PARTICIPANT/n_1")
        #expect(try await purge(bench).map(\.isPurged) == [true])
        #expect(try await bench.session.children("/c/INSTANCES") == [])
    }

    @Test("An instance that comes back meanwhile is kept, even if it has gone again")
    func comesBack() async throws {
        let bench = try await bench()
        let returning = InterferingSession(bench.session) { _ in try await bench.start("n_1") }
        returning.interfere(times: 1)
        let administrator = Administrator(session: returning, now: { Bench.time })
        let kept = try await administrator.purgeOfflineInstances(in: "c", offlineFor: .seconds(1))
        #expect(kept.map(\.outcome) == [.isLive])
        try await bench.session.delete("/c/LIVEINSTANCES/n_1")
        let visiting = InterferingSession(bench.session) { _ in try await offline("n_1", hours: 0, bench) }
        visiting.interfere(times: 1)
        let second = try await Administrator(session: visiting, now: { Bench.time }).purgeOfflineInstances(
            in: "c", offlineFor: .seconds(1))
        #expect(second.map(\.outcome) == [.offlineTooShort(since: Bench.time)])
        #expect(try await bench.administrator.describeInstance("n_1", in: "c").missing == [])
    }

    @Test("An instance that others keep writing to is kept")
    func busy() async throws {
        let bench = try await bench()
        let racing = InterferingSession(bench.session) { number in
            try await bench.put("/c/INSTANCES/n_1/MESSAGES/m\(number)", ZNRecord(id: "m\(number)"))
        }
        racing.interfere(times: 100)
        let verdicts = try await Administrator(session: racing, now: { Bench.time }).purgeOfflineInstances(
            in: "c", offlineFor: .seconds(1))
        #expect(verdicts.map(\.outcome) == [.changedMeanwhile])
    }

    @Test("A killed instance is UNKNOWN and no longer alive, at once")
    func kill() async throws {
        let bench = try await bench()
        try await bench.start("n_1", states: ["R": ["R_0": "MASTER"]])
        let had = try await bench.administrator.killInstance("n_1", in: "c", reason: "hangs")
        #expect(had.currentStates.map(\.id) == ["R"])
        let description = try await bench.administrator.describeInstance("n_1", in: "c")
        #expect(description.live == nil)
        #expect(description.config.effectiveOperationEntry.operation == .unknown)
        #expect(description.config.effectiveOperationEntry.reason == "hangs")
        try await expectRefusal(.isNotAlive, ["nothing to kill"], by: bench) {
            try await bench.administrator.killInstance("n_1", in: "c")
        }
        try await expectRefusal(.doesNotExist, ["n_2"], by: bench) {
            try await bench.administrator.killInstance("n_2", in: "c")
        }
    }

    @Test("What others change of an instance that is killed is not overwritten")
    func killRace() async throws {
        let bench = try await bench()
        try await bench.start("n_1")
        let racing = InterferingSession(bench.session) { _ in
            try await bench.administrator.addTags(["late"], to: "n_1", in: "c")
        }
        racing.interfere(times: 1)
        try await Administrator(session: racing, now: { Bench.time }).killInstance("n_1", in: "c")
        #expect(try await bench.administrator.describeInstance("n_1", in: "c").config.tags == ["late"])
    }
}
