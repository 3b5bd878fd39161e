import Coordination
import HelixAdmin
import HelixRecords
import Testing

@Suite("Freezing a cluster")
struct FreezeTests {
    @Test("A freeze is a signal with its reason, and ends with it; both may be said twice")
    func freeze() async throws {
        let bench = try await Bench.withCluster()
        #expect(try await bench.administrator.managementStatus(of: "c").mode == .normal)
        try await bench.administrator.freezeCluster("c", reason: "moving")
        try await bench.administrator.freezeCluster("c")
        let fields = try await bench.record("/c/CONTROLLER/PAUSE").simpleFields
        #expect(fields["CLUSTER_FREEZE"] == "true" && fields["REASON"] == "moving" && fields["FROM_HOST"] == "desk")
        let status = try await bench.administrator.managementStatus(of: "c")
        #expect(status.mode == .clusterFreeze && !status.isCompleted && status.leader == nil)
        try await bench.administrator.unfreezeCluster("c")
        try await bench.administrator.unfreezeCluster("c")
        #expect(try await bench.session.exists("/c/CONTROLLER/PAUSE") == nil)
    }

    @Test("The status tells who is frozen, and what the controller says of it")
    func status() async throws {
        let bench = try await Bench.withCluster()
        try await bench.administrator.addInstance("n1", in: "c")
        try await bench.start("n1")
        try await bench.administrator.freezeCluster("c")
        var live = LiveInstance.make(instance: "n1", sessionID: "5", process: "1@desk")
        live.isFrozen = true
        try await bench.put(bench.paths.liveInstance("n1"), live.record)
        try await bench.put(bench.paths.clusterStatus, ClusterStatus(mode: .clusterFreeze, isCompleted: true).record)
        let status = try await bench.administrator.managementStatus(of: "c")
        #expect(status.isCompleted && status.instances.map(\.name) == ["n1"] && status.instances[0].isFrozen)
    }

    @Test("Disabled and frozen are two things, and one is not taken for the other")
    func disabled() async throws {
        let bench = try await Bench.withCluster()
        try await bench.administrator.disableCluster("c", reason: "rack 7")
        try await expectRefusal(.alreadyExists, ["disabled", "rack 7"], by: bench) {
            try await bench.administrator.freezeCluster("c")
        }
        try await expectRefusal(.conflict, ["not frozen but disabled"], by: bench) {
            try await bench.administrator.unfreezeCluster("c")
        }
    }

    @Test("Calling off what is under way needs a cluster that allows it")
    func cancellation() async throws {
        let bench = try await Bench.withCluster()
        try await expectRefusal(.invalidValue, ["STATE_TRANSITION_CANCELLATION_ENABLED"], by: bench) {
            try await bench.administrator.freezeCluster("c", cancelsPendingTransitions: true)
        }
        try await bench.administrator.updateClusterConfig("c") { $0.isCancellationEnabled = true }
        try await bench.administrator.freezeCluster("c", cancelsPendingTransitions: true)
        #expect(try await bench.record("/c/CONTROLLER/PAUSE").simpleFields["CANCEL_PENDING_ST"] == "true")
    }
}
