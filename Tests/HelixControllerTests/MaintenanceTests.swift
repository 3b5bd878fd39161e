import Coordination
import HelixRecords
import RebalancePipeline
import TestSupport
import Testing

@testable import HelixController

@Suite("A cluster in maintenance", .timeLimit(.minutes(5)))
struct MaintenanceTests {
    private static let names = ["a", "b", "c", "d", "e"]

    /// A cluster whose configuration is set before anything else.
    private func withCluster(
        _ names: [String] = names, config change: @escaping @Sendable (inout ClusterConfig) -> Void = { _ in },
        _ body: @escaping @Sendable (ScriptedCluster, [ScriptedParticipant]) async throws -> Void
    ) async throws {
        try await ScriptedCluster.with(instances: names) { cluster in
            try await cluster.configure(change)
            let participants = names.map {
                ScriptedParticipant(name: $0, paths: cluster.paths, service: cluster.service)
            }
            try await body(cluster, participants)
        }
    }

    @Test("an instance that dies loses its masters and no replica is made, whoever leads; at the end they are made")
    func nodeDies() async throws {
        try await withCluster { cluster, participants in
            let controllers = ["x", "y"].map { running(makeController($0, in: cluster.service)) }
            try await cluster.addResource("db", partitions: 20, replicas: 2)
            try await beside(participants.dropLast().map(running) + controllers) {
                try await beside([participants[4].run]) {
                    try await cluster.awaitStates("db", partitions: 20, ["MASTER", "SLAVE"])
                    try await cluster.awaitStillness()
                    try await cluster.beginMaintenance()
                }
                let before = try #require(try await cluster.view("db")).record.mapFields
                let kept = before.mapValues { Set($0.keys).subtracting(["e"]) }
                try await cluster.awaitView("db") { view in
                    view.mapValues { Set($0.keys) } == kept && view.values.allSatisfy { $0.values.contains("MASTER") }
                }
                let leader = try await cluster.session.exists(cluster.paths.leader)?.ephemeralOwner
                cluster.service.expire(try #require(leader))
                try await cluster.awaitStillness()
                #expect(try await cluster.view("db")?.record.mapFields.mapValues { Set($0.keys) } == kept)
                try await cluster.session.delete(cluster.paths.maintenance)
                try await cluster.awaitStates("db", partitions: 20, ["MASTER", "SLAVE"])
                #expect(await cluster.check().violations == [])
            }
        }
    }

    @Test("begins by itself when two of five instances are gone, moves nothing, and ends when they are back")
    func automatic() async throws {
        try await withCluster(config: {
            $0.maxOfflineInstances = 1
            $0.offlineInstancesForAutoExit = 0
        }) { cluster, participants in
            try await cluster.addResource("db", partitions: 20, replicas: 2)
            let controller = makeController(in: cluster.service)
            try await beside(participants.prefix(3).map(running) + [controller.run]) {
                let before = Box()
                try await beside(participants.suffix(2).map(runningWhileItLasts)) {
                    try await eventually("all are there") {
                        let count = try await cluster.session.children(cluster.paths.liveInstances).count
                        return try await cluster.maintenance() == nil && count == 5
                    }
                    try await cluster.awaitStates("db", partitions: 20, ["MASTER", "SLAVE"])
                    try await cluster.awaitStillness()
                    let whole = try #require(try await cluster.view("db"))
                    await before.set(whole.record.mapFields)
                    try await cluster.expire("d", "e")
                    let kept = await before.value.mapValues { Set($0.keys).subtracting(["d", "e"]) }
                    try await cluster.awaitView("db") { view in
                        view.allSatisfy { kept[$0.key] == Set($0.value.keys) }
                            && view.values.allSatisfy { $0.isEmpty || $0.values.contains("MASTER") }
                    }
                    try await cluster.awaitStillness()
                    let view = try await cluster.view("db")?.record.mapFields ?? [:]
                    #expect(view.allSatisfy { kept[$0.key] == Set($0.value.keys) })
                    let signal = try #require(try await cluster.maintenance())
                    #expect(signal.trigger == .controller)
                    #expect(signal.autoTriggerReason == .maxInstancesUnableToAcceptReplicas)
                    #expect(
                        signal.reason
                            == "2 of 5 instances cannot take replicas (d, e); MAX_OFFLINE_INSTANCES_ALLOWED is 1")
                }
                try await beside(participants.suffix(2).map(running)) {
                    try await eventually("maintenance ends") {
                        try await cluster.session.exists(cluster.paths.maintenance) == nil
                    }
                    let former = await before.value
                    try await cluster.awaitView("db") { $0 == former }
                    #expect(try await cluster.maintenanceHistory().suffix(2).map(\.isEntering) == [true, false])
                }
                #expect(await cluster.check().violations == [])
            }
        }
    }

