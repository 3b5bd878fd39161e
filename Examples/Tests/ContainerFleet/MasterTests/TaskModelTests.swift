import FleetModel
import StateModels
import Testing

@Suite("What tasks go through")
struct TaskModelTests {
    @Test("a task that runs is stopped in one step, from wherever it is", arguments: ["RUNNING", "FAILED", "PULLED"])
    func stops(state: String) throws {
        let model = StateModel.container
        let (from, offline) = (try #require(model.index(of: state)), try #require(model.index(of: "OFFLINE")))
        #expect(model.nextHop(from: from, to: offline) == offline)
    }

    @Test("nothing is ordered to fail: that happens by itself")
    func failsByItself() throws {
        let model = StateModel.container
        #expect(model.topState == "RUNNING" && model.initialState == "OFFLINE" && model.faults.isEmpty)
        #expect(model.stateCounts(candidates: 1, replicas: 1)[try #require(model.index(of: "FAILED"))] == 0)
        #expect(StateModel.runOnce.topState == "COMPLETED" && StateModel.runOnce.faults.isEmpty)
    }

    @Test("what an agent says survives the way through the cluster; what is too long is cut")
    func detail() {
        var detail = TaskDetail()
        detail.container = "0123456789ab"
        detail.ports = ["http": 31_000]
        detail.exit = 137
        #expect(TaskDetail(text: detail.text) == detail)
        detail.reason = String(repeating: "long ", count: 200)
        #expect(detail.text.utf8.count <= TaskDetail.limit)
        #expect(TaskDetail(text: detail.text).container == "0123456789ab")
        #expect(TaskDetail(text: "it broke").reason == "it broke")
    }
}
