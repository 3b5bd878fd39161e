import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

@Suite("The chronicle tells what happens, and why")
struct ChronicleTests {
    /// A cluster of which it has been told how it is.
    private struct Told {
        var world = World()
        var chronicle = Chronicle(controller: "c1")

        /// Three instances and a resource that has settled.
        init(partitions: Int = 6) {
            world.snapshot.time = 1_000_000
            world.addInstances(["a", "b", "c"])
            world.addResource("db", partitions: partitions, replicas: 2)
            world.settle()
            _ = events()
        }

        /// What is told of the next pass.
        mutating func events() -> [JournalEvent] {
            world.snapshot.forgetVanishedResources()
            let changes = world.snapshot.takeChanges()
            world.rebalancer.update(&world.decision, with: world.snapshot, changes: changes)
            return chronicle.follow(world.snapshot, world.decision, changes)
        }

        mutating func kinds() -> [JournalEvent.Kind] { events().map(\.kind) }
    }

    @Test("A leader that begins tells what it finds, and not what happened before")
    func beginning() {
        var told = Told()
        told.world.kill("c")
        told.chronicle = Chronicle(controller: "c2")
        let events = told.events()
        #expect(events.map(\.kind) == [.leader])
        #expect(events[0].text == "c2 leads; 2 of 3 instances are alive; resources: 1")
        #expect(told.events().isEmpty)
    }

    @Test("An instance that goes, with what has to move because of it; and that comes back")
    func wentAndCame() throws {
        var told = Told()
        told.world.kill("c")
        let events = told.events()
        #expect(events.map(\.kind) == [.went, .moved])
        #expect(events[0].instance == "c")
        #expect(events[1].text.contains("4 replicas get another place (db), because c: its session ended"))
        told.world.start("c")
        #expect(told.kinds().first == .came)
        told.world.kill("c")
        told.world.start("c")
        let again = try #require(told.events().first)
        #expect((again.kind, again.text.contains("another session")) == (.came, true))
    }

    @Test("What an instance is there for, with the reason that was given")
    func operations() {
        var told = Told()
        told.world.configure("a") { $0.setOperation(.disable, reason: "disk", at: 1) }
        let events = told.events()
        #expect(events.first?.kind == .operation)
        #expect(events.first?.text == "it is DISABLE now (disk)")
        told.world.kill("b")
        told.world.snapshot.setInstanceConfig("b", .absent)
        #expect(told.events().filter { $0.instance == "b" }.map(\.kind) == [.went, .dropped])
    }

    @Test("Maintenance and pauses, with their reasons")
    func signals() {
        var told = Told()
        told.world.enterMaintenance("rack-7")
        #expect(told.events().map(\.text) == ["maintenance was begun (rack-7)"])
        told.world.exitMaintenance()
        #expect(told.events().map(\.text) == ["maintenance has ended"])
        told.world.enterMaintenance("many", trigger: .controller)
        #expect(told.events().map(\.text) == ["maintenance was begun by the controller (many)"])
        told.world.snapshot.setPaused(true)
        #expect(told.kinds() == [.paused])
    }

    @Test("Resources that come and go")
    func resources() {
        var told = Told()
        told.world.addResource("new", replicas: 1)
        #expect(told.events().filter { $0.kind == .resource }.map(\.resource) == ["new"])
        told.world.drop("new")
        #expect(told.events().first?.text == "it was dropped")
    }