    @Test("that a person began is not ended by the controller")
    func manual() async throws {
        try await withCluster(
            ["a", "b"],
            config: {
                $0.maxOfflineInstances = 1
                $0.offlineInstancesForAutoExit = 1
            }
        ) { cluster, participants in
            try await cluster.beginMaintenance()
            let controller = makeController(in: cluster.service)
            try await beside(participants.map(running) + [controller.run]) {
                try await cluster.addResource("db")
                try await eventually("the view of a resource without replicas") { try await cluster.view("db") != nil }
                try await cluster.awaitStillness()
                #expect(try await cluster.maintenance()?.reason == "disks")
                #expect(await cluster.check().messages == 0)
            }
        }
    }

    @Test("begins before an instance gets more partitions than it may have, and ends when there is room again")
    func partitionLimit() async throws {
        try await withCluster(["a", "b", "c"], config: { $0.maxPartitionsPerInstance = 4 }) { cluster, participants in
            try await cluster.addResource("db", partitions: 6, replicas: 2)
            let controller = makeController(in: cluster.service)
            try await beside(participants.map(runningWhileItLasts)) {
                // Whatever came first, all of them have been there before it leads.
                try await eventually("all are there") {
                    try await cluster.session.children(cluster.paths.liveInstances).count == 3
                }
                try await beside([controller.run]) {
                    try await cluster.awaitStates("db", partitions: 6, ["MASTER", "SLAVE"])
                    try await cluster.awaitStillness()
                    try await cluster.expire("c")
                    try await eventually("maintenance") { try await cluster.maintenance() != nil }
                    #expect(
                        try await cluster.maintenance()?.autoTriggerReason == .maxPartitionsPerInstanceExceeded)
                    try await cluster.awaitView("db") { view in
                        view.values.allSatisfy { $0["c"] == nil && $0.values.contains("MASTER") }
                    }
                    try await cluster.awaitStillness()
                    let view = try #require(try await cluster.view("db")).record.mapFields
                    #expect(view.values.reduce(0) { $0 + $1.count } == 8)
                    try await beside([participants[2].run]) {
                        try await cluster.awaitStates("db", partitions: 6, ["MASTER", "SLAVE"])
                        try await eventually("maintenance ends") { try await cluster.maintenance() == nil }
                    }
                }
            }
        }
    }

    @Test("does without an instance that was away for too long, until it ends")
    func awayTooLong() async throws {
        try await withCluster(["a", "b"], config: { $0.offlineTimeoutInMaintenance = .zero }) { cluster, participants in
            try await cluster.addResource("db", partitions: 4, replicas: 2)
            let controller = makeController(in: cluster.service)
            try await beside([participants[0].run, controller.run]) {
                try await beside([participants[1].run]) {
                    try await cluster.awaitStates("db", partitions: 4, ["MASTER", "SLAVE"])
                    try await cluster.beginMaintenance()
                    try await cluster.awaitStillness()
                }
                try await cluster.awaitStates("db", partitions: 4, ["MASTER"])
                try await beside([participants[1].run]) {
                    try await cluster.awaitStillness()
                    #expect(try await cluster.messages("b").isEmpty)
                    #expect(try await cluster.view("db")?.record.mapFields.values.allSatisfy { $0["b"] == nil } == true)
                    try await cluster.session.delete(cluster.paths.maintenance)
                    try await cluster.awaitStates("db", partitions: 4, ["MASTER", "SLAVE"])
                }
            }
        }
    }

    @Test("is known to a new leader together with who was away for how long")
    func absences() async throws {
        try await withCluster(["a"], config: { $0.offlineTimeoutInMaintenance = .seconds(60) }) { cluster, _ in
            var history = ParticipantHistory(id: "a")
            history.appendOffline(at: 1_700_000_000_000)
            history.appendOnline(host: "h", session: "s1", at: 1_700_000_070_000)
            try await cluster.session.set(cluster.paths.instanceHistory("a"), history.encoded())
            try await cluster.join("a", session: "s1")
            for isInMaintenance in [false, true] {
                if isInMaintenance { try await cluster.beginMaintenance() }
                let snapshot = try await ClusterSnapshot.read("test", in: cluster.session, logger: quietLogger)
                let index = try #require(snapshot.instanceIndex("a"))
                #expect(
                    snapshot.instances[index].absences
                        == (isInMaintenance ? [.init(since: 1_700_000_000_000, until: 1_700_000_070_000)] : []))
            }
        }
    }
}

