import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

@Suite("Two top states in one partition are settled by the policy that is set")
struct TopConflictTests {
    /// Two masters that took their state at these times.
    private func world(
        _ policy: TopStateConflictPolicy?, list: [String] = ["a", "b", "c"],
        masters: [String: Int] = ["a": 10, "b": 20],
        model: StateModel = .masterSlave, change: (inout World) -> Void = { _ in }
    ) -> World {
        var world = World()
        world.snapshot.time = 1_000
        world.configureCluster { $0.topStateConflictPolicy = policy }
        world.addInstances(["a", "b", "c", "d"])
        change(&world)
        world.addList("db", model: model, list)
        let (top, second) = (model.states[0].name, model.states[1].name)
        for name in ["a", "b", "c"] {
            let time = masters[name]
            world.states[name]!["db"] = ["db_0": time == nil ? second : top]
            var record = CurrentState(resource: "db", sessionID: world.session(of: name)!, stateModel: model.name)
            record["db_0"] = ReplicaState(fields: [
                "CURRENT_STATE": time == nil ? second : top, "END_TIME": String(time ?? 1),
            ])
            world.snapshot.setCurrentState(name, "db", .present(record))
        }
        return world
    }

    private func steps(_ transitions: [PlannedTransition]) -> [String] {
        transitions.map { "\($0.instance) \($0.from)-\($0.to)" }.sorted()
    }

    @Test(
        "who steps down",
        arguments: [
            (nil, ["b MASTER-SLAVE"]), (.keepPreferred, ["b MASTER-SLAVE"]), (.keepMostRecent, ["a MASTER-SLAVE"]),
            (.demoteAll, ["a MASTER-SLAVE", "b MASTER-SLAVE"]), (.reportOnly, []),
        ] as [(TopStateConflictPolicy?, [String])])
    func who(policy: TopStateConflictPolicy?, expected: [String]) {
        var world = world(policy)
        #expect(steps(world.pass()) == expected)
        #expect(world.problems("db").contains { $0.contains("2 replicas are in MASTER (a, b), where 1 may be") })
    }

    @Test("whatever the model is called", arguments: [StateModel.masterSlave, .leaderStandby])
    func models(model: StateModel) {
        var world = world(.keepMostRecent, model: model)
        let transitions = world.pass()
        #expect(transitions.map(\.instance) == ["a"])
        #expect(transitions.map(\.from) == [model.states[0].name])
    }

    @Test(
        "and in the end there is one, without a moment with more than there were",
        arguments: TopStateConflictPolicy.allCases)
    func end(policy: TopStateConflictPolicy) {
        for seed in 0..<20 {
            var world = world(policy)
            var generator = SeededGenerator(seed: UInt64(seed))
            var most = 2
            world.settle(using: &generator) { world in
                let count = world.map("db", "db_0").values.count { $0 == "MASTER" }
                #expect(count <= most)
                most = max(1, min(most, count))
            }
            let count = world.map("db", "db_0").values.count { $0 == "MASTER" }
            #expect(count == (policy == .reportOnly ? 2 : 1))
            #expect(world.problems("db").isEmpty == (policy != .reportOnly))
        }
    }

    @Test("A resource may have its own policy, and the resolver of Helix is understood")
    func precedence() {
        var own = world(.demoteAll) { $0.configureResource("db") { $0.topStateConflictPolicy = .reportOnly } }
        #expect(own.pass().isEmpty)
        var java = world(nil) {
            $0.configureCluster {
                $0.abnormalStateResolvers = [
                    "MasterSlave": "org.apache.helix.controller.rebalancer.constraint.ExcessiveTopStateResolver"
                ]
            }
        }
        #expect(java.pass().count == 2)
        var other = world(nil) {
            $0.configureCluster { $0.abnormalStateResolvers = ["MasterSlave": "com.example.Own", "Other": "x"] }
        }
        #expect(other.pass().count == 1)
    }

    @Test("The most recent one that may not keep it does not", arguments: ["b", "c"])
    func unusable(instance: String) {
        var world = world(.keepMostRecent, masters: ["a": 10, instance: 20])
        world.operate(instance, .disable)
        #expect(steps(world.pass()).contains("\(instance) MASTER-SLAVE"))
        #expect(!steps(world.pass()).contains("a MASTER-SLAVE"))
    }

    @Test("Where nobody knows who was last, the list decides")
    func timesUnknown() {
        var world = world(nil)
        world.configureCluster { $0.topStateConflictPolicy = .keepMostRecent }
        #expect(steps(world.pass()) == ["b MASTER-SLAVE"])
    }

    @Test("One that nobody wants here and was last keeps it until the others have stepped down")
    func surplus() {
        var world = world(.keepMostRecent, list: ["a", "c"])
        #expect(steps(world.pass()) == ["a MASTER-SLAVE"])
        world.settle()
        #expect(world.map("db", "db_0") == ["a": "MASTER", "c": "SLAVE"])
    }

    @Test("explain says which policy it is")
    func explained() throws {
        let world = world(.reportOnly)
        let explanation = try #require(world.rebalancer.explain(world.snapshot, resource: "db", partition: "db_0"))
        let reasons = explanation.replicas.flatMap(\.reasons).map(\.description)
        #expect(reasons.contains { $0.contains("TOP_STATE_CONFLICT_POLICY is REPORT_ONLY") })
        let convergence = world.rebalancer.convergence(of: world.snapshot)
        #expect(convergence.groups.contains { $0.cause == .tops })
    }

    @Test("Stepping down waits for no limit", arguments: [IdealState.RebalanceMode.fullAuto, .semiAuto])
    func limits(mode: IdealState.RebalanceMode) {
        var world = world(nil) {
            $0.configureCluster { $0.throttles = [ThrottleConfig(.cluster, .any, limit: 0)] }
        }
        world.edit("db") { $0.rebalanceMode = mode }
        #expect(world.pass().map(\.to) == ["SLAVE"])
    }

    @Test("A map that says so itself is left alone, and reported")
    func customized() {
        var world = World()
        world.configureCluster { $0.topStateConflictPolicy = .demoteAll }
        world.addInstances(["a", "b"])
        world.addResource("db", mode: .customized, replicas: 2) {
            $0.instanceStateMap["db_0"] = ["a": "MASTER", "b": "MASTER"]
        }
        for name in ["a", "b"] { world.set(name, "db", "db_0", "MASTER") }
        #expect(world.pass().isEmpty)
        #expect(world.problems("db").count == 1)
    }

    @Test("A model without such a bound has no such conflict")
    func unbounded() {
        var world = World()
        world.addInstances(["a", "b"])
        world.addList("db", model: .onlineOffline, ["a", "b"])
        world.settle()
        #expect(world.problems("db").isEmpty)
    }
}
