import HelixAdmin
import HelixRecords
import HelixSimulation
import Synchronization

/// Operators add, drop, disable, drain and change things at random times.
struct Operators: ScenarioPart {
    var faults: [FaultKind] { instances + resources + others }

    private var instances: [FaultKind] {
        [
            FaultKind("disable-instance", weight: 4) { world, random in
                let name = world.someParticipant(&random)
                let wait = random.duration(in: .seconds(1)...(.seconds(30)))
                try await world.operate { try await $0.disableInstance(name, in: world.cluster.name, reason: "tried") }
                try await world.cluster.advance(by: wait)
                try await world.operate { try await $0.enableInstance(name, in: world.cluster.name) }
            },
            FaultKind("evacuate", weight: 3) { world, random in
                let name = world.someParticipant(&random)
                let wait = random.duration(in: .seconds(1)...(.seconds(30)))
                try await world.operate { try await $0.setOperation(.evacuate, of: name, in: world.cluster.name) }
                try await world.cluster.advance(by: wait)
                try await world.operate { try await $0.setOperation(.enable, of: name, in: world.cluster.name) }
            },
            FaultKind("drop-instance", weight: 3) { world, random in
                let name = world.someParticipant(&random)
                let wait = random.duration(in: .seconds(1)...(.seconds(30)))
                world.stop(name)
                try await world.cluster.advance(by: .seconds(13))
                try await world.operate { try await $0.dropInstance(name, in: world.cluster.name) }
                try await world.cluster.advance(by: wait)
                try await world.add(name)
            },
            FaultKind("add-instance", weight: 3) { world, random in
                try await world.add("node-x\(Int.random(in: 0..<20, using: &random))")
            },
        ]
    }

    private var resources: [FaultKind] {
        [
            FaultKind("change-replicas", weight: 3) { world, random in
                let resource = StandardScenario.someResource(.fullAuto, &random)
                let replicas = Int.random(in: 1...5, using: &random)
                try await world.operate {
                    try await $0.updateIdealState(of: resource, in: world.cluster.name) {
                        $0.replicas = .count(replicas)
                    }
                }
            },
            FaultKind("rebalance-by-hand", weight: 2) { world, random in
                let resource = StandardScenario.someResource(random.chance(0.5) ? .semiAuto : .customized, &random)
                let replicas = Int.random(in: 1...3, using: &random)
                try await world.operate {
                    try await $0.rebalance(resource, in: world.cluster.name, replicas: .count(replicas))
                }
            },
            FaultKind("disable-resource", weight: 2) { world, random in
                let resource = StandardScenario.someResource(nil, &random)
                let wait = random.duration(in: .seconds(1)...(.seconds(20)))
                try await world.operate { try await $0.disableResource(resource, in: world.cluster.name) }
                try await world.cluster.advance(by: wait)
                try await world.operate { try await $0.enableResource(resource, in: world.cluster.name) }
            },
            FaultKind("drop-resource", weight: 2) { world, random in
                guard let resource = StandardScenario.resources.randomElement(using: &random) else { return }
                let wait = random.duration(in: .milliseconds(10)...(.seconds(30)))
                try await world.operate { try await $0.dropResource(resource.name, in: world.cluster.name) }
                try await world.cluster.advance(by: wait)
                try await world.operate { try await StandardScenario.add(resource, with: $0, to: world) }
            },
            FaultKind("disable-partitions", weight: 2) { world, random in
                guard let resource = StandardScenario.resources.randomElement(using: &random) else { return }
                let partition = "\(resource.name)_\(Int.random(in: 0..<resource.settings.partitions, using: &random))"
                let name = world.someParticipant(&random)
                let wait = random.duration(in: .seconds(1)...(.seconds(20)))
                try await world.operate {
                    try await $0.disablePartitions([partition], of: resource.name, on: name, in: world.cluster.name)
                }
                try await world.cluster.advance(by: wait)
                try await world.operate {
                    try await $0.enablePartitions([partition], of: resource.name, on: name, in: world.cluster.name)
                }
            },
        ]
    }

