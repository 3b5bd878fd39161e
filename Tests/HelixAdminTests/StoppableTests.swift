import Coordination
import HelixRecords
import StateModels
import Testing

@testable import HelixAdmin

@Suite("Whether instances may be stopped")
struct StoppableTests {
    /// Three instances in two zones, with a partition of two replicas each, led by a controller.
    private func bench(
        _ states: [String: [String: String]] = [
            "a_1": ["R_0": "MASTER", "R_1": "SLAVE"], "b_1": ["R_0": "SLAVE"], "d_1": ["R_1": "MASTER"],
        ], zones: [String: String] = ["a_1": "x", "b_1": "x", "d_1": "y"],
        change: (inout IdealState) -> Void = { _ in }
    ) async throws -> Bench {
        let bench = try await Bench.withCluster()
        try await bench.administrator.setConfig(["TOPOLOGY_AWARE_ENABLED": "true"], of: .cluster("c"))
        for (instance, held) in states.sorted(by: { $0.key < $1.key }) {
            try await bench.administrator.addInstance(instance, in: "c") { $0.zone = zones[instance] }
            try await bench.start(instance, states: ["R": held])
        }
        var idealState = IdealState(id: "R")
        idealState.rebalanceMode = .fullAuto
        idealState.replicas = .count(2)
        idealState.stateModel = "MasterSlave"
        change(&idealState)
        try await bench.put("/c/IDEALSTATES/R", idealState.record)
        try await bench.put("/c/CONTROLLER/LEADER", ZNRecord(id: "controller"))
        return bench
    }

    private func report(
        _ instances: [String], _ bench: Bench, checks: Set<StopCheck> = Set(StopCheck.allCases)
    ) async throws -> StopReport {
        try await bench.administrator.stoppable(instances, in: "c", checks: checks)
    }

    /// What speaks against one instance, check by check.
    private func checks(_ instance: String, _ bench: Bench) async throws -> [StopCheck] {
        try await report([instance], bench).verdicts[0].obstacles.map(\.check)
    }

    @Test("A healthy instance whose partitions others serve may be stopped, and nothing is written")
    func healthy() async throws {
        let bench = try await bench()
        let before = try await bench.snapshot()
        let report = try await report(["a_1"], bench)
        #expect(report.verdicts == [StopVerdict(instance: "a_1", zone: "x", obstacles: [])])
        #expect(report.stoppable == ["a_1"])
        #expect(try await bench.snapshot() == before)
    }

    @Test("Of several each is judged as if those before it were stopped, the zone with most of them first")
    func together() async throws {
        let bench = try await bench()
        let report = try await report(["d_1", "b_1", "a_1"], bench)
        #expect(report.verdicts.map(\.instance) == ["a_1", "b_1", "d_1"])
        #expect(report.stoppable == ["a_1"])
        #expect(report.verdicts[1].obstacles.map(\.check) == [.siblings])
        #expect(report.verdicts[1].obstacles[0].description.contains("R_0 of R (0 of 1)"))
        #expect(report.verdicts[2].obstacles.map(\.check) == [.siblings, .topState])
    }

    @Test("Instances of one zone that share no partition may be stopped together")
    func zone() async throws {
        let bench = try await bench(
            [
                "a_1": ["R_0": "MASTER"], "b_1": ["R_1": "MASTER"], "d_1": ["R_0": "SLAVE"], "e_1": ["R_1": "SLAVE"],
            ], zones: ["a_1": "x", "b_1": "x", "d_1": "y", "e_1": "z"])
        #expect(try await report(["d_1", "a_1", "b_1"], bench).stoppable == ["a_1", "b_1"])
        #expect(try await report(["a_1", "d_1"], bench).stoppable == ["a_1"])
    }

