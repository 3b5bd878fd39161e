import Coordination
import HelixAdmin
import HelixRecords
import Synchronization
import Testing

@Suite("Evacuation")
struct EvacuationTests {
    private func bench() async throws -> Bench {
        let bench = try await Bench.withCluster()
        try await bench.administrator.addInstance("n_1", in: "c")
        return bench
    }

    private func message(_ id: String, _ resource: String?) -> ZNRecord {
        var message = Message(id: id, type: .stateTransition)
        message.resource = resource
        return message.record
    }

    @Test("An instance with any other operation is not evacuating")
    func notEvacuating() async throws {
        let bench = try await bench()
        #expect(try await bench.administrator.evacuation(of: "n_1", in: "c") == .notEvacuating(.enable))
        try await expectRefusal(.doesNotExist, ["n_9"], by: bench) {
            _ = try await bench.administrator.evacuation(of: "n_9", in: "c")
        }
    }

    @Test("What is left is told by resource: replicas, messages, and whether the controller moves them")
    func underWay() async throws {
        let bench = try await bench()
        for (name, mode) in [("R", IdealState.RebalanceMode.fullAuto), ("S", .semiAuto)] {
            var idealState = IdealState(id: name)
            idealState.rebalanceMode = mode
            try await bench.put("/c/IDEALSTATES/\(name)", idealState.record)
        }
        try await bench.start("n_1", states: ["R": ["R_0": "MASTER", "R_1": "DROPPED"], "S": ["S_0": "SLAVE"]])
        try await bench.put("/c/INSTANCES/n_1/MESSAGES/a", message("a", "R"))
        try await bench.put("/c/INSTANCES/n_1/MESSAGES/b", message("b", nil))
        try await bench.administrator.setOperation(.evacuate, of: "n_1", in: "c")
        let evacuation = try await bench.administrator.evacuation(of: "n_1", in: "c")
        #expect(
            evacuation
                == .underWay(
                    left: [
                        RemainingWork(
                            resource: "R", replicas: ["R_0": "MASTER"], pendingMessages: 1, isPlacedByController: true),
                        RemainingWork(
                            resource: "S", replicas: ["S_0": "SLAVE"], pendingMessages: 0, isPlacedByController: false),
                    ], otherMessages: 1))
        #expect((evacuation.replicas, evacuation.messages) == (2, 2))
    }

    @Test("It is finished when neither replicas nor messages are left, or the instance is gone")
    func finished() async throws {
        let bench = try await bench()
        try await bench.start("n_1", states: ["R": [:]])
        try await bench.administrator.setOperation(.evacuate, of: "n_1", in: "c")
        #expect(try await bench.administrator.evacuation(of: "n_1", in: "c") == .finished)
        try await bench.put("/c/INSTANCES/n_1/MESSAGES/a", message("a", "R"))
        #expect(try await bench.administrator.evacuation(of: "n_1", in: "c").messages == 1)
        try await bench.session.delete("/c/LIVEINSTANCES/n_1")
        #expect(try await bench.administrator.evacuation(of: "n_1", in: "c") == .finished)
    }

    @Test("A record in which there could be replicas is not taken for none")
    func unreadable() async throws {
        let bench = try await bench()
        try await bench.start("n_1", states: ["R": ["R_0": "MASTER"]])
        try await bench.session.set("/c/INSTANCES/n_1/CURRENTSTATES/5/R", Array("{".utf8))
        try await bench.administrator.setOperation(.evacuate, of: "n_1", in: "c")
        try await expectRefusal(.unreadableRecord, ["CURRENTSTATES/5/R"], by: bench) {
            _ = try await bench.administrator.evacuation(of: "n_1", in: "c")
        }
    }

    @Test("Waiting tells every change and ends when nothing is left")
    func waiting() async throws {
        let bench = try await bench()
        try await bench.start("n_1", states: ["R": ["R_0": "MASTER"], "S": ["S_0": "SLAVE"]])
        try await bench.administrator.setOperation(.evacuate, of: "n_1", in: "c")
        let seen = Mutex<[Int]>([])
        let outcome = try await bench.administrator.awaitEvacuation(of: "n_1", in: "c") { evacuation in
            seen.withLock { $0.append(evacuation.replicas) }
            // Each look makes the next one necessary.
            switch evacuation.replicas {
            case 2: try await bench.session.delete("/c/INSTANCES/n_1/CURRENTSTATES/5/R")
            case 1: try await bench.session.delete("/c/INSTANCES/n_1/CURRENTSTATES/5/S")
            default: break
            }
        }
        #expect(outcome == .finished)
        #expect(seen.withLock { $0 } == [2, 1, 0])
    }

    @Test("Waiting ends when the evacuation is called off, and when the task is cancelled")
    func calledOff() async throws {
        let bench = try await bench()
        try await bench.start("n_1", states: ["R": ["R_0": "MASTER"]])
        try await bench.administrator.setOperation(.evacuate, of: "n_1", in: "c")
        let outcome = try await bench.administrator.awaitEvacuation(of: "n_1", in: "c") { _ in
            try await bench.administrator.enableInstance("n_1", in: "c")
        }
        #expect(outcome == .notEvacuating(.enable))
        try await bench.administrator.setOperation(.evacuate, of: "n_1", in: "c")
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                do {
                    try await bench.administrator.awaitEvacuation(of: "n_1", in: "c")
                    return false
                } catch { return error is CancellationError }
            }
            group.cancelAll()
            #expect(await group.next() == true)
        }
    }
}
