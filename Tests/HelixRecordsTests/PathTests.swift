import HelixRecords
import Testing

@Suite("Paths of a cluster")
struct PathTests {
    private let paths = ClusterPaths(cluster: "C")

    @Test("Paths are those of Helix")
    func golden() {
        let found = [
            paths.root, paths.clusterConfig, paths.instanceConfig("I"), paths.resourceConfig("R"),
            paths.messageConstraints,
            paths.customizedStateConfig, paths.cloudConfig, paths.restConfig, paths.idealState("R"),
            paths.stateModel("M"), paths.propertyStore, paths.liveInstance("I"), paths.message("I", "ID"),
            paths.currentState("I", session: "S", resource: "R"), paths.taskCurrentStateSessions("I"),
            paths.customizedStates("I"), paths.error("I", session: "S", resource: "R", partition: "P"),
            paths.statusUpdates("I"), paths.healthReports("I"), paths.instanceHistory("I"), paths.externalView("R"),
            paths.targetExternalView("R"), paths.customizedViews, paths.leader, paths.controllerHistory, paths.pause,
            paths.maintenance, paths.controllerMessage("ID"), paths.controllerStatusUpdates, paths.controllerErrors,
            paths.clusterStatus, paths.assignmentMetadata,
        ]
        #expect(
            found == [
                "/C", "/C/CONFIGS/CLUSTER/C", "/C/CONFIGS/PARTICIPANT/I", "/C/CONFIGS/RESOURCE/R",
                "/C/CONFIGS/CONSTRAINT/MESSAGE_CONSTRAINT", "/C/CONFIGS/CUSTOMIZED_STATE/C", "/C/CONFIGS/CLOUD/C",
                "/C/CONFIGS/REST/C", "/C/IDEALSTATES/R", "/C/STATEMODELDEFS/M", "/C/PROPERTYSTORE",
                "/C/LIVEINSTANCES/I", "/C/INSTANCES/I/MESSAGES/ID", "/C/INSTANCES/I/CURRENTSTATES/S/R",
                "/C/INSTANCES/I/TASKCURRENTSTATES", "/C/INSTANCES/I/CUSTOMIZEDSTATES", "/C/INSTANCES/I/ERRORS/S/R/P",
                "/C/INSTANCES/I/STATUSUPDATES", "/C/INSTANCES/I/HEALTHREPORT", "/C/INSTANCES/I/HISTORY",
                "/C/EXTERNALVIEW/R", "/C/TARGETEXTERNALVIEW/R", "/C/CUSTOMIZEDVIEW", "/C/CONTROLLER/LEADER",
                "/C/CONTROLLER/HISTORY", "/C/CONTROLLER/PAUSE", "/C/CONTROLLER/MAINTENANCE",
                "/C/CONTROLLER/MESSAGES/ID", "/C/CONTROLLER/STATUSUPDATES", "/C/CONTROLLER/ERRORS", "/C/STATUS/C",
                "/C/ASSIGNMENT_METADATA",
            ])
    }

    @Test("What is set up comes after its parent")
    func order() {
        for list in [paths.clusterSetup, paths.clusterSetup + [paths.instances] + paths.instanceSetup("I")] {
            for (index, path) in list.enumerated() where path != paths.root {
                let parent = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
                #expect(list[..<index].contains(parent), "\(path)")
            }
        }
    }

    @Test("A set-up cluster has what every client looks for")
    func complete() {
        let wanted = [
            "IDEALSTATES", "CONFIGS/CLUSTER/C", "CONFIGS/PARTICIPANT", "CONFIGS/RESOURCE", "PROPERTYSTORE",
            "LIVEINSTANCES",
            "INSTANCES", "EXTERNALVIEW", "CONTROLLER", "STATEMODELDEFS", "CONTROLLER/MESSAGES", "CONTROLLER/ERRORS",
            "CONTROLLER/STATUSUPDATES", "CONTROLLER/HISTORY", "CONFIGS/CUSTOMIZED_STATE",
        ]
        #expect(Set(paths.clusterSetup).isSuperset(of: wanted.map { "/C/\($0)" }))
    }
}
