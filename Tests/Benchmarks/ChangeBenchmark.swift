import HelixRecords
import RebalancePipeline
import StateModels

/// What one change costs in clusters of very different sizes: from the record that says so to the transitions that it
/// leads to.
struct ChangeBenchmark {
    let report: Report
    let isQuick: Bool

    private static let partitions = 333

    func run() throws {
        var times: [Double] = []
        var memory: [Double] = []
        let sizes = isQuick ? [1, 3] : [10, 100, 1_000]
        for size in sizes {
            let (time, bytes) = try measure(resources: size, instances: size)
            times.append(time)
            memory.append(bytes)
        }
        waiting()
        let replicas = sizes.map { Double($0 * Self.partitions * 3) }
        report.add(
            "one change", "time in the largest cluster ÷ in the smallest", times[times.count - 1] / times[0], "",
            bar: "≤ 2")
        report.add(
            "one change", "memory per further replica, snapshot and decision",
            (memory[memory.count - 1] - memory[0]) / (replicas[replicas.count - 1] - replicas[0]), "bytes", bar: "≤ 200"
        )
    }

    /// What it costs to let the next one begin of very many that wait for a throttle.
    private func waiting() {
        let clock = ContinuousClock()
        let size = isQuick ? 300 : 10_000
        let throttle = ThrottleConfig(.cluster, .any, limit: 50)
        var snapshot = ClusterSnapshot.bench(instances: 10, acceptsBatchMessages: false, throttles: [throttle])
        snapshot.addResource("db", .onlineOffline, partitions: size, replicas: 1)
        var decision = Decision()
        let rebalancer = Rebalancer()
        var queue: [(instance: String, id: String)] = []
        func send() {
            for transition in decision.transitions {
                var message = Message(id: "m\(queue.count)", type: .stateTransition)
                message.targetSession = transition.session
                message.resource = "db"
                message.partition = transition.partition
                message.stateModel = "OnlineOffline"
                message.fromState = transition.from
                message.toState = transition.to
                snapshot.addMessage(transition.instance, id: message.id, message)
                queue.append((transition.instance, message.id))
            }
        }
        rebalancer.update(&decision, with: snapshot, changes: snapshot.takeChanges())
        send()
        rebalancer.update(&decision, with: snapshot, changes: snapshot.takeChanges())
        var times: [Duration] = []
        for round in 0..<min(200, size / 2) {
            // The message is refused: as cheap a completion as there is.
            snapshot.removeMessage(queue[round].instance, id: queue[round].id)
            snapshot.time += 60_000
            times.append(
                clock.measure {
                    rebalancer.update(&decision, with: snapshot, changes: snapshot.takeChanges())
                })
            send()
            rebalancer.update(&decision, with: snapshot, changes: snapshot.takeChanges())
        }
        times.sort()
        report.add(
            "\(size) wait for a throttle", "change: one ends and the next begins, median",
            times[times.count / 2].inMilliseconds * 1_000, "µs")
    }

    private func measure(resources: Int, instances: Int) throws -> (time: Double, bytes: Double) {
        let scenario = "\(resources) × \(Self.partitions) × 3 on \(max(4, instances))"
        let memory = try ProcessMemory.held()
        let clock = ContinuousClock()
        var cluster = SettledCluster(resources: resources, partitions: Self.partitions, instances: max(4, instances))
        let megabytes = try ProcessMemory.held() - memory
        report.add(scenario, "change: everything placed and settled, memory", megabytes, "MB")

        let rounds = isQuick ? 20 : 2_000
        var changes: [Duration] = []
        for round in 0..<rounds {
            cluster.choose(round)
            var count = 0
            changes.append(
                clock.measure {
                    cluster.lose()
                    count = cluster.decision.transitions.count + cluster.decision.allProblems.count
                })
            precondition(count == 1, "a replica that is lost leads to one transition, not \(count)")
            cluster.giveBack()
        }
        changes.sort()
        let median = changes[changes.count / 2].inMilliseconds * 1_000
        report.add(scenario, "change: one replica is OFFLINE, from record to transition, median", median, "µs")
        report.add(
            scenario, "change: the same, p99", changes[changes.count * 99 / 100].inMilliseconds * 1_000, "µs")
        let all = clock.measure { cluster.passOverEverything() }
        report.add(scenario, "change: pass over everything", all.inMilliseconds, "ms")
        return (median, megabytes * 1_048_576)
    }
}

/// A cluster at rest, as the controller sees it.
private struct SettledCluster {
    private(set) var snapshot: ClusterSnapshot
    private(set) var decision = Decision()
    private let rebalancer = Rebalancer()
    private var chosen = (instance: "", resource: "")
    /// What the chosen instance reports without the chosen replica, and with it.
    private var lost: CurrentState?
    private var whole: CurrentState?
    private let resources: Int
    private let partitions: Int

    init(resources: Int, partitions: Int, instances: Int) {
        self.resources = resources
        self.partitions = partitions
        snapshot = ClusterSnapshot.bench(instances: instances)
        for resource in 0..<resources { snapshot.addResource("db\(resource)", partitions: partitions) }
        pass()
        while !decision.transitions.isEmpty {
            let byPlace = Dictionary(grouping: decision.transitions) {
                Place(instance: $0.instance, resource: $0.resource)
            }
            for (place, transitions) in byPlace {
                tell(place.instance, place.resource, transitions.map { ($0.partition, $0.to) })
            }
            snapshot.time += 1
            pass()
        }
    }

    private struct Place: Hashable {
        let instance: String
        let resource: String
    }

    /// An instance reports its replicas of a resource as they are known, but for some.
    private mutating func tell(_ instance: String, _ resource: String, _ changes: [(partition: String, state: String)])
    {
        snapshot.setCurrentState(instance, resource, .present(record(instance, resource, changes)))
    }

    private func record(
        _ instance: String, _ resource: String, _ changes: [(partition: String, state: String)]
    ) -> CurrentState {
        var record = CurrentState(resource: resource, sessionID: "of \(instance)", stateModel: "MasterSlave")
        if let index = snapshot.instanceIndex(instance), let known = snapshot.resources[resource] {
            for partition in 0..<known.partitions.count {
                guard let state = known.current.state(partition: partition, instance: Int32(index)) else { continue }
                record[known.partitions[partition]] = ReplicaState(currentState: snapshot.stateName(state))
            }
        }
        for change in changes { record[change.partition] = ReplicaState(currentState: change.state) }
        return record
    }

    private mutating func pass() {
        rebalancer.update(&decision, with: snapshot, changes: snapshot.takeChanges())
    }

    mutating func passOverEverything() { rebalancer.update(&decision, with: snapshot, changes: .everything) }

    /// Chooses a slave to be lost.
    mutating func choose(_ round: Int) {
        let resource = "db\(round * 7_919 % resources)"
        let partition = "\(resource)_\(round * 104_729 % partitions)"
        let lists = decision.placement(of: resource, in: snapshot) ?? [:]
        let instance = lists[partition]?.last ?? ""
        lost = record(instance, resource, [(partition, "OFFLINE")])
        whole = record(instance, resource, [])
        chosen = (instance, resource)
    }

    mutating func lose() {
        if let lost { snapshot.setCurrentState(chosen.instance, chosen.resource, .present(lost)) }
        pass()
    }

    mutating func giveBack() {
        if let whole { snapshot.setCurrentState(chosen.instance, chosen.resource, .present(whole)) }
        snapshot.time += 60_000
        pass()
    }
}
