import Coordination
import HelixRecords
import StateModels
import TestSupport
import Testing

@testable import HelixController

@Suite("One bad znode hurts only itself", .timeLimit(.minutes(5)))
struct BadRecordTests {
    /// Where something bad can be.
    enum Place: CaseIterable, Sendable {
        case idealState, instanceConfig, resourceConfig, stateModel, liveInstance, currentState, message, view
        case controllerMessage, history, pause, maintenance

        func path(_ paths: ClusterPaths) -> String {
            switch self {
            case .idealState: paths.idealState("bad")
            case .instanceConfig: paths.instanceConfig("bad")
            case .resourceConfig: paths.resourceConfig("bad")
            case .stateModel: paths.stateModel("bad")
            case .liveInstance: paths.liveInstance("bad")
            case .currentState: paths.currentState("bad", session: "s1", resource: "bad")
            case .message: paths.message("a", "bad")
            case .view: paths.externalView("bad")
            case .controllerMessage: paths.controllerMessage("bad")
            case .history: paths.instanceHistory("bad")
            case .pause: paths.controller + "/BAD"
            case .maintenance: paths.maintenance
            }
        }
    }

    static let contents: [[UInt8]] = [
        [], [0], Array("{".utf8), Array("null".utf8), Array("{\"id\":\"bad\",\"simpleFields\":{}}".utf8),
        Array("{\"id\":\"bad\",\"mapFields\":{\"x\":null}}".utf8), [0x1f, 0x8b, 8, 0],
        Array(
            #"{"id":"bad","simpleFields":{"SESSION_ID":"","BUCKET_SIZE":"2","REPLICAS":"-3","NUM_PARTITIONS":"x"}}"#
                .utf8),
    ]

    @Test("whatever is in whatever znode, other resources come up, before and after it", arguments: Place.allCases)
    func garbage(place: Place) async throws {
        try await ScriptedCluster.with(instances: ["a", "bad"]) { cluster in
            let participant = ScriptedParticipant(name: "a", paths: cluster.paths, service: cluster.service) {
                $0.resource == "bad" ? .ignore : .obey
            }
            if place == .currentState { try await cluster.join("bad", session: "s1") }
            let path = place.path(cluster.paths)
            try await beside([participant.run]) {
                for (index, content) in Self.contents.enumerated() {
                    try await cluster.session.createWithParents(path)
                    try await cluster.session.set(path, content)
                    let controller = makeController(in: cluster.service)
                    try await beside([controller.run]) {
                        for round in ["early", "late"] {
                            let resource = "\(round)\(index)"
                            try await cluster.addResource(resource) {
                                $0.rebalanceMode = .semiAuto
                                $0.preferenceLists = ["\(resource)_0": ["a"]]
                            }
                            try await cluster.awaitView(resource) { $0 == ["\(resource)_0": ["a": "MASTER"]] }
                            // It changes; or it is gone already, if it is a view that nobody needs.
                            if try await cluster.session.exists(path) != nil {
                                try await cluster.session.set(path, content)
                            }
                        }
                        #expect(controller.status.isLeading)
                    }
                    if try await cluster.session.exists(path) != nil { try await cluster.session.delete(path) }
                }
            }
        }
    }

    @Test("a resource whose ideal state becomes unreadable stays as it is, and goes on when it can be read again")
    func frozen() async throws {
        try await ScriptedCluster.with(instances: ["a"]) { cluster in
            let participant = ScriptedParticipant(name: "a", paths: cluster.paths, service: cluster.service)
            try await cluster.addResource("db", partitions: 3)
            try await beside([participant.run, makeController(in: cluster.service).run]) {
                try await cluster.awaitStates("db", partitions: 3, ["MASTER"])
                let view = try await cluster.view("db")
                let path = cluster.paths.idealState("db")
                let good = try await cluster.session.get(path).data
                try await cluster.session.set(path, Array("{".utf8))
                try await cluster.awaitStillness()
                #expect(try await cluster.view("db") == view)
                try await cluster.session.set(path, good)
                try await cluster.session.delete(path)
                try await eventually("the view goes") { try await cluster.view("db") == nil }
            }
        }
    }

    @Test("a new leader leaves a resource alone of which it cannot read a replica")
    func frozenForNewLeader() async throws {
        try await ScriptedCluster.with(instances: ["a", "b"]) { cluster in
            try await cluster.addResource("db", partitions: 1, replicas: 2)
            try await cluster.join("a", session: "s1")
            try await cluster.join("b", session: "s2")
            try await cluster.report("b", session: "s2", "db", ["db_0": "SLAVE"])
            try await cluster.report("a", session: "s1", "db", ["db_0": "MASTER"])
            var view = ExternalView(id: "db")
            view["db_0"] = ["a": "MASTER", "b": "SLAVE"]
            try await cluster.session.create(cluster.paths.externalView("db"), view.record.encoded())
            try await cluster.session.set(
                cluster.paths.currentState("a", session: "s1", resource: "db"), Array("?".utf8))
            try await cluster.addResource("other")
            try await beside([makeController(in: cluster.service).run]) {
                try await eventually("the other resource is looked at") {
                    try await cluster.messages("a").count + cluster.messages("b").count > 0
                }
                try await cluster.awaitStillness()
                for instance in ["a", "b"] {
                    #expect(try await cluster.messages(instance).allSatisfy { $0.resource == "other" })
                }
                #expect(try await cluster.view("db")?["db_0"] == ["a": "MASTER", "b": "SLAVE"])
            }
        }
    }
}
