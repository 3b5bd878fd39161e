import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

@Suite("A decision depends on what is known, not on how it came to be known")
struct IncrementalTests {
    @Test(
        "A pass over the changes decides the same as a pass over everything, at each of 100,000 steps",
        arguments: 0..<50 as Range<UInt64>)
    func incremental(block: UInt64) {
        var steps = 0
        for seed in (1_000 + block * 1_000)... {
            var churn = Churn(seed: seed)
            churn.world.addResource("eb", partitions: 3, replicas: 2)
            for _ in 0..<14 {
                churn.happen()
                for _ in 0..<Int.random(in: 0...10, using: &churn.generator) {
                    compare(&churn.world, churn.name)
                    steps += 1
                    churn.world.pass()
                    churn.step()
                }
            }
            churn.cureEverything()
            let isAtRest = churn.comeToRest()
            #expect(isAtRest, "\(churn.name)")
            compare(&churn.world, churn.name)
            if steps >= 2_000 { return }
        }
    }

    private func compare(_ world: inout World, _ name: String) {
        world.snapshot.forgetVanishedResources()
        var changed = world.decision
        world.rebalancer.update(&changed, with: world.snapshot, changes: world.snapshot.changes)
        var whole = world.decision
        world.rebalancer.update(&whole, with: world.snapshot, changes: .everything)
        let found = differences(changed, whole, world.snapshot)
        #expect(found.isEmpty, "\(name)")
    }

    /// What is not the same in two decisions. An expectation for each would take longer than to decide.
    private func differences(_ changed: Decision, _ whole: Decision, _ snapshot: ClusterSnapshot) -> [String] {
        var same: [(String, Bool)] = [
            ("transitions", changed.transitions == whole.transitions),
            ("obsolete messages", changed.obsoleteMessages == whole.obsoleteMessages),
            ("cancellations", changed.cancellations == whole.cancellations),
            ("next deadline", changed.nextDeadline == whole.nextDeadline),
            ("problems", changed.allProblems == whole.allProblems),
            ("problem count", changed.problemCount == changed.allProblems.count),
            ("problem count of the whole", whole.problemCount == whole.allProblems.count),
            ("stale since", changed.staleSince == whole.staleSince), ("load", changed.load == whole.load),
            ("traffic", changed.traffic.cluster == whole.traffic.cluster),
            ("resources", changed.resources.keys == whole.resources.keys),
        ]
        for (resource, own) in changed.resources {
            let other = whole.resources[resource] ?? ResourceDecision()
            let held = own.preferenceLists.indices.allSatisfy { partition in
                changed.held(in: partition, of: resource, snapshot) == whole.held(in: partition, of: resource, snapshot)
            }
            same += [
                ("held of \(resource)", held && own.held == other.held), ("charges", own.charges == other.charges),
                ("error partitions", own.errorPartitions == other.errorPartitions),
                ("deadlines", own.deadlines == other.deadlines),
                ("preference lists", own.preferenceLists == other.preferenceLists),
            ]
        }
        return same.filter { !$0.1 }.map(\.0)
    }

    @Test("Without a memory of placements a pass from nothing decides the same too", arguments: 0..<30 as Range<UInt64>)
    func fromNothing(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var world = World()
        world.addInstances(names(0..<4))
        world.addResource("db", mode: .semiAuto, partitions: 8, replicas: 3) { idealState in
            for partition in idealState.partitions {
                idealState.preferenceLists[partition] = Array(names(0..<4).shuffled(using: &generator).prefix(3))
            }
        }
        for _ in 0..<60 {
            world.pass()
            if let next = world.pending.randomElement(using: &generator) {
                let fails = Int.random(in: 0..<20, using: &generator) == 0
                world.complete(next.instance, next.id, into: fails ? "ERROR" : nil)
            }
            var incremental = world.decision
            world.rebalancer.update(&incremental, with: world.snapshot, changes: world.snapshot.changes)
            let full = world.rebalancer.decide(world.snapshot)
            #expect(incremental.transitions == full.transitions, "seed \(seed)")
            #expect(incremental.resources["db"]?.held == full.resources["db"]?.held, "seed \(seed)")
        }
    }

