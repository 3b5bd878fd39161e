import Coordination
import HelixAdmin
import HelixRecords
import StateModels
import Testing

@Suite("Replacing an instance")
struct SwapTests {
    /// Two instances in a cluster with a topology, and a swap under way.
    private func bench(zone: String = "a") async throws -> Bench {
        let bench = try await Bench.withCluster()
        try await bench.administrator.setConfig(
            ["TOPOLOGY": "/zone/host", "TOPOLOGY_AWARE_ENABLED": "true", "FAULT_ZONE_TYPE": "zone"], of: .cluster("c"))
        try await bench.administrator.addInstance("old_1", in: "c") {
            $0.setDomain([("zone", zone), ("host", "h1")])
            $0.tags = ["ssd"]
            $0.record.simpleFields["mine"] = "old"
        }
        try await bench.administrator.startSwap(from: "old_1", to: "new_1", in: "c")
        return bench
    }

    private func config(_ instance: String, _ bench: Bench) async throws -> InstanceConfig {
        try await bench.administrator.describeInstance(instance, in: "c").config
    }

    private func start(_ bench: Bench, old: [String: String], new: [String: String]) async throws {
        try await bench.start("old_1", session: "1", states: ["R": old])
        try await bench.start("new_1", session: "2", states: ["R": new])
    }

    @Test("A new instance begins in the place of the old one, as SWAP_IN")
    func begin() async throws {
        let bench = try await bench()
        let new = try await config("new_1", bench)
        #expect(new.effectiveOperation == .swapIn)
        #expect(try new.domain.map(\.value) == ["a", "h1"])
        #expect((new.host, new.port) == ("new", "1"))
        // Again does no harm.
        try await bench.administrator.startSwap(from: "old_1", to: "new_1", in: "c")
    }

    @Test("Without a topology the new one gets the old one's name as its logical id")
    func beginWithoutTopology() async throws {
        let bench = try await Bench.withCluster()
        try await bench.administrator.addInstance("old_1", in: "c")
        let new = try await bench.administrator.startSwap(from: "old_1", to: "new:1", in: "c")
        #expect(new.id == "new_1")
        #expect(try new.logicalID(in: ClusterConfig(id: "c")) == "old_1")
        #expect(new.effectiveOperation == .swapIn)
    }

    @Test("A swap is refused with an instance that is out of use, in use, or somewhere else")
    func beginRefused() async throws {
        let bench = try await bench()
        try await bench.administrator.addInstance("other_1", in: "c") { $0.setDomain([("zone", "a"), ("host", "h2")]) }
        try await expectRefusal(.invalidValue, ["h2", "expected h1", "host=h1"], by: bench) {
            try await bench.administrator.startSwap(from: "old_1", to: "other_1", in: "c")
        }
        try await expectRefusal(.illegalMove, ["new_1 is SWAP_IN", "ENABLE or DISABLE"], by: bench) {
            try await bench.administrator.startSwap(from: "new_1", to: "other_1", in: "c")
        }
        try await expectRefusal(.doesNotExist, ["none_1"], by: bench) {
            try await bench.administrator.startSwap(from: "none_1", to: "other_1", in: "c")
        }
        try await expectRefusal(.illegalMove, ["other_1 is ENABLE"], by: bench) {
            try await bench.administrator.cancelSwap(to: "other_1", in: "c")
        }
    }