    private var others: [FaultKind] {
        [
            FaultKind("pause-cluster", weight: 1) { world, random in
                let wait = random.duration(in: .seconds(1)...(.seconds(20)))
                try await world.operate { try await $0.disableCluster(world.cluster.name) }
                try await world.cluster.advance(by: wait)
                try await world.operate { try await $0.enableCluster(world.cluster.name) }
            },
            FaultKind("maintenance", weight: 2) { world, random in
                let cluster = world.cluster.name
                let wait = random.duration(in: .seconds(1)...(.seconds(40)))
                try await world.operate { try await $0.enterMaintenance(cluster, reason: "tried") }
                try await world.cluster.advance(by: wait)
                try await world.operate { try await $0.exitMaintenance(cluster) }
            },
            FaultKind("throttle", weight: 4) { world, random in
                let (all, each) = (Int.random(in: 1...20, using: &random), Int.random(in: 1...6, using: &random))
                let isCancelling = Bool.random(using: &random)
                let wait = random.duration(in: .seconds(20)...(.seconds(60)))
                try await world.operate {
                    try await $0.updateClusterConfig(world.cluster.name) {
                        $0.throttles = [
                            ThrottleConfig(.cluster, .any, limit: all), ThrottleConfig(.resource, .any, limit: each),
                            ThrottleConfig(.instance, .load, limit: 1),
                        ]
                        $0.isCancellationEnabled = isCancelling
                    }
                }
                try await world.cluster.advance(by: wait)
            },
            FaultKind("automatic-maintenance", weight: 2) { world, random in
                let cluster = world.cluster.name
                let limit = Int.random(in: 0...2, using: &random)
                let patience = random.duration(in: .seconds(1)...(.seconds(30)))
                let wait = random.duration(in: .seconds(1)...(.seconds(60)))
                try await world.operate {
                    try await $0.updateClusterConfig(cluster) {
                        $0.maxOfflineInstances = limit
                        $0.offlineInstancesForAutoExit = limit
                        $0.offlineTimeoutInMaintenance = patience
                    }
                }
                try await world.cluster.advance(by: wait)
            },
            FaultKind("reset-errors", weight: 3) { world, random in
                let resource = StandardScenario.someResource(nil, &random)
                try await world.operate { try await $0.resetResource(resource, in: world.cluster.name) }
            },
        ]
    }

    func heal(_ world: ScenarioWorld) async throws {
        let cluster = world.cluster.name
        try await world.insist { admin in
            try await admin.enableCluster(cluster)
            try await admin.updateClusterConfig(cluster) {
                $0.throttles = []
                $0.isCancellationEnabled = false
                $0.maxOfflineInstances = nil
                $0.offlineInstancesForAutoExit = nil
                $0.offlineTimeoutInMaintenance = nil
            }
            if try await admin.describeCluster(cluster).maintenance != nil { try await admin.exitMaintenance(cluster) }
            for name in world.simulation.ensemble.children(of: world.paths.instanceConfigs)
            where world.isOutOfService(name) {
                try await admin.setOperation(.enable, of: name, in: cluster)
                try await admin.updateInstance(name, in: cluster) {
                    $0.record.mapFields["HELIX_DISABLED_PARTITION"] = nil
                }
            }
            let resources = try await admin.resources(in: cluster)
            for resource in StandardScenario.resources {
                if !resources.contains(resource.name) {
                    try await StandardScenario.add(resource, with: admin, to: world)
                }
                // Whoever touches what is in order hides that others forgot it.
                if world.record(world.paths.idealState(resource.name))?.simpleFields["HELIX_ENABLED"] == "false" {
                    try await admin.enableResource(resource.name, in: cluster)
                }
            }
        }
        // Those that were dropped and not added again.
        for number in 0..<world.size.participants where world.cluster.process("node-\(number)")?.isAlive != true {
            try await world.add("node-\(number)")
        }
    }
}

extension ScenarioWorld {
    /// Whether operators have taken an instance out of service, or partitions on it.
    fileprivate func isOutOfService(_ instance: String) -> Bool {
        guard let record = record(paths.instanceConfig(instance)) else { return true }
        let config = InstanceConfig(record: record)
        return config.effectiveOperation != .enable || record.mapFields["HELIX_DISABLED_PARTITION"]?.isEmpty == false
    }

    /// An instance is to be in the cluster, and its process is to run.
    func add(_ name: String) async throws {
        let cluster = cluster.name
        try await insist { admin in
            if try await !admin.instances(in: cluster).contains(name) { try await admin.addInstance(name, in: cluster) }
        }
        wishes.withLock { _ = $0.running.insert(name) }
        if self.cluster.process(name)?.isAlive != true { start(name) }
    }

    /// Performs an operation of an operator who tries again until it is done.
    func insist(_ body: @escaping @Sendable (Administrator) async throws -> Void) async throws {
        for attempt in 1... {
            do {
                return try await cluster.administrate(body)
            } catch let error as CancellationError {
                throw error
            } catch {
                cluster.timeline.note("operator", "fails: \(error)")
                if attempt == 50 { throw error }
                try await cluster.advance(by: .seconds(1))
            }
        }
    }
}
