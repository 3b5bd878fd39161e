import Testing

@testable import StateModels

@Suite("Built-in models")
struct BuiltInModelTests {
    @Test("Built-in models pass the checks that any definition has to", arguments: StateModel.builtIn)
    func soundness(model: StateModel) {
        let listed = Array(model.transitions.prefix(model.listedTransitionCount))
        let faults = StateModel.faults(
            name: model.name, initial: model.initialState, states: model.states, transitions: listed)
        #expect(faults.isEmpty, "\(faults)")
    }

    @Test("There are seven of them, under the names of the wire")
    func names() {
        #expect(
            StateModel.builtIn.map(\.name) == [
                "MasterSlave", "LeaderStandby", "STORAGE_DEFAULT_SM_SCHEMATA", "OnlineOffline",
                "OnlineOfflineWithBootstrap", "SchedulerTaskQueue", "Task",
            ])
    }

    @Test(
        "Who is to replace a replica stands one step below a top state that has no room for both",
        arguments: [
            (StateModel.masterSlave, "MASTER", "SLAVE"), (.masterSlave, "SLAVE", "SLAVE"),
            (.masterSlave, "ERROR", "SLAVE"), (.masterSlave, "OFFLINE", "OFFLINE"),
            (.leaderStandby, "LEADER", "STANDBY"),
            (.onlineOffline, "ONLINE", "ONLINE"), (.onlineOffline, "ERROR", "ONLINE"),
            (.onlineOffline, "OFFLINE", "OFFLINE"),
        ])
    func mirrored(model: StateModel, state: String, expected: String) throws {
        let index = try #require(model.index(of: state))
        #expect(model.states[model.mirroredState(of: index)].name == expected)
    }

    @Test(
        "Their top states",
        arguments: zip(
            StateModel.builtIn, ["MASTER", "LEADER", "MASTER", "ONLINE", "ONLINE", "COMPLETED", "INIT"]))
    func topStates(model: StateModel, top: String) {
        #expect(model.topState == top)
    }

    @Test("What a hand-over of the top state needs to know")
    func topStateNeighbours() {
        func seconds(_ model: StateModel) -> [String] { model.secondTopIndices.map { model.states[$0].name } }
        #expect(StateModel.builtIn.map(\.hasSingleTopState) == [true, true, false, false, false, true, false])
        #expect(seconds(.masterSlave) == ["SLAVE"])
        #expect(seconds(.onlineOfflineWithBootstrap) == ["BOOTSTRAP"])
        #expect(seconds(.schedulerTaskQueue) == ["OFFLINE"])
        #expect(seconds(.storageSchemata) == ["OFFLINE"])
        #expect(
            seconds(.task) == [
                "RUNNING", "STOPPED", "COMPLETED", "TIMED_OUT", "TASK_ERROR", "TASK_ABORTED", "ERROR",
            ])
    }

    @Test("Replicas begin in OFFLINE, tasks in INIT", arguments: StateModel.builtIn)
    func initialStates(model: StateModel) {
        #expect(model.initialState == (model.name == "Task" ? "INIT" : "OFFLINE"))
    }

    @Test("The task model lists its twenty transitions in the order of the wire")
    func taskTransitions() {
        let listed = StateModel.task.transitions.prefix(StateModel.task.listedTransitionCount).map(\.description)
        #expect(
            listed == [
                "INIT-RUNNING", "RUNNING-STOPPED", "RUNNING-COMPLETED", "RUNNING-TIMED_OUT", "RUNNING-TASK_ERROR",
                "RUNNING-TASK_ABORTED", "STOPPED-RUNNING", "INIT-DROPPED", "RUNNING-DROPPED", "COMPLETED-DROPPED",
                "STOPPED-DROPPED", "TIMED_OUT-DROPPED", "TASK_ERROR-DROPPED", "TASK_ABORTED-DROPPED", "RUNNING-INIT",
                "COMPLETED-INIT", "STOPPED-INIT", "TIMED_OUT-INIT", "TASK_ERROR-INIT", "TASK_ABORTED-INIT",
            ])
    }
}