@Suite("The controller writes its own maintenance", .timeLimit(.minutes(5)))
struct MaintenanceDeskTests {
    private func change(_ isEntering: Bool) -> MaintenanceChange {
        MaintenanceChange(isEntering: isEntering, trigger: .maxInstancesUnableToAcceptReplicas, text: "too many")
    }

    /// Runs `body` with an office, whose requests may be intruded on.
    private func withOffice(
        beforeRequest place: Int = 0, intrusion: @escaping @Sendable (ScriptedCluster) async throws -> Void = { _ in },
        _ body: @escaping @Sendable (ScriptedCluster, MaintenanceDesk) async throws -> Void
    ) async throws {
        try await ScriptedCluster.with { cluster in
            let session = try await cluster.service.openSession(SessionConfiguration())
            let won = try await takeOffice(session)
            let intruded = Intrusion(session, beforeRequest: place) { try await intrusion(cluster) }
            let office = Office(
                session: intruded, path: won.path, version: won.version, termsPath: won.termsPath, terms: won.terms)
            try await body(cluster, MaintenanceDesk(office: office, context: makeContext()))
            await session.close()
        }
    }

    @Test("as a signal and a line of history, both ways")
    func bothWays() async throws {
        try await withOffice { cluster, desk in
            let signal = try await desk.perform(change(true), over: .absent)
            #expect(signal == .present(try #require(try await cluster.maintenance())))
            #expect(
                signal.value?.record.simpleFields == [
                    "REASON": "too many", "TRIGGERED_BY": "CONTROLLER", "TIMESTAMP": "1700000000000",
                    "AUTO_TRIGGER_REASON": "MAX_INSTANCES_UNABLE_TO_ACCEPT_ONLINE_REPLICAS",
                ])
            #expect(try await desk.perform(change(true), over: signal) == signal)
            #expect(try await desk.perform(change(false), over: signal) == .absent)
            #expect(try await desk.perform(change(false), over: .absent) == .absent)
            #expect(try await cluster.maintenance() == nil)
            #expect(try await cluster.maintenanceHistory().map(\.isEntering) == [true, false])
            #expect(
                try await cluster.maintenanceHistory().allSatisfy {
                    $0.text.contains(#""TRIGGERED_BY":"CONTROLLER""#)
                        && $0.text.contains("MAX_INSTANCES_UNABLE_TO_ACCEPT_ONLINE_REPLICAS")
                })
        }
    }

    @Test("and gives way to a person who begins one at the same time", arguments: 1...3)
    func personBegins(place: Int) async throws {
        try await withOffice(beforeRequest: place, intrusion: { try await $0.beginMaintenance() }) { cluster, desk in
            let signal = try await desk.perform(change(true), over: .absent)
            #expect(signal.value?.trigger == .user)
            #expect(try await cluster.maintenance()?.trigger == .user)
            #expect(try await cluster.maintenanceHistory().count == 1)
        }
    }

    @Test("and never ends one that a person began, even if it took the place of its own just now", arguments: 0...3)
    func personTakesOver(place: Int) async throws {
        try await withOffice(
            beforeRequest: place,
            intrusion: { cluster in
                try await cluster.session.delete(cluster.paths.maintenance)
                try await cluster.beginMaintenance()
            }
        ) { cluster, desk in
            let own = MaintenanceSignal(
                reason: "", trigger: place == 0 ? .user : .controller,
                autoTriggerReason: .maxInstancesUnableToAcceptReplicas, at: 1)
            try await cluster.session.create(cluster.paths.maintenance, own.encoded())
            let signal = try await desk.perform(change(false), over: .present(own))
            #expect(signal.value?.trigger == .user)
            #expect(try await cluster.maintenance()?.trigger == .user)
        }
    }

    @Test("not once the office is lost")
    func deposed() async throws {
        try await withOffice { cluster, desk in
            try await cluster.session.delete(cluster.paths.leader)
            await #expect(throws: Deposed.self) { try await desk.perform(change(true), over: .absent) }
            #expect(try await cluster.maintenance() == nil)
            #expect(try await cluster.maintenanceHistory().isEmpty)
        }
    }

    @Test("also where the history cannot be read, or may not be written", arguments: [true, false])
    func spoiledHistory(isUnreadable: Bool) async throws {
        try await withOffice { cluster, desk in
            if isUnreadable {
                try await cluster.session.set(cluster.paths.controllerHistory, Array("{".utf8))
            } else {
                try await cluster.session.delete(cluster.paths.controllerHistory)
                let locked = [AccessControl(permissions: .read, scheme: "world", id: "anyone")]
                try await cluster.session.create(cluster.paths.controllerHistory, acl: locked)
            }
            _ = try await desk.perform(change(true), over: .absent)
            #expect(try await cluster.maintenance()?.trigger == .controller)
            if isUnreadable { #expect(try await cluster.maintenanceHistory().count == 1) }
        }
    }

    @Test("once, wherever the connection is lost", arguments: [Interruption.Kind.before, .afterwards])
    func interrupted(kind: Interruption.Kind) async throws {
        for place in 1...12 {
            try await ScriptedCluster.with { cluster in
                let session = try await cluster.service.openSession(
                    SessionConfiguration(), interruption: Interruption(kind, atRequest: place))
                let desk = MaintenanceDesk(office: try await takeOffice(session), context: makeContext())
                _ = try await desk.perform(change(true), over: .absent)
                #expect(try await cluster.maintenance()?.trigger == .controller)
                #expect(try await cluster.maintenanceHistory().count == 1)
                await session.close()
            }
        }
    }
}

