import HelixRecords
import RebalancePipeline
import StateModels

/// What a pass of the pipeline costs by itself, without ZooKeeper.
struct PipelineBenchmark {
    let report: Report
    let isQuick: Bool

    func run() throws {
        for (instances, partitions) in isQuick ? [(3, 64)] : [(6, 1024), (10, 4096)] {
            try run(instances: instances, partitions: partitions)
        }
    }

    private func run(instances: Int, partitions: Int) throws {
        let scenario = "\(instances) × \(partitions) × 3"
        var snapshot = ClusterSnapshot.bench(instances: instances)
        snapshot.addResource("db", partitions: partitions)

        let rebalancer = Rebalancer()
        var decision = Decision()
        let clock = ContinuousClock()
        let first = clock.measure {
            rebalancer.update(&decision, with: snapshot, changes: snapshot.takeChanges())
        }
        report.add(scenario, "pipeline: first pass, everything placed", first.inMilliseconds, "ms")
        settle(&snapshot, &decision, rebalancer)

        let passes = 1000
        let nothing = clock.measure {
            for _ in 0..<passes { rebalancer.update(&decision, with: snapshot, changes: .none) }
        }
        report.add(scenario, "pipeline: pass, nothing changed", nothing.inMilliseconds * 1000 / Double(passes), "µs")
        var one = ClusterSnapshot.Changes.none
        one.partitions["db"] = [7]
        let single = clock.measure {
            for _ in 0..<passes { rebalancer.update(&decision, with: snapshot, changes: one) }
        }
        report.add(
            scenario, "pipeline: pass, one partition changed", single.inMilliseconds * 1000 / Double(passes), "µs")
        let all = clock.measure {
            for _ in 0..<10 { rebalancer.update(&decision, with: snapshot, changes: .everything) }
        }
        report.add(scenario, "pipeline: pass over everything", all.inMilliseconds / 10, "ms")
    }

    /// Everything that was asked for is done.
    private func settle(_ snapshot: inout ClusterSnapshot, _ decision: inout Decision, _ rebalancer: Rebalancer) {
        var states: [String: [String: String]] = [:]
        while !decision.transitions.isEmpty {
            for transition in decision.transitions {
                states[transition.instance, default: [:]][transition.partition] = transition.to
            }
            for (instance, partitions) in states {
                var record = CurrentState(resource: "db", sessionID: "of \(instance)", stateModel: "MasterSlave")
                for (partition, state) in partitions { record[partition] = ReplicaState(currentState: state) }
                snapshot.setCurrentState(instance, "db", .present(record))
            }
            snapshot.time += 1
            rebalancer.update(&decision, with: snapshot, changes: snapshot.takeChanges())
        }
    }
}
