import HelixRecords
import StateModels

/// More replicas in the top state than there may be.
struct TopConflict {
    /// Who has it, in order of instance name.
    var holders: [Int32]
    /// How many may have it.
    var bound: Int
    /// The holder that took it last, as far as that is known; `nil` where it is not, or does not matter.
    var latest: Int32?

    /// - Returns: `nil` where there is none, as almost always.
    init?(
        _ state: ReadCurrentState.PartitionState, partition: Int, of resource: ClusterSnapshot.Resource,
        _ configuration: ResourceConfiguration
    ) {
        guard state.replicas.count > 1, case .atMost(let bound)? = configuration.model.states.first?.bound,
            configuration.model.initialIndex != 0
        else { return nil }
        holders = state.replicas.filter { $0.state == 0 }.map(\.instance)
        guard holders.count > bound else { return nil }
        self.bound = bound
        let times = holders.map { resource.changedAt[.init(partition: partition, instance: $0)] ?? 0 }
        guard let last = times.max(), last > 0 else { return }
        latest = zip(holders, times).first { $0.1 == last }?.0
    }

    func problem(
        in partition: String, _ configuration: ResourceConfiguration, _ standing: ClusterStanding
    ) -> Problem {
        let state = configuration.model.states[0].name
        let outcome =
            switch configuration.topConflictPolicy {
            case .keepPreferred: "the first of the preference list keeps it, the others step down"
            case .keepMostRecent: "who took it last keeps it, the others step down"
            case .demoteAll: "all step down, then one is promoted"
            case .reportOnly: "nobody is moved: take it from the wrong ones, by disabling the partition there"
            }
        return Problem(
            resource: configuration.name, partition: partition,
            text: "\(holders.count) replicas are in \(state) (\(holders.map(standing.name).joined(separator: ", "))), "
                + "where \(bound) may be; \(outcome) (TOP_STATE_CONFLICT_POLICY)",
            isAboutTops: true)
    }
}

extension StateAssignment {
    /// Who of several holders of the top state keeps it, where that is not simply who comes first in the list.
    func settle(_ conflict: TopConflict, _ targets: inout [Target]) {
        let keepers: Set<Int32>
        switch configuration.topConflictPolicy {
        case .keepPreferred: return
        case .reportOnly: keepers = Set(conflict.holders)
        case .demoteAll: keepers = []
        case .keepMostRecent:
            guard conflict.bound == 1, let latest = conflict.latest, isKeepable(latest) else { return }
            keepers = [latest]
        }
        for index in targets.indices where conflict.holders.contains(targets[index].instance) {
            let isKeeper = keepers.contains(targets[index].instance)
            guard isKeeper == (targets[index].state != 0) else { continue }
            targets[index].goal = targets[index].goal ?? targets[index].state
            targets[index].state = isKeeper ? 0 : below(0)
            targets[index].isLeaving = !isKeeper
            targets[index].note = .topConflict(
                state: model.states[0].name, count: conflict.holders.count, configuration.topConflictPolicy)
        }
    }
}

extension ClusterSnapshot {
    /// Notes when replicas took their states, where it may be asked who did so last.
    mutating func noteTimes(
        of resource: inout Resource, on instance: Int32, _ partitions: [Int], _ reported: [String: [String: String]]
    ) {
        guard topConflictPolicy(of: resource) == .keepMostRecent else { return }
        for partition in partitions {
            let replica = reported[resource.partitions[partition]].map(ReplicaState.init(fields:))
            resource.changedAt[.init(partition: partition, instance: instance)] = replica?.endTime ?? replica?.startTime
        }
    }

    /// The resource's own policy, else the cluster's.
    func topConflictPolicy(of resource: Resource) -> TopStateConflictPolicy {
        resource.config.value?.topStateConflictPolicy
            ?? resource.idealState.value?.stateModel.flatMap {
                clusterConfig.value?.topStateConflictPolicy(stateModel: $0)
            }
            ?? .keepPreferred
    }
}