    @Test("Everything that is in the way is told at once, and nothing is written")
    func obstacles() async throws {
        let bench = try await bench()
        try await bench.start(
            "old_1", session: "1", states: ["R": ["R_0": "MASTER", "R_1": "SLAVE", "R_2": "OFFLINE"]])
        try await bench.put("/c/INSTANCES/old_1/CURRENTSTATES/0", ZNRecord(id: "0"))
        try await bench.put("/c/INSTANCES/old_1/MESSAGES/m", ZNRecord(id: "m"))
        let status = try await bench.administrator.swapStatus(from: "old_1", to: "new_1", in: "c")
        #expect(
            status.obstacles == [
                .formerSessions(instance: "old_1", sessions: ["0"]), .pendingMessages(instance: "old_1", count: 1),
                .notAlive(instance: "new_1"),
                .differs(resource: "R", partition: "R_0", found: nil, expected: ["SLAVE", "MASTER"]),
                .differs(resource: "R", partition: "R_1", found: nil, expected: ["SLAVE"]),
            ])
        #expect((status.replicas, status.mirrored, status.tops) == (3, 1, 1))
        let words = ["former sessions (0)", "1 message waits for old_1", "new_1 is not alive", "R_1 of R is not there"]
        try await expectRefusal(.notReady, words, by: bench) {
            try await bench.administrator.completeSwap(from: "old_1", to: "new_1", in: "c")
        }
        try await bench.administrator.setOperation(.evacuate, of: "old_1", in: "c")
        try await bench.administrator.setOperation(.unknown, of: "new_1", in: "c")
        let other = try await bench.administrator.swapStatus(from: "old_1", to: "new_1", in: "c").obstacles
        #expect(
            other.prefix(2) == [
                .operation(instance: "old_1", found: .evacuate, expected: [.enable, .disable]),
                .operation(instance: "new_1", found: .unknown, expected: [.swapIn]),
            ])
    }

    @Test(
        "The new one's replicas must be what the old one's are, a top one's stand-in one step below",
        arguments: [
            ("MASTER", "SLAVE", true), ("MASTER", "MASTER", true), ("MASTER", "OFFLINE", false),
            ("SLAVE", "SLAVE", true), ("SLAVE", "MASTER", false), ("SLAVE", nil, false), ("ERROR", "SLAVE", true),
            ("ERROR", "ERROR", false), ("OFFLINE", nil, true), ("OFFLINE", "OFFLINE", true), ("DROPPED", nil, true),
        ])
    func states(old: String, new: String?, isReady: Bool) async throws {
        let bench = try await bench()
        try await start(bench, old: ["R_0": old], new: new.map { ["R_0": $0] } ?? [:])
        let status = try await bench.administrator.swapStatus(from: "old_1", to: "new_1", in: "c")
        #expect(status.isReady == isReady, "\(status.obstacles)")
    }

    @Test("Where a partition is disabled on the new one, nothing is expected of it")
    func disabled() async throws {
        let bench = try await bench()
        try await bench.administrator.updateInstance("new_1", in: "c") {
            $0.setPartitions(["R_0"], resource: "R", enabled: false)
        }
        try await start(bench, old: ["R_0": "MASTER"], new: [:])
        #expect(try await bench.administrator.swapStatus(from: "old_1", to: "new_1", in: "c").isReady)
    }

    @Test("A state model or a current state that cannot be read is in the way")
    func unreadable() async throws {
        let bench = try await bench()
        try await start(bench, old: ["R_0": "MASTER"], new: ["R_0": "SLAVE"])
        try await bench.session.delete("/c/STATEMODELDEFS/MasterSlave")
        try await bench.session.set("/c/INSTANCES/new_1/CURRENTSTATES/2/R", Array("{".utf8))
        #expect(
            try await bench.administrator.swapStatus(from: "old_1", to: "new_1", in: "c").obstacles == [
                .unreadable(path: "/c/INSTANCES/new_1/CURRENTSTATES/2/R"),
                .unreadable(path: "/c/STATEMODELDEFS/MasterSlave"),
            ])
    }

    @Test("Completion exchanges the roles: settings and operation go over, the place stays, the old one is UNKNOWN")
    func complete() async throws {
        let bench = try await bench()
        try await start(bench, old: ["R_0": "MASTER"], new: ["R_0": "SLAVE"])
        try await bench.administrator.updateInstance("new_1", in: "c") { $0.record.simpleFields["mine"] = "new" }
        let status = try await bench.administrator.completeSwap(from: "old_1", to: "new_1", in: "c")
        #expect((status.replicas, status.tops) == (1, 1))
        let (old, new) = (try await config("old_1", bench), try await config("new_1", bench))
        #expect((old.effectiveOperation, new.effectiveOperation) == (.unknown, .enable))
        #expect(new.tags == ["ssd"])
        #expect((new.host, new.record.simpleFields["mine"]) == ("new", "new"))
        #expect(try new.domain.map(\.value) == ["a", "h1"])
    }

    @Test("A disabled instance is replaced by one that is disabled")
    func completeDisabled() async throws {
        let bench = try await bench()
        try await bench.administrator.disableInstance("old_1", in: "c", reason: "worn")
        try await start(bench, old: ["R_0": "OFFLINE"], new: [:])
        try await bench.administrator.completeSwap(from: "old_1", to: "new_1", in: "c")
        let new = try await config("new_1", bench)
        #expect((new.effectiveOperation, new.disabledReason) == (.disable, "worn"))
        #expect(try await config("old_1", bench).effectiveOperation == .unknown)
    }

    @Test("Lists and maps that users wrote name the new one from then on, those of the controller are left to it")
    func lists() async throws {
        let bench = try await bench()
        try await start(bench, old: [:], new: [:])
        for (name, mode) in [("S", IdealState.RebalanceMode.semiAuto), ("F", .fullAuto)] {
            var idealState = IdealState(id: name)
            idealState.rebalanceMode = mode
            idealState.preferenceLists = ["\(name)_0": ["x_1", "old_1"]]
            try await bench.put("/c/IDEALSTATES/\(name)", idealState.record)
        }
        var customized = IdealState(id: "C")
        customized.rebalanceMode = .customized
        customized.instanceStateMap = ["C_0": ["old_1": "MASTER", "x_1": "SLAVE"]]
        try await bench.put("/c/IDEALSTATES/C", customized.record)
        try await bench.put(
            "/c/CONFIGS/RESOURCE/F", ZNRecord(id: "F", listFields: ["F_1": ["old_1", "x_1"]]))
        try await bench.administrator.completeSwap(from: "old_1", to: "new_1", in: "c")
        #expect(try await bench.record("/c/IDEALSTATES/S").listFields == ["S_0": ["x_1", "new_1"]])
        #expect(try await bench.record("/c/IDEALSTATES/F").listFields == ["F_0": ["x_1", "old_1"]])
        #expect(try await bench.record("/c/IDEALSTATES/C").mapFields == ["C_0": ["new_1": "MASTER", "x_1": "SLAVE"]])
        #expect(try await bench.record("/c/CONFIGS/RESOURCE/F").listFields == ["F_1": ["new_1", "x_1"]])
    }

    @Test("What others change between look and leap is not overwritten")
    func race() async throws {
        let bench = try await bench()
        try await start(bench, old: ["R_0": "MASTER"], new: ["R_0": "SLAVE"])
        let racing = InterferingSession(bench.session) { _ in
            try await bench.administrator.addTags(["late"], to: "old_1", in: "c")
        }
        racing.interfere(times: 1)
        try await Administrator(session: racing, now: { Bench.time }).completeSwap(
            from: "old_1", to: "new_1", in: "c")
        #expect(try await config("new_1", bench).tags == ["ssd", "late"])
    }

    @Test("An instance that goes away between look and leap does not take over")
    func goneMeanwhile() async throws {
        let bench = try await bench()
        try await start(bench, old: ["R_0": "MASTER"], new: ["R_0": "SLAVE"])
        let racing = InterferingSession(bench.session) { _ in
            try await bench.session.delete("/c/LIVEINSTANCES/new_1")
        }
        racing.interfere(times: 1)
        let error = await #expect(throws: AdministrationError.self) {
            try await Administrator(session: racing).completeSwap(from: "old_1", to: "new_1", in: "c")
        }
        #expect(error?.code == .notReady)
        #expect(try await config("old_1", bench).effectiveOperation == .enable)
    }

    @Test("Called off, the new one is UNKNOWN and the old one what it was")
    func cancel() async throws {
        let bench = try await bench()
        try await bench.administrator.cancelSwap(to: "new_1", in: "c", reason: "not today")
        #expect(try await config("new_1", bench).effectiveOperation == .unknown)
        #expect(try await config("old_1", bench).effectiveOperation == .enable)
    }

    @Test("Waiting ends when nothing is in the way any more, and when the swap is called off")
    func waiting() async throws {
        let bench = try await bench()
        try await start(bench, old: ["R_0": "MASTER"], new: [:])
        let status = try await bench.administrator.awaitSwap(from: "old_1", to: "new_1", in: "c") { status in
            guard !status.isReady else { return }
            var state = CurrentState(resource: "R", sessionID: "2", stateModel: "MasterSlave")
            state["R_0"] = ReplicaState(currentState: "SLAVE")
            try await bench.put("/c/INSTANCES/new_1/CURRENTSTATES/2/R", state.record)
        }
        #expect(status.isReady)
        try await bench.session.delete("/c/LIVEINSTANCES/new_1")
        let end = try await bench.administrator.awaitSwap(from: "old_1", to: "new_1", in: "c") { status in
            guard status.obstacles.first == .notAlive(instance: "new_1") else { return }
            try await bench.administrator.cancelSwap(to: "new_1", in: "c")
        }
        #expect(end.obstacles.first == .operation(instance: "new_1", found: .unknown, expected: [.swapIn]))
    }
}