    @Test("A transition that fails, with what its instance said")
    func failure() throws {
        var told = Told()
        told.world.addList("one", ["a"])
        told.world.pass()
        _ = told.events()
        let (instance, id) = try #require(
            told.world.pending.first { told.world.message($0.instance, $0.id)?.resource == "one" })
        var record = CurrentState(
            resource: "one", sessionID: told.world.session(of: "a") ?? "", stateModel: StateModel.masterSlave.name)
        record["one_0"] = ReplicaState(fields: [
            "CURRENT_STATE": "ERROR", "PREVIOUS_STATE": "OFFLINE", "INFO": "no space left",
        ])
        told.world.snapshot.removeMessage(instance, id: id)
        told.world.snapshot.setCurrentState("a", "one", .present(record))
        let event = try #require(told.events().first { $0.kind == .failed })
        #expect((event.instance, event.partition) == ("a", "one_0"))
        #expect(event.text == "the transition from OFFLINE to SLAVE failed: no space left")
        #expect(told.events().isEmpty)
    }

    @Test("A bad record that freezes a resource, and its repair")
    func problems() throws {
        var told = Told()
        let good = told.world.snapshot.resources["db"]!.idealState
        told.world.snapshot.setIdealState("db", .unreadable(RecordError(path: "/x", reason: "rubbish")))
        let found = try #require(told.events().first)
        #expect((found.kind, found.resource) == (.problem, "db"))
        #expect(found.text.contains("rubbish"))
        told.world.snapshot.setIdealState("db", good)
        #expect(told.kinds().contains(.solved))
        #expect(told.events().isEmpty)
    }

    @Test("An instance whose messages vanish without effect is told of once, however often it is asked")
    func vanishing() {
        var told = Told()
        told.world.addList("one", ["a"])
        var events: [JournalEvent] = []
        for _ in 0..<20 {
            events += told.events()
            told.world.snapshot.time = max(told.world.snapshot.time + 1, told.world.decision.nextDeadline ?? 0)
        }
        let problems = events.filter { $0.kind == .problem }
        #expect(problems.map(\.partition) == ["one_0"])
        #expect(problems.first?.text.contains("vanished without effect") == true)
        told.world.pass()
        told.world.settle()
        told.world.snapshot.setLiveInstance("a", told.world.snapshot.instances[0].live)
        #expect(told.kinds().contains(.solved))
    }

    @Test("Limits that are reached are one episode, with how many waited and for how long")
    func limits() throws {
        var told = Told()
        told.world.configureCluster { $0.throttles = [ThrottleConfig(.cluster, .any, limit: 1)] }
        told.world.addResource("new", partitions: 5, replicas: 1)
        let begun = told.events().filter { $0.kind == .limited }
        #expect(begun.count == 1)
        #expect(begun.first?.text.contains("transitions wait for the limits of the cluster: 1 ") == true)
        told.world.pass()
        #expect(told.events().filter { $0.kind == .limited }.isEmpty)
        told.world.snapshot.time += 3_000
        told.world.settle()
        told.world.configureCluster { $0.throttles = [] }
        let ended = try #require(told.events().first { $0.kind == .limited })
        #expect(ended.text.contains("for 3 s"))
    }

    @Test("A transition that is late, once, and that it is late no more; looked at every five seconds")
    func late() throws {
        var told = Told()
        told.world.addList("one", ["a"])
        told.world.pass()
        _ = told.events()
        let begun = told.world.snapshot.time
        let next = try #require(told.chronicle.nextLook)
        #expect(next <= begun + 5_000)
        told.world.snapshot.time = next
        #expect(told.events().isEmpty)
        told.world.snapshot.time = try #require(told.chronicle.nextLook)
        told.world.snapshot.time += 1
        let events = told.events()
        #expect(events.map(\.kind) == [.late])
        #expect((events[0].instance, events[0].partition) == ("a", "one_0"))
        told.world.snapshot.time = try #require(told.chronicle.nextLook)
        #expect(told.events().isEmpty)
        for (instance, id) in told.world.pending { told.world.complete(instance, id) }
        told.world.snapshot.time = try #require(told.chronicle.nextLook)
        #expect(told.events().first { $0.kind == .late }?.text.contains("late no more") == true)
        #expect(told.chronicle.nextLook == nil)
    }

    @Test("A transition that is called off")
    func cancelled() {
        var told = Told()
        told.world.configureCluster { $0.isCancellationEnabled = true }
        told.world.addList("one", ["a"])
        told.world.pass()
        _ = told.events()
        told.world.edit("one") { $0.preferenceLists["one_0"] = ["b"] }
        #expect(told.events().contains { $0.kind == .cancelled && $0.instance == "a" && $0.partition == "one_0" })
    }

    @Test("Of very many things of one kind the first, and how many more there were")
    func many() {
        var told = Told()
        told.world.addInstances((100..<200).map { "n\($0)" })
        let events = told.events().filter { $0.kind == .came }
        #expect(events.count == Chronicle.limit + 1)
        #expect(events.last?.text == "and \(100 - Chronicle.limit) more of the kind at once")
        #expect(events.first?.instance == "n100")
    }

    @Test("Nothing, when nothing happens")
    func nothing() {
        var told = Told()
        told.world.snapshot.time += 100_000
        #expect(told.events().isEmpty)
        told.world.snapshot.changes.isEverything = true
        #expect(told.events().isEmpty)
    }
}
