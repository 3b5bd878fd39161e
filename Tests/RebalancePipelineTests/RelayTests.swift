import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

@Suite("Top states are handed over from one instance to the next")
struct RelayTests {
    /// One partition with its master on a and slaves on b and c, whose list then puts b first.
    func world(
        model: StateModel = .masterSlave, enabled: Bool = true, change: (inout World) -> Void = { _ in }
    ) -> World {
        var world = World()
        world.configureCluster { $0.isRelayEnabled = enabled }
        world.addInstances(["a", "b", "c"])
        world.addList("db", model: model, ["a", "b", "c"])
        world.settle()
        world.edit("db") { $0.preferenceLists = ["db_0": ["b", "a", "c"]] }
        change(&world)
        return world
    }

    func state(_ world: World, _ instance: String) -> String? { world.states[instance]?["db"]?["db_0"] }

    /// What is asked for, and what is to be passed on.
    func text(_ transitions: [PlannedTransition]) -> [String] {
        transitions.map { transition in
            let relays = transition.relays.map { "; \($0.instance) \($0.from)-\($0.to)" }.joined()
            return "\(transition.instance) \(transition.from)-\(transition.to)\(relays)"
        }
    }

    @Test("the order to step down carries the successor's order to step up")
    func carried() {
        var world = world()
        #expect(text(world.pass()) == ["a MASTER-SLAVE; b SLAVE-MASTER"])
        world.complete("a", world.pending[0].id)
        #expect(world.pending.map(\.instance) == ["b"], "a has passed it on")
        #expect(world.pass().isEmpty, "nothing is left for the controller")
        world.complete("b", world.pending[0].id)
        #expect(state(world, "b") == "MASTER")
        #expect(world.pass().isEmpty)
    }

    @Test(
        "only where it is allowed; a resource's own word counts more than the cluster's",
        arguments: [
            (true, nil, true), (false, nil, false), (true, false, false), (false, true, true),
        ] as [(Bool, Bool?, Bool)])
    func allowed(_ cluster: Bool, _ resource: Bool?, _ isRelayed: Bool) {
        var world = world(enabled: cluster) { world in
            world.configureResource("db") { $0.isRelayEnabled = resource }
        }
        #expect(world.pass().contains { !$0.relays.isEmpty } == isRelayed)
    }

    @Test("a successor that is not one step below the top is not told before it is")
    func farSuccessor() {
        var world = World()
        world.configureCluster { $0.isRelayEnabled = true }
        world.addInstances(["a", "d"])
        world.addList("db", ["a"])
        world.settle()
        world.edit("db") { $0.preferenceLists = ["db_0": ["d"]] }
        #expect(world.pass().allSatisfy { $0.relays.isEmpty })
    }

    @Test("where transitions are limited the controller hands over itself")
    func limited() {
        var world = world { world in
            world.configureCluster {
                $0.throttles = [ThrottleConfig(.cluster, .any, limit: 5)]
            }
        }
        #expect(world.pass().allSatisfy { $0.relays.isEmpty })
    }

    @Test("while it is under way nobody else is promoted, whatever is wanted meanwhile")
    func changeOfMind() {
        var world = world()
        world.pass()
        world.edit("db") { $0.preferenceLists = ["db_0": ["c", "a", "b"]] }
        #expect(world.pass().isEmpty)
        world.complete("a", world.pending[0].id)
        #expect(world.pass().isEmpty, "b has the order")
        world.complete("b", world.pending[0].id)
        #expect(text(world.pass()) == ["b MASTER-SLAVE; c SLAVE-MASTER"])
    }

    @Test("a carrier that is done but still in its queue may yet be passed on")
    func lateCarrier() {
        var world = world()
        world.pass()
        world.set("a", "db", "db_0", "SLAVE")  // a participant of another make records it first
        world.edit("db") { $0.preferenceLists = ["db_0": ["c", "a", "b"]] }
        #expect(world.pass().isEmpty, "b may be on its way")
        world.snapshot.removeMessage("a", id: world.pending[0].id)
        #expect(text(world.pass()) == ["c SLAVE-MASTER"])
    }

    @Test("after a failure nothing was passed on, and the controller promotes")
    func failure() {
        var world = world()
        world.pass()
        world.complete("a", world.pending[0].id, into: "ERROR")
        #expect(text(world.pass()) == ["b SLAVE-MASTER"])
    }

    @Test("a successor whose session is over gets nothing; the next one is promoted once the former has stepped down")
    func lostSuccessor() {
        var world = world()
        world.pass()
        world.kill("b")
        world.start("b")
        #expect(world.pass().map(\.instance) == ["b"], "it begins anew")
        guard let carrier = world.pending.first(where: { $0.instance == "a" }) else {
            Issue.record("a has no order")
            return
        }
        world.complete("a", carrier.id)
        var generator = SeededGenerator(seed: 1)
        #expect(world.settle(using: &generator) != nil)
        #expect(["a", "b", "c"].filter { state(world, $0) == "MASTER" }.count == 1)
    }

    @Test("the holder's death makes what it carries void")
    func lostHolder() {
        var world = world()
        world.pass()
        world.kill("a")
        #expect(text(world.pass()) == ["b SLAVE-MASTER"])
    }

    @Test("models with several top states, and top states that any number may have, hand over nothing")
    func otherModels() {
        var world = world(model: .onlineOffline)
        #expect(world.pass().allSatisfy { $0.relays.isEmpty })
    }

    @Test("under random changes there are never two masters, and the cluster comes to rest", arguments: 1...60)
    func churn(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var world = World()
        world.configureCluster { config in
            config.isRelayEnabled = true
            config.isCancellationEnabled = seed % 2 == 0
        }
        let instances = ["a", "b", "c", "d"]
        world.addInstances(instances, batches: seed % 3 == 0)
        world.addResource("db", mode: .semiAuto, partitions: 3, replicas: 3)
        world.onChange = { world, _, _, partition in
            let masters = world.states.values.filter { $0["db"]?[partition] == "MASTER" }.count
            #expect(masters <= 1, "seed \(seed): \(masters) masters of \(partition)")
        }
        var relayed = 0
        for _ in 0..<150 {
            switch generator.next() % 8 {
            case 0:
                world.edit("db") { idealState in
                    for partition in 0..<3 {
                        idealState.preferenceLists["db_\(partition)"] = Array(
                            instances.shuffled(using: &generator).prefix(3))
                    }
                }
            case 1 where generator.next() % 4 == 0:
                let name = instances.randomElement(using: &generator)!
                world.kill(name)
                world.start(name)
            case 2: relayed += world.pass().filter { !$0.relays.isEmpty }.count
            default:
                if let next = world.pending.randomElement(using: &generator) { world.complete(next.instance, next.id) }
            }
            world.snapshot.time += 10
        }
        #expect(world.settle(using: &generator) != nil, "seed \(seed)")
        for partition in 0..<3 {
            let first = world.snapshot.resources["db"]?.idealState.value?.preferenceLists["db_\(partition)"]?.first
            #expect(first.flatMap { world.states[$0]?["db"]?["db_\(partition)"] } == (first == nil ? nil : "MASTER"))
        }
    }
}
