import Coordination
import HelixRecords
import Testing

@testable import HelixSpectator

@Suite("What a spectator knows")
struct RoutingStateTests {
    private let orders = RoutingPlace.view("orders")

    private func state(_ replicas: [String: [String: String]]) throws -> Knowledge {
        let state = Knowledge()
        try state.join("n1", "n2")
        state.list(["orders"], at: .views, zxid: 4)
        try state.record(view("orders", replicas), at: orders, zxid: 5)
        return state
    }

    // MARK: What is to be read

    @Test("asks for what is new in a list, and for nothing that is known")
    func newChildren() {
        let state = Knowledge()
        #expect(state.list(["b", "a"], at: .views) == [.view("a"), .view("b")])
        #expect(state.list(["a", "b", "c"], at: .views) == [.view("c")])
        #expect(state.list(["a", "b", "c"], at: .views, readingAll: true) == [.view("a"), .view("b"), .view("c")])
    }

    @Test("reads no record of live instances where views are the source")
    func liveInstancesWithViews() {
        let state = Knowledge()
        #expect(state.list(["n1"], at: .liveInstances).isEmpty)
        let fresh = Knowledge(.currentStates)
        #expect(fresh.list(["n1"], at: .liveInstances) == [.liveInstance("n1")])
    }

    @Test("watches for the creation of a list that is missing, and says what that means")
    func missingList() throws {
        let state = Knowledge()
        #expect(state.take(nil, at: .views) == [.creation(of: .views)])
        let problem = try #require(state.table()?.problems.first)
        #expect(problem.path == paths.externalViews)
        #expect(problem.reason.contains("not set up"))
        #expect(state.take(.stat(nil), at: .creation(of: .views)).isEmpty)
        #expect(state.take(.stat(Stat()), at: .creation(of: .views)) == [.views])
        state.list([], at: .views)
        #expect(state.table()?.problems == [])
    }

    @Test("names the setting that is missing where no target view is written")
    func missingTarget() throws {
        let state = Knowledge(.targetExternalView)
        #expect(state.take(nil, at: .views) == [.creation(of: .views)])
        let problem = try #require(state.table()?.problems.first)
        #expect(problem.path == paths.targetExternalViews)
        #expect(problem.reason.contains("TARGET_EXTERNALVIEW_ENABLED"))
    }

