import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

extension World {
    mutating func freeze(cancelling: Bool = false) {
        var signal = PauseSignal(reason: "test", at: 1)
        signal.freezesCluster = true
        signal.cancelsPendingTransitions = cancelling
        snapshot.setPause(.present(signal))
    }

    mutating func setFrozen(_ isFrozen: Bool, _ name: String) {
        guard let index = snapshot.instanceIndex(name), var live = snapshot.instances[index].live else { return }
        live.isFrozen = isFrozen
        snapshot.setLiveInstance(name, live)
    }
}

@Suite("A cluster that is frozen")
struct ManagementTests {
    private func makeWorld(_ names: [String] = ["a", "b"]) -> World {
        var world = World()
        world.addInstances(names)
        world.addResource("db", partitions: 2, replicas: 2)
        return world
    }

    /// What instances are told, as `a FROZEN`.
    private func told(_ world: World) -> [String] {
        (world.decision.management?.changes ?? []).map { "\($0.instance) \($0.isFreezing ? "FROZEN" : "NORMAL")" }
    }

    private func status(_ world: World) -> ClusterStatus? { world.decision.management?.status }

    @Test("A cluster that works has no mode to speak of")
    func normal() {
        var world = makeWorld()
        world.settle()
        #expect(world.decision.management == nil)
    }

    @Test(
        "Who comes and goes while nothing moves makes nothing move afterwards", arguments: ["pause", "freeze"],
        [0, 1, 2])
    func standstill(mode: String, kind: Int) {
        var world = World()
        world.addInstances(names(0..<4))
        world.addResource("db", partitions: 24, replicas: 2)
        world.addResource("cache", partitions: 8, replicas: 2)
        world.settle()
        let before = [world.preferenceLists("db"), world.preferenceLists("cache")]
        for resource in ["db", "cache"] {
            let lists = world.decision.placement(of: resource, in: world.snapshot) ?? [:]
            world.edit(resource) { $0.preferenceLists = lists }
        }
        if mode == "pause" { world.snapshot.setPaused(true) } else { world.freeze() }
        // Another controller may lead since, with or without having seen all of the cluster.
        if kind == 1 { world.decision = Decision() }
        world.passWithoutSending()
        world.kill("node_102")
        if kind == 2 { world.decision = Decision() }
        world.passWithoutSending()
        #expect(world.preferenceLists("db").values.allSatisfy { !$0.contains("node_102") }, "what would come is told")
        world.start("node_102")
        world.passWithoutSending()
        world.snapshot.setPause(.absent)
        world.settle()
        #expect([world.preferenceLists("db"), world.preferenceLists("cache")] == before)
    }

    @Test("Instances are told to freeze, nothing is asked for, and it is reached when all are and nothing is under way")
    func freeze() {
        var world = makeWorld()
        world.pass()
        world.freeze()
        #expect(world.pass().isEmpty)
        #expect(told(world) == ["a FROZEN", "b FROZEN"])
        #expect(status(world) == ClusterStatus(mode: .clusterFreeze, isCompleted: false))
        for name in ["a", "b"] { world.setFrozen(true, name) }
        world.pass()
        #expect(told(world).isEmpty)
        #expect(world.decision.management?.waitingFor == ["a", "b"], "transitions are under way")
        for name in ["a", "b"] {
            let index = world.snapshot.instanceIndex(name)!
            for id in world.snapshot.instances[index].messages.keys.sorted() { world.complete(name, id) }
        }
        #expect(world.pass().isEmpty)
        #expect(status(world) == ClusterStatus(mode: .clusterFreeze, isCompleted: true))
        #expect(world.reason("db", "db_0", "a") == .clusterFrozen)
        #expect(world.rebalancer.convergence(of: world.snapshot).groups.map(\.cause) == [.paused])
    }

