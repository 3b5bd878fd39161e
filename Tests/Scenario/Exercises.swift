import Coordination
import HelixAdmin
import HelixRecords
import HelixSimulation
import HelixSpectator
import StateModels
import Synchronization

/// What a cluster that is at rest must do, and must not do, when it is asked for single things.
struct Exercises {
    let world: ScenarioWorld
    let settle: @Sendable () async throws -> Void

    private var cluster: SimulatedCluster { world.cluster }

    func perform() async throws {
        try await changeLeader()
        try await cutOffSpectator()
        try await sendForeignOrders()
        try await dropResource()
        try await loseViews()
        let names = world.participants
        guard names.count > 5 else { return }
        let picks = world.simulation.random { names.shuffled(using: &$0) }
        try await changeReplicas()
        try await evacuateGently(picks[3])
        try await takeAway(disabled: picks[0], evacuated: picks[1], dead: picks[2])
        try await bringBack(disabled: picks[0], evacuated: picks[1], dead: picks[2])
    }

    /// Whoever is cut off says that what it shows may be old.
    private func cutOffSpectator() async throws {
        let name = "spectator-0"
        guard world.size.spectators > 0 else { return }
        cluster.isolate(name)
        try await cluster.advance(by: .seconds(7))
        if world.tables.withLock({ $0[name] })?.isStale != true {
            cluster.judge.note("stale", "\(name) is cut off, and does not say that its table may be out of date")
        }
        cluster.reconnect(name)
        try await cluster.advance(by: .seconds(3))
    }

    /// Another leader finds everything as it should be, and moves nothing; what was left behind while nobody led it
    /// clears away.
    private func changeLeader() async throws {
        let before = cluster.judge.inspect { $0.world.transitions }
        let orphan = world.paths.externalView("Orphan")
        world.interfere(.create(orphan, data: try ZNRecord(id: "Orphan").encoded(path: orphan)))
        world.deleteLeader()
        try await settle()
        if world.simulation.ensemble.data(at: orphan) != nil {
            cluster.judge.note("dropped", "there is no resource Orphan, and a view of it")
        }
        let moved = cluster.judge.inspect { $0.world.transitions } - before
        if moved > 0 { cluster.judge.note("restless", "a new leader made \(moved) transitions in a cluster at rest") }
    }

    /// Messages that do not fit the replica they are for change nothing.
    private func sendForeignOrders() async throws {
        let replicas = cluster.judge.inspect { $0.world.replicas(of: "Orders") }
        guard let (partition, states) = replicas.min(by: { $0.key < $1.key }),
            let instance = states.filter({ $0.value == "SLAVE" }).keys.min(),
            let session = world.record(world.paths.liveInstance(instance))?.simpleFields["SESSION_ID"]
        else { return }
        let path = world.paths.currentState(instance, session: session, resource: "Orders")
        let before = world.simulation.ensemble.data(at: path)
        for from in ["MASTER", "OFFLINE"] {
            var message = Message(id: "foreign-\(from)", type: .stateTransition)
            message.messageState = .new
            message.createdAt = world.simulation.milliseconds
            message.target = instance
            message.targetSession = session
            message.resource = "Orders"
            message.partition = partition
            message.stateModel = "MasterSlave"
            message.fromState = from
            message.toState = "SLAVE"
            world.interfere(.create(world.paths.message(instance, message.id), data: try message.encoded()))
        }
        try await settle()
        if world.simulation.ensemble.data(at: path) != before {
            cluster.judge.note("foreign-order", "\(instance) obeyed an order for \(partition) that did not fit it")
        }
    }

    /// Of a resource that was dropped nothing is left.
    private func dropResource() async throws {
        guard let resource = StandardScenario.resources.first(where: { $0.name == "Carts" }) else { return }
        try await world.insist { try await $0.dropResource(resource.name, in: cluster.name) }
        try await settle()
        let left = cluster.judge.inspect { $0.world.replicas(of: resource.name) }
        if !left.isEmpty || world.simulation.ensemble.data(at: world.paths.externalView(resource.name)) != nil {
            cluster.judge.note("dropped", "\(resource.name) was dropped, and there are replicas or a view of it")
        }
        try await world.insist { try await StandardScenario.add(resource, with: $0, to: world) }
        try await settle()
    }