    @Test(
        "finds the place that an event is about",
        arguments: [
            ("CONFIGS/PARTICIPANT", .childrenChanged, .instanceConfigs),
            ("CONFIGS/PARTICIPANT/n1", .dataChanged, .instanceConfig("n1")),
            ("LIVEINSTANCES", .created, .liveInstances),
            ("EXTERNALVIEW", .childrenChanged, .views),
            ("EXTERNALVIEW/orders", .dataChanged, .view("orders")),
            ("EXTERNALVIEW/orders", .childrenChanged, .buckets(.view(resource: "orders"))),
            ("EXTERNALVIEW/orders", .deleted, .view("orders")),
            ("EXTERNALVIEW/orders/orders_p0-p9", .dataChanged, .bucket(.view(resource: "orders"), "orders_p0-p9")),
            ("INSTANCES/n1/CURRENTSTATES/s1", .childrenChanged, .currentStates(instance: "n1", session: "s1")),
            (
                "INSTANCES/n1/CURRENTSTATES/s1/orders", .dataChanged,
                .record(.currentState(instance: "n1", session: "s1", resource: "orders"))
            ),
            ("IDEALSTATES/orders", .dataChanged, nil),
        ] as [(String, WatchEvent.Kind, RoutingPlace?)])
    func places(path: String, kind: WatchEvent.Kind, place: RoutingPlace?) {
        let places = Knowledge().places
        #expect(places.place(WatchEvent(path: "\(paths.root)/\(path)", kind: kind)) == place)
        #expect(places.place(WatchEvent(path: "/other/\(path)", kind: kind)) == nil)
        if let place { #expect(places.path(place) == "\(paths.root)/\(path)") }
    }

    // MARK: Tables

    @Test("makes no table when nothing looks different")
    func noNews() throws {
        let state = try state(["orders_0": ["n1": "LEADER"]])
        #expect(state.table() != nil)
        #expect(state.table() == nil)
        try state.record(view("orders", ["orders_0": ["n1": "LEADER"]]), at: orders, zxid: 6)
        try state.record(instance("n1"), at: .instanceConfig("n1"), zxid: 7)
        state.list(["orders"], at: .views, zxid: 8)
        #expect(state.table() == nil)
        try state.record(view("orders", ["orders_0": ["n1": "STANDBY"]]), at: orders, zxid: 9)
        #expect(state.table()?.zxid == 9)
    }

    @Test("forgets a resource whose view is gone, by the list or by the record")
    func vanishedView() throws {
        let byList = try state(["orders_0": ["n1": "LEADER"]])
        _ = byList.table()
        byList.list([], at: .views)
        #expect(byList.table()?.resources == [])

        let byRecord = try state(["orders_0": ["n1": "LEADER"]])
        _ = byRecord.table()
        #expect(byRecord.take(nil, at: orders).isEmpty)
        #expect(byRecord.table()?.resources == [])
        // It is asked for again when a list names it once more.
        #expect(byRecord.list(["orders"], at: .views) == [orders])
    }

    @Test("does not take over the same version twice, but looks at what is below it when all is read again")
    func sameVersion() throws {
        let state = try state(["orders_0": ["n1": "LEADER"]])
        _ = state.table()
        // The same transaction cannot have written something else: this shows that it is not decoded.
        state.data(Array("no record".utf8), at: orders, zxid: 5, readingAll: true)
        #expect(state.table() == nil)
    }

    // MARK: Instances

    @Test("leaves out instances that have no configuration")
    func withoutConfig() throws {
        let state = try state(["orders_0": ["n1": "LEADER", "stranger": "STANDBY"]])
        let table = try #require(state.table())
        #expect(table.map(of: "orders") == ["orders_0": ["n1": "LEADER"]])
        #expect(table.instances(serving: "orders", in: "STANDBY").isEmpty)
        #expect(table.state(of: "orders", partition: "orders_0", on: "stranger") == nil)

        state.list(["n1", "n2", "stranger"], at: .instanceConfigs)
        try state.record(instance("stranger"), at: .instanceConfig("stranger"), zxid: 8)
        #expect(state.table()?.map(of: "orders") == ["orders_0": ["n1": "LEADER", "stranger": "STANDBY"]])
    }

    @Test(
        "hides instances by their effective operation",
        arguments: [
            (.enable, true), (.disable, true), (.evacuate, true), (.swapIn, false), (.unknown, false),
        ] as [(InstanceOperation, Bool)])
    func operations(operation: InstanceOperation, isRoutable: Bool) throws {
        let state = try state(["orders_0": ["n1": "LEADER"]])
        let config = instance("n1") { $0.setOperation(operation, source: .admin, reason: "a test", at: 1) }
        try state.record(config, at: .instanceConfig("n1"), zxid: 8)
        let table = try #require(state.table())
        #expect(table.instances(serving: "orders", in: "LEADER").isEmpty != isRoutable)
        #expect((table.instance(named: "n1") != nil) == isRoutable)
    }

    @Test("keeps a dead instance in the views until the controller writes them again, but says that it is not live")
    func deadInstance() throws {
        let state = try state(["orders_0": ["n1": "LEADER"]])
        #expect(state.table()?.instances(serving: "orders", in: "LEADER").first?.isLive == true)
        state.list(["n2"], at: .liveInstances)
        #expect(state.table()?.instances(serving: "orders", in: "LEADER").first?.isLive == false)
        state.list(["n1", "n2"], at: .liveInstances)
        #expect(state.table()?.instances(serving: "orders", in: "LEADER").first?.isLive == true)
    }

    @Test("takes an instance by its znode's name, whatever id its record carries")
    func foreignID() throws {
        let state = try state(["orders_0": ["n1": "LEADER"]])
        try state.record(instance("another"), at: .instanceConfig("n1"), zxid: 8)
        #expect(state.table()?.instances(serving: "orders", in: "LEADER").map(\.name) == ["n1"])
    }

    // MARK: Records that cannot be read

    @Test("keeps the last known view of a resource whose record cannot be decoded, and reports it")
    func unreadableView() throws {
        let state = try state(["orders_0": ["n1": "LEADER"]])
        state.data(Array("{ broken".utf8), at: orders, zxid: 9)
        let table = try #require(state.table())
        #expect(table.map(of: "orders") == ["orders_0": ["n1": "LEADER"]])
        #expect(table.problems.map(\.path) == [paths.externalView("orders")])
        try state.record(view("orders", ["orders_0": ["n2": "LEADER"]]), at: orders, zxid: 10)
        let repaired = try #require(state.table())
        #expect(repaired.map(of: "orders") == ["orders_0": ["n2": "LEADER"]])
        #expect(repaired.problems.isEmpty)
    }

    @Test("does not take a view without data for a view without replicas")
    func emptyView() throws {
        let state = try state(["orders_0": ["n1": "LEADER"]])
        state.data([], at: orders, zxid: 9)
        let table = try #require(state.table())
        #expect(table.map(of: "orders") == ["orders_0": ["n1": "LEADER"]])
        #expect(table.problems.count == 1)
    }

    @Test("keeps what is known where permission is refused, and takes the record over when it is granted again")
    func refusedRead() throws {
        let state = try state(["orders_0": ["n1": "LEADER"]])
        let refusal = CoordinationError(.notAuthorized, operation: "get", path: paths.externalView("orders"))
        #expect(try state.take(refusal, at: orders).isEmpty)
        let table = try #require(state.table())
        #expect(table.map(of: "orders") == ["orders_0": ["n1": "LEADER"]])
        #expect(table.problems.count == 1)
        try state.record(view("orders", ["orders_0": ["n1": "LEADER"]]), at: orders, zxid: 5)
        #expect(state.table()?.problems == [])
    }

    @Test(
        "takes over nothing more once the connection is lost",
        arguments: [.connectionLoss, .sessionExpired] as [CoordinationError.Code])
    func lostConnection(code: CoordinationError.Code) throws {
        let state = try state(["orders_0": ["n1": "LEADER"]])
        _ = state.table()
        let lost = CoordinationError(code, operation: "get")
        #expect(throws: lost) { try state.take(lost, at: orders) }
        #expect(state.table() == nil)
    }

    @Test("keeps the last known configuration of an instance")
    func unreadableConfig() throws {
        let state = try state(["orders_0": ["n1": "LEADER"]])
        state.data(Array("?".utf8), at: .instanceConfig("n1"), zxid: 9)
        let table = try #require(state.table())
        #expect(table.instances(serving: "orders", in: "LEADER").map(\.name) == ["n1"])
        #expect(table.problems.map(\.path) == [paths.instanceConfig("n1")])
        // A problem goes with the record.
        state.list(["n2"], at: .instanceConfigs)
        #expect(state.table()?.problems == [])
    }

    // MARK: Buckets

    @Test("joins the buckets of a view that is spread over several znodes")
    func buckets() throws {
        let state = Knowledge()
        try state.join("n1", "n2")
        state.list(["orders"], at: .views)
        let record = RoutingRecord.view(resource: "orders")
        let whole = view(
            "orders", ["orders_0": ["n1": "LEADER"], "orders_12": ["n2": "LEADER"]], bucketSize: 10)
        let (parent, parts) = try whole.record.bucketized()
        #expect(try state.record(ExternalView(record: parent), at: orders, zxid: 5) == [.buckets(record)])
        let names = ["orders_p0-p9", "orders_p10-p19"]
        #expect(state.list(names, at: .buckets(record)) == names.map { .bucket(record, $0) })
        for part in parts {
            try state.record(ExternalView(record: part), at: .bucket(record, part.id), zxid: 6)
        }
        #expect(
            state.table()?.map(of: "orders") == ["orders_0": ["n1": "LEADER"], "orders_12": ["n2": "LEADER"]])

        // A bucket that is gone takes its partitions along, and the view takes all.
        state.list(["orders_p0-p9"], at: .buckets(record))
        #expect(state.table()?.partitions(of: "orders") == ["orders_0"])
        state.list([], at: .views)
        #expect(state.table()?.resources == [])
    }

    @Test("reads a view in one piece after one in buckets")
    func bucketsNoMore() throws {
        let state = Knowledge()
        try state.join("n1")
        state.list(["orders"], at: .views)
        let record = RoutingRecord.view(resource: "orders")
        try state.record(view("orders", [:], bucketSize: 10), at: orders, zxid: 5)
        state.list(["orders_p0-p9"], at: .buckets(record))
        try state.record(
            view("orders", ["orders_1": ["n1": "LEADER"]]), at: .bucket(record, "orders_p0-p9"), zxid: 5)
        #expect(state.table()?.partitions(of: "orders") == ["orders_1"])
        try state.record(view("orders", ["orders_2": ["n1": "LEADER"]]), at: orders, zxid: 7)
        #expect(state.table()?.partitions(of: "orders") == ["orders_2"])
    }
}