extension ScriptedCluster {
    fileprivate func configure(_ change: (inout ClusterConfig) -> Void) async throws {
        var config = ClusterConfig(id: paths.cluster)
        change(&config)
        try await session.set(paths.clusterConfig, config.encoded())
    }

    /// Somebody begins maintenance.
    fileprivate func beginMaintenance() async throws {
        let time = SystemTime.milliseconds()
        let signal = MaintenanceSignal(reason: "disks", trigger: .user, at: time)
        let found = try await session.get(paths.controllerHistory)
        var history = ControllerHistory(cluster: paths.cluster)
        if let present = try? ControllerHistory(decoding: found.data, path: "HISTORY") { history = present }
        history.appendMaintenance(signal, isEntering: true, at: time)
        try await session.commit([
            .create(paths.maintenance, data: try signal.encoded()),
            .set(paths.controllerHistory, data: try history.encoded(), version: found.stat.version),
        ])
    }

    fileprivate func maintenance() async throws -> MaintenanceSignal? {
        guard let (data, _) = try await session.getIfPresent(paths.maintenance) else { return nil }
        return try MaintenanceSignal(decoding: data, path: paths.maintenance)
    }

    fileprivate func maintenanceHistory() async throws -> [(text: String, isEntering: Bool)] {
        let data = try await session.get(paths.controllerHistory).data
        guard !data.isEmpty else { return [] }
        return try ControllerHistory(decoding: data, path: "HISTORY").maintenanceEntries.map {
            ($0, $0.contains(#""OPERATION_TYPE":"ENTER""#))
        }
    }

    /// Live instances die at the same moment.
    fileprivate func expire(_ names: String...) async throws {
        var owners: [SessionID] = []
        for name in names {
            owners.append(try #require(try await session.exists(paths.liveInstance(name))?.ephemeralOwner))
        }
        service.expire(owners)
    }
}

/// What runs a participant until its session is over.
private func runningWhileItLasts(_ participant: ScriptedParticipant) -> @Sendable () async throws -> Void {
    {
        do { try await participant.run() } catch is CoordinationError {}
    }
}

/// States by partition and instance, to be remembered.
private actor Box {
    private(set) var value: [String: [String: String]] = [:]

    func set(_ value: [String: [String: String]]) { self.value = value }
}