    @Test("An instance that has been told is not told again, and one that joins late is told")
    func told() {
        var world = makeWorld()
        world.freeze()
        world.pass()
        var message = Message(id: "freeze", type: .participantStatusChange)
        message.targetSession = world.snapshot.instances[world.snapshot.instanceIndex("a")!].live?.id
        message.toState = "FROZEN"
        world.snapshot.addMessage("a", id: "freeze", message)
        world.pass()
        #expect(told(world) == ["b FROZEN"])
        world.addInstances(["c"])
        world.pass()
        #expect(told(world) == ["b FROZEN", "c FROZEN"])
    }

    @Test("A disabled instance is left as it is")
    func disabled() {
        var world = makeWorld()
        world.operate("b", .disable)
        world.freeze()
        world.pass()
        #expect(told(world) == ["a FROZEN"])
    }

    @Test("After the freeze nothing moves until the last instance has taken notice; then the cluster goes on")
    func thaw() {
        var world = makeWorld()
        world.freeze()
        world.pass()
        for name in ["a", "b"] { world.setFrozen(true, name) }
        world.pass()
        world.snapshot.setPause(.absent)
        #expect(world.pass().isEmpty)
        #expect(told(world) == ["a NORMAL", "b NORMAL"])
        #expect(status(world) == ClusterStatus(mode: .normal, isCompleted: false))
        world.setFrozen(false, "a")
        #expect(world.pass().isEmpty)
        #expect(world.reason("db", "db_0", "a") == .thawing(instance: "b", count: 1))
        world.setFrozen(false, "b")
        #expect(!world.pass().isEmpty)
        #expect(world.decision.management == nil)
        world.settle()
        #expect(world.load("db") == ["a": 2, "b": 2])
    }

    @Test("A new leader finds a frozen cluster frozen, and one that thaws thawing")
    func newLeader() {
        var world = makeWorld()
        world.freeze()
        world.setFrozen(true, "a")
        world.decision = Decision()
        #expect(world.pass().isEmpty)
        #expect(told(world) == ["b FROZEN"])
        world.snapshot.setPause(.absent)
        world.decision = Decision()
        #expect(world.pass().isEmpty)
        #expect(told(world) == ["a NORMAL"])
    }

    @Test("A plain pause freezes nobody, and sets those free that are", arguments: [true, false])
    func pause(isReadable: Bool) {
        var world = makeWorld()
        world.setFrozen(true, "b")
        let error = RecordError(path: "PAUSE", reason: "spoilt")
        world.snapshot.setPause(isReadable ? .present(PauseSignal(reason: nil, at: 1)) : .unreadable(error))
        #expect(world.pass().isEmpty)
        #expect(told(world) == ["b NORMAL"])
        #expect(status(world)?.mode == .controllerPause)
        #expect(world.reason("db", "db_0", "a") == .clusterPaused)
    }

    @Test(
        "What is under way is called off if the signal asks for that and the cluster allows it",
        arguments: [true, false], [true, false])
    func cancellation(isAsked: Bool, isAllowed: Bool) {
        var world = makeWorld()
        world.configureCluster { $0.isCancellationEnabled = isAllowed }
        world.pass()
        world.freeze(cancelling: isAsked)
        world.passWithoutSending()
        let cancelled = world.decision.cancellations.map { "\($0.partition) \($0.instance) \($0.from)-\($0.to)" }
        let all = ["db_0 a", "db_0 b", "db_1 a", "db_1 b"].map { "\($0) OFFLINE-SLAVE" }
        #expect(cancelled == (isAsked && isAllowed ? all : []))
    }

    @Test("An operator's reset is not called off")
    func reset() {
        var world = makeWorld()
        world.configureCluster { $0.isCancellationEnabled = true }
        world.settle()
        world.set("a", "db", "db_0", "ERROR")
        world.post("a", "db", ["db_0"], from: "ERROR", to: "OFFLINE")
        world.freeze(cancelling: true)
        world.passWithoutSending()
        #expect(world.decision.cancellations.isEmpty)
    }
}
