import Coordination
import HelixAdmin
import HelixController
import HelixRecords
import HelixSpectator
import RebalancePipeline
import StateModels
import Testing
import ZooKeeper

@testable import Fuzz

/// Inputs that fuzzing has found to be taken for something else than they are.
@Suite("Inputs that were once taken wrongly")
struct FoundInputTests {
    @Test(
        "A slash or comma under a combining mark is still one",
        arguments: [("db/\u{301}x", Names.Kind.resource), ("a/\u{301}", .instance), ("p,\u{301}q", .partition)])
    func marks(name: String, kind: Names.Kind) {
        #expect(throws: AdministrationError.self) { try Names.check(name, kind) }
    }

    @Test(
        "The controller follows a znode whose name begins with a combining mark",
        arguments: [CachePlace.idealState("\u{301}x"), .currentState("\u{301}", session: "s", resource: "r")])
    func markedPaths(place: CachePlace) {
        let paths = ClusterPaths(cluster: "test")
        #expect(CachePlace(path: place.path(paths), paths) == place)
    }

    @Test("The configuration of another cluster beside the cluster's own is not taken for it")
    func strangeClusterConfig() {
        #expect(CachePlace(path: "/test/CONFIGS/CLUSTER/other", ClusterPaths(cluster: "test")) == nil)
    }

    @Test(
        "To a spectator a znode below what it follows, or beside it, means nothing",
        arguments: [
            "/test/EXTERNALVIEW/db/db_p0-p1/x", "/test/INSTANCES/i/MESSAGES/m", "/test/INSTANCES/i/MESSAGES/m/x",
            "/test/INSTANCES/i/CURRENTSTATES/s/r/b/x", "/test/CONFIGS/CLUSTER", "/test/CONFIGS/RESOURCE/db",
        ])
    func strangePlaces(path: String) {
        let places = RoutingPlaces(paths: ClusterPaths(cluster: "test"), source: .externalView)
        #expect(places.place(WatchEvent(path: path, kind: .dataChanged)) == nil)
    }

    @Test(
        "What cannot be the name or address of a server is refused",
        arguments: ["[]:1]:2", "\u{301}:1:2", "a]:1", "[[::1]]:1", "a:\u{301}1", "é:1:2", "[::1"])
    func servers(text: String) {
        #expect(throws: CoordinationError.self) { try ConnectString(text) }
    }

    @Test("A chroot begins at a slash under a combining mark too")
    func markedChroot() throws {
        #expect(try ConnectString("a/\u{301}").chroot == "/\u{301}")
    }

    @Test(
        "A container of many members is inflated in the time of its content, not of its members",
        .timeLimit(.minutes(5)))
    func members() throws {
        let data = try CodecInput.gzip(megabytes: 2, emptyMembers: 40_000)
        let start = ContinuousClock.now
        #expect(throws: RecordError.self) { try ZNRecord(decoding: data, path: "p") }  // two records, not one
        #expect(ContinuousClock.now - start < .seconds(20))
    }

    @Test("A transition names its model as the ideal state does, whatever the model's record calls itself")
    func misnamedModel() throws {
        var record = StateModel.onlineOffline.record
        record.id = "Other"
        var idealState = IdealState(record: ZNRecord(id: "db", listFields: ["db_0": ["a"]]))
        (idealState.stateModel, idealState.replicas, idealState.numPartitions) = ("OnlineOffline", .count(1), 1)
        idealState.rebalanceMode = .semiAuto
        var snapshot = ClusterSnapshot(cluster: "test")
        snapshot.setStateModel("OnlineOffline", .present(try StateModel(record: record)))
        snapshot.setInstanceConfig("a", .present(InstanceConfig(record: ZNRecord(id: "a"))))
        snapshot.setLiveInstance("a", .init(id: "session"))
        snapshot.setIdealState("db", .present(idealState))
        #expect(Rebalancer().decide(snapshot).transitions.map(\.stateModel) == ["OnlineOffline"])
        let explanation = Rebalancer().explain(snapshot, resource: "db", partition: "db_0")
        #expect(explanation?.stateModel == "OnlineOffline")
    }
}