    /// A view is published though the connection breaks under its writing, and nothing else changes.
    private func loseViews() async throws {
        for resource in StandardScenario.resources {
            try await world.insist {
                try await $0.updateIdealState(of: resource.name, in: cluster.name) {
                    $0.resourceType = $0.resourceType == nil ? "tried" : nil
                }
            }
            try await cluster.advance(by: world.simulation.random { $0.duration(in: .zero...(.milliseconds(6))) })
            world.withProcess(world.leader) { $0.ensemble.breakConnections(of: $1) }
            try await cluster.advance(by: .seconds(1))
        }
        try await settle()
    }

    /// However many replicas are wanted, the cluster gets there.
    private func changeReplicas() async throws {
        guard let present = wantedReplicas else { return }
        for count in [5, 2, present] {
            try await world.insist { try await $0.rebalance("Orders", in: cluster.name, replicas: .count(count)) }
            try await settle()
            for (partition, states) in serving where states.count != count {
                cluster.judge.note("placement", "\(partition) has \(states.count) replicas, \(count) are wanted")
            }
        }
    }

    /// While an instance is evacuated every partition is served as always.
    private func evacuateGently(_ instance: String) async throws {
        guard let wanted = wantedReplicas else { return }
        try await world.insist { try await $0.setOperation(.evacuate, of: instance, in: cluster.name) }
        for _ in 0..<500 {
            for (partition, states) in serving where states.count < wanted {
                let text = "\(partition) has only \(states.count) replicas while \(instance) is evacuated"
                return cluster.judge.note("availability", text)
            }
            try await cluster.advance(by: .milliseconds(2))
        }
        try await settle()
        try await world.insist { try await $0.setOperation(.enable, of: instance, in: cluster.name) }
        try await settle()
    }

    private var wantedReplicas: Int? {
        guard let record = world.record(world.paths.idealState("Orders")),
            case .count(let count)? = IdealState(record: record).replicas
        else { return nil }
        return count
    }

    /// The states of the replicas of Orders that serve, by partition.
    private var serving: [String: [String]] {
        cluster.judge.inspect { $0.world.replicas(of: "Orders") }.mapValues { states in
            states.values.filter { $0 == "MASTER" || $0 == "SLAVE" }
        }
    }

    private func takeAway(disabled: String, evacuated: String, dead: String) async throws {
        cluster.timeline.note("operator", "disables \(disabled), evacuates \(evacuated), and \(dead) dies")
        try await world.insist { admin in
            try await admin.disableInstance(disabled, in: cluster.name)
            try await admin.setOperation(.evacuate, of: evacuated, in: cluster.name)
        }
        let hosted = cluster.judge.inspect { world in
            StandardScenario.resources.flatMap { world.world.replicas(of: $0.name).values }
                .reduce(0) { $0 + $1.keys.count { [disabled, evacuated, dead].contains($0) } }
        }
        let before = cluster.judge.inspect { $0.world.transitions }
        world.stop(dead)
        try await settle()
        let moved = cluster.judge.inspect { $0.world.transitions } - before
        if moved > 60 + hosted * 8 {
            cluster.judge.note("moves", "\(hosted) replicas had to be replaced, and \(moved) transitions were made")
        }
        for resource in StandardScenario.resources where resource.settings.mode == .fullAuto {
            for (partition, replicas) in cluster.judge.inspect({ $0.world.replicas(of: resource.name) }) {
                judge(replicas[disabled], partition, disabled, "is disabled", allowed: ["OFFLINE", StateModel.error])
                judge(replicas[evacuated], partition, evacuated, "was evacuated", allowed: [StateModel.error])
            }
        }
    }

    private func judge(_ state: String?, _ partition: String, _ instance: String, _ why: String, allowed: Set<String>) {
        guard let state, !allowed.contains(state) else { return }
        cluster.judge.note("in-service", "\(instance) \(why), and has \(partition) in \(state)")
    }

    private func bringBack(disabled: String, evacuated: String, dead: String) async throws {
        try await world.insist { admin in
            try await admin.enableInstance(disabled, in: cluster.name)
            try await admin.setOperation(.enable, of: evacuated, in: cluster.name)
        }
        world.run(dead)
        try await settle()
    }
}