    @Test("The order in which records were read does not matter", arguments: 0..<60 as Range<UInt64>)
    func orderOfArrival(seed: UInt64) {
        var churn = Churn(seed: seed + 5_000)
        churn.world.addResource("eb", model: .onlineOffline, partitions: 3, replicas: 1)
        for _ in 0..<20 {
            churn.happen()
            for _ in 0..<4 {
                churn.world.pass()
                churn.step()
            }
        }
        let known = churn.world.snapshot
        let first = known.readAgain(using: &churn.generator)
        let second = known.readAgain(using: &churn.generator)
        let a = churn.world.rebalancer.decide(first)
        let b = churn.world.rebalancer.decide(second)
        #expect(a.transitions == b.transitions, "\(churn.name)")
        #expect(a.allProblems == b.allProblems, "\(churn.name)")
        #expect(a.obsoleteMessages == b.obsoleteMessages, "\(churn.name)")
        #expect(a.nextDeadline == b.nextDeadline, "\(churn.name)")
        for resource in ["db", "eb"] {
            #expect(first.externalView(of: resource) == second.externalView(of: resource))
            #expect(first.held(resource, by: a) == second.held(resource, by: b), "\(churn.name)")
            for partition in churn.partitions + ["eb_0", "eb_1", "eb_2"] {
                #expect(
                    churn.world.rebalancer.explain(first, resource: resource, partition: partition)
                        == churn.world.rebalancer.explain(second, resource: resource, partition: partition),
                    "\(churn.name)")
            }
        }
    }

    @Test("A pass looks only at what was touched")
    func onlyWhatWasTouched() {
        var world = World()
        world.addInstances(["a", "b", "c"])
        world.addResource("db", partitions: 8, replicas: 2)
        world.addResource("eb", partitions: 8, replicas: 2)
        world.settle()
        // Were others looked at, what they lack would be asked for.
        world.snapshot.resources["db"]!.current.set(partition: 3, instance: 0, state: nil)
        world.snapshot.resources["db"]!.current.set(partition: 3, instance: 1, state: nil)
        world.snapshot.resources["eb"]!.current.set(partition: 1, instance: 0, state: nil)
        world.snapshot.resources["eb"]!.current.set(partition: 1, instance: 1, state: nil)
        world.set(world.map("db", "db_5").keys.min()!, "db", "db_5", "ERROR")
        world.passWithoutSending()
        #expect(Set(world.decision.transitions.map(\.partition)).subtracting(["db_5"]).isEmpty)
        #expect(world.decision.viewsToRefresh == ["db"])
        world.snapshot.changes.resources.insert("eb")
        world.passWithoutSending()
        #expect(Set(world.decision.transitions.map(\.partition)) == ["eb_1"])
    }
}

extension ClusterSnapshot {
    /// What a decision holds back, by partition name.
    fileprivate func held(_ resource: String, by decision: Decision) -> [String: [HeldTransition]] {
        let held = decision.resources[resource]?.held ?? [:]
        return Dictionary(uniqueKeysWithValues: held.map { (resources[resource]!.partitions[$0.key], $0.value) })
    }

    /// The same records in another order. What an instance reports and is asked for is read after it is known to be
    /// live.
    fileprivate func readAgain(using generator: inout SeededGenerator) -> ClusterSnapshot {
        var copy = ClusterSnapshot(cluster: cluster)
        copy.time = time
        copy.setPaused(isPaused)
        copy.setMaintenance(maintenance)
        var reads: [(inout ClusterSnapshot) -> Void] = [{ [clusterConfig] in $0.setClusterConfig(clusterConfig) }]
        for (name, model) in stateModels.sorted(by: { $0.key < $1.key }) {
            reads.append { $0.setStateModel(name, model) }
        }
        for (name, resource) in resources.sorted(by: { $0.key < $1.key }) {
            reads.append { $0.setIdealState(name, resource.idealState) }
            reads.append { $0.setResourceConfig(name, resource.config) }
        }
        for instance in instances.shuffled(using: &generator) {
            let index = Int32(instanceIndex(instance.name)!)
            reads.append { $0.setInstanceConfig(instance.name, instance.config) }
            guard let live = instance.live else { continue }
            copy.setLiveInstance(instance.name, live)
            for (id, message) in instance.messages.sorted(by: { $0.key < $1.key }) {
                reads.append { $0.addMessage(instance.name, id: id, message) }
            }
            for (name, resource) in resources.sorted(by: { $0.key < $1.key }) {
                reads.append { [self] in
                    if let error = resource.unreadable[index] {
                        return $0.setCurrentState(instance.name, name, .unreadable(error))
                    }
                    guard let model = resource.reportedModels[index] else { return }
                    var record = CurrentState(resource: name, sessionID: live.id, stateModel: model)
                    for partition in 0..<resource.partitions.count {
                        guard let state = resource.current.state(partition: partition, instance: index) else {
                            continue
                        }
                        record[resource.partitions[partition]] = ReplicaState(currentState: stateName(state))
                    }
                    $0.setCurrentState(instance.name, name, .present(record))
                }
            }
        }
        for read in reads.shuffled(using: &generator) { read(&copy) }
        return copy
    }
}
