public import HelixRecords

/// That the controller has to begin maintenance, or to end one that it began (protocol reference 6.8).
public struct MaintenanceChange: Sendable, Hashable {
    /// Whether it begins.
    public var isEntering: Bool
    /// What it is about.
    public var trigger: MaintenanceSignal.AutoTriggerReason
    /// Why, with numbers.
    public var text: String

    /// A change.
    public init(isEntering: Bool, trigger: MaintenanceSignal.AutoTriggerReason, text: String) {
        self.isEntering = isEntering
        self.trigger = trigger
        self.text = text
    }
}

extension Rebalancer {
    /// Whether maintenance has to begin or to end before anything is placed: as many instances are away as the cluster's
    /// configuration does not allow, or no more than it allows for the end. One that a person began is left alone.
    ///
    /// - Parameters:
    ///   - decision: the last decision about this snapshot.
    ///   - changes: what has changed in the snapshot since then.
    public func maintenanceChange(
        in snapshot: ClusterSnapshot, after decision: Decision, changes: ClusterSnapshot.Changes
    ) -> MaintenanceChange? {
        guard !snapshot.isPaused, let config = snapshot.clusterConfig.value else { return nil }
        switch snapshot.maintenance {
        case .unreadable: return nil
        case .absent:
            guard changes.isEverything, let limit = config.maxOfflineInstances else { return nil }
            let absence = AbsentInstances(snapshot)
            guard absence.names.count > limit else { return nil }
            return MaintenanceChange(
                isEntering: true, trigger: .maxInstancesUnableToAcceptReplicas,
                text: "\(absence); MAX_OFFLINE_INSTANCES_ALLOWED is \(limit)")
        case .present(let signal) where signal.trigger == .controller:
            switch signal.autoTriggerReason {
            case .maxInstancesUnableToAcceptReplicas, .maxOfflineInstancesExceeded:
                guard changes.isEverything, let limit = config.offlineInstancesForAutoExit else { return nil }
                let absence = AbsentInstances(snapshot)
                // With more than that it would begin again at once.
                guard absence.names.count <= min(limit, config.maxOfflineInstances ?? .max) else { return nil }
                return MaintenanceChange(
                    isEntering: false, trigger: signal.autoTriggerReason,
                    text: "\(absence); NUM_OFFLINE_INSTANCES_FOR_AUTO_EXIT is \(limit)")
            case .maxPartitionsPerInstanceExceeded:
                guard changes.isEverything || !changes.resources.isEmpty else { return nil }
                return endOfOverload(snapshot, decision, config.maxPartitionsPerInstance)
            case .notApplicable: return nil
            }
        case .present: return nil
        }
    }

    /// Whether a decision leads to more partitions on an instance than MAX_PARTITIONS_PER_INSTANCE allows. Then nothing of
    /// it may be carried out, and maintenance has to begin.
    public func maintenanceChange(dueTo decision: Decision, in snapshot: ClusterSnapshot) -> MaintenanceChange? {
        guard !snapshot.isPaused, !snapshot.isInMaintenance, decision.hasPlaced,
            let limit = snapshot.clusterConfig.value?.maxPartitionsPerInstance,
            let (instance, count) = overload(of: decision, snapshot, above: limit)
        else { return nil }
        return MaintenanceChange(
            isEntering: true, trigger: .maxPartitionsPerInstanceExceeded,
            text: "\(instance) would have \(count) partitions; MAX_PARTITIONS_PER_INSTANCE is \(limit)")
    }

    /// It is over when placing goes on without leading to it again.
    private func endOfOverload(
        _ snapshot: ClusterSnapshot, _ decision: Decision, _ limit: Int?
    ) -> MaintenanceChange? {
        func end(_ text: String) -> MaintenanceChange {
            MaintenanceChange(isEntering: false, trigger: .maxPartitionsPerInstanceExceeded, text: text)
        }
        guard let limit else { return end("MAX_PARTITIONS_PER_INSTANCE is not set any more") }
        var (free, trial) = (snapshot, decision)
        free.setMaintenance(.absent)
        update(&trial, with: free, changes: .everything)
        if overload(of: trial, free, above: limit) != nil { return nil }
        return end("no instance would have more than \(limit) partitions (MAX_PARTITIONS_PER_INSTANCE)")
    }

    /// The live instance that is to have the most partitions of all resources, if it is more than the limit.
    private func overload(
        of decision: Decision, _ snapshot: ClusterSnapshot, above limit: Int
    ) -> (instance: String, count: Int)? {
        var counts = [Int](repeating: 0, count: snapshot.instances.count)
        for (name, own) in decision.resources {
            guard let resource = snapshot.resources[name], let configuration = own.configuration?.configuration
            else { continue }
            for partition in resource.wanted.map(Int.init) {
                if configuration.mode == .customized {
                    let map = configuration.idealState?.instanceStateMap[resource.partitions[partition]] ?? [:]
                    for instance in map.keys.compactMap(snapshot.instanceIndex) { counts[instance] += 1 }
                } else if partition < own.preferenceLists.count {
                    for instance in own.preferenceLists[partition] { counts[Int(instance)] += 1 }
                }
            }
        }
        let over = counts.indices.filter { counts[$0] > limit && snapshot.instances[$0].live != nil }
        let most = over.max { a, b in
            (counts[a], snapshot.instances[b].name) < (counts[b], snapshot.instances[a].name)
        }
        return most.map { (snapshot.instances[$0].name, counts[$0]) }
    }
}

/// The instances that cannot take replicas, among those that are configured: all but SWAP_IN and UNKNOWN.
private struct AbsentInstances: CustomStringConvertible {
    let names: [String]
    private let total: Int

    /// How many are told by name.
    private static let nameLimit = 5

    init(_ snapshot: ClusterSnapshot) {
        let standing = ReadConfiguration.standing(of: snapshot)
        let configured = standing.byName.filter {
            !snapshot.instances[Int($0)].config.isAbsent && ![.excluded, .mirroring].contains(standing[$0].duty)
        }
        total = configured.count
        names = configured.filter { !standing[$0].isEligible }.map(standing.name(of:))
    }

    var description: String {
        let more = names.count > Self.nameLimit ? " and \(names.count - Self.nameLimit) more" : ""
        let list = names.isEmpty ? "" : " (\(names.prefix(Self.nameLimit).joined(separator: ", "))\(more))"
        return "\(names.count) of \(total) instances cannot take replicas\(list)"
    }
}