    @Test("What speaks against an instance is told by check, all of it")
    func everything() async throws {
        let bench = try await bench(["a_1": ["R_0": "MASTER", "R_1": "ERROR"], "b_1": [:]])
        try await bench.administrator.disableInstance("a_1", in: "c", reason: "worn")
        try await bench.put("/c/INSTANCES/a_1/MESSAGES/m", ZNRecord(id: "m"))
        try await bench.administrator.disableCluster("c")
        try await bench.session.delete("/c/CONTROLLER/LEADER")
        #expect(
            try await checks("a_1", bench) == [
                .enabled, .cluster, .cluster, .errors, .messages, .siblings, .topState,
            ])
        let words = try await report(["a_1"], bench).verdicts[0].obstacles.map(\.description)
        #expect(words[0] == "it is disabled (worn)")
        #expect(words[4] == "1 message is on the way to it")
        #expect(try await report(["a_1"], bench, checks: [.alive, .exists]).stoppable == ["a_1"])
    }

    @Test("An instance that is unknown, or not alive, is told as such")
    func absent() async throws {
        let bench = try await bench()
        try await bench.administrator.addInstance("e_1", in: "c") { $0.zone = "x" }
        #expect(try await checks("e_1", bench) == [.alive])
        #expect(try await checks("nobody_1", bench) == [.exists])
    }

    @Test("In maintenance nothing would be placed anew")
    func maintenance() async throws {
        let bench = try await bench()
        try await bench.administrator.enterMaintenance("c", reason: "test")
        #expect(try await checks("a_1", bench) == [.cluster])
    }

    @Test(
        "MIN_ACTIVE_REPLICAS says how many must stay, else one less than there should be, and at least one",
        arguments: [
            (3, nil, 3, true), (3, nil, 2, false), (3, 1, 2, true), (3, 3, 3, false), (1, nil, 1, false),
            (1, 0, 1, true),
        ])
    func minimum(replicas: Int, minimum: Int?, present: Int, mayStop: Bool) async throws {
        let names = ["a_1", "b_1", "d_1"].prefix(present)
        let states = Dictionary(uniqueKeysWithValues: names.map { ($0, ["R_0": "ONLINE"]) })
        let bench = try await bench(states) {
            $0.replicas = .count(replicas)
            $0.minActiveReplicas = minimum
        }
        for name in names {
            var state = CurrentState(resource: "R", sessionID: "5", stateModel: "OnlineOffline")
            state["R_0"] = ReplicaState(currentState: "ONLINE")
            try await bench.put("/c/INSTANCES/\(name)/CURRENTSTATES/5/R", state.record)
        }
        #expect(try await report(["a_1"], bench).stoppable.isEmpty == !mayStop)
    }

    @Test("Of a resource with a replica on every instance all but one of those that are there now must stay")
    func anyLiveInstance() async throws {
        let bench = try await bench(["a_1": ["R_0": "SLAVE"], "b_1": ["R_0": "SLAVE"], "d_1": ["R_0": "MASTER"]]) {
            $0.replicas = .anyLiveInstance
        }
        #expect(try await report(["a_1", "b_1"], bench).stoppable == ["a_1"])
    }

    @Test("The resource's own configuration has the last word about the minimum")
    func configuredMinimum() async throws {
        let bench = try await bench()
        try await bench.put(
            "/c/CONFIGS/RESOURCE/R", ZNRecord(id: "R", simpleFields: ["MIN_ACTIVE_REPLICAS": "2"]))
        #expect(try await checks("a_1", bench) == [.siblings])
    }

    @Test(
        "A replica counts as staying only where it serves and goes on serving",
        arguments: [InstanceOperation.evacuate, .disable, .unknown])
    func siblings(operation: InstanceOperation) async throws {
        let bench = try await bench()
        try await bench.administrator.setOperation(operation, of: "d_1", in: "c")
        #expect(try await checks("a_1", bench) == [.siblings])
    }

    @Test("Nobody can take a top state over where the partition is disabled")
    func disabledPartition() async throws {
        let bench = try await bench()
        try await bench.administrator.updateInstance("b_1", in: "c") {
            $0.setPartitions(["R_0"], resource: "R", enabled: false)
        }
        #expect(try await checks("a_1", bench) == [.topState])
    }

    @Test("An instance that is being evacuated may be stopped when nothing is left on it")
    func evacuation() async throws {
        let bench = try await bench()
        try await bench.administrator.setOperation(.evacuate, of: "a_1", in: "c")
        #expect(try await checks("a_1", bench) == [.operation])
        try await bench.session.delete("/c/INSTANCES/a_1/CURRENTSTATES/5/R")
        #expect(try await checks("a_1", bench) == [])
    }

    @Test("Neither of two instances that change places may be stopped")
    func swap() async throws {
        let bench = try await bench()
        try await bench.administrator.startSwap(from: "a_1", to: "z_1", in: "c")
        try await bench.start("z_1", session: "9")
        #expect(try await checks("a_1", bench) == [.operation])
        #expect(try await checks("z_1", bench) == [.operation])
        #expect(try await checks("b_1", bench) == [])
    }

    @Test("What cannot be read speaks against stopping, and does not keep the rest from being judged")
    func unreadable() async throws {
        let bench = try await bench()
        try await bench.session.set("/c/INSTANCES/d_1/CURRENTSTATES/5/R", Array("{".utf8))
        let report = try await report(["b_1", "d_1"], bench)
        #expect(report.verdicts.map(\.mayStop) == [true, false])
        #expect(report.verdicts[1].obstacles[0].description.contains("cannot be read"))
        try await bench.session.delete("/c/STATEMODELDEFS/MasterSlave")
        #expect(try await checks("a_1", bench).contains(.siblings))
    }
}
