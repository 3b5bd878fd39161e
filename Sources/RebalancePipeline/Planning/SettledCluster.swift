import HelixRecords
import StateModels

/// What a cluster comes to when every transition that is asked for succeeds at once: passes of the pipeline, and what
/// they ask for done between them, until there is nothing left to do.
///
/// Time stands still meanwhile: who is waited for stays away, and replicas in ERROR stay there.
struct SettledCluster {
    private(set) var snapshot: ClusterSnapshot
    private(set) var decision = Decision()
    /// How many transitions it took.
    private(set) var transitions = 0
    /// How many passes asked for something.
    private(set) var rounds = 0
    /// Whether there is nothing left to do.
    private(set) var isSettled = false

    /// A partition takes a handful of rounds for each of its replicas; beyond that one changes its mind for ever.
    private static let roundLimit = 1_000

    /// A cluster whose controller works and is free to place, and in which what is under way has just been done.
    /// - Parameter changed: what the plan will change it to; the modes that it begins or ends are taken as they are.
    init(_ snapshot: ClusterSnapshot, toBecome changed: ClusterSnapshot? = nil) {
        self.snapshot = snapshot
        if snapshot.isPaused == changed?.isPaused ?? snapshot.isPaused { self.snapshot.endStandstill() }
        if snapshot.isInMaintenance == changed?.isInMaintenance ?? snapshot.isInMaintenance {
            self.snapshot.setMaintenance(.absent)
        }
        transitions = self.snapshot.performPending()
    }

    mutating func settle(_ rebalancer: Rebalancer) {
        while rounds < Self.roundLimit {
            snapshot.forgetVanishedResources()
            rebalancer.update(&decision, with: snapshot, changes: snapshot.takeChanges())
            if decision.transitions.isEmpty {
                isSettled = true
                return
            }
            for transition in decision.transitions { snapshot.perform(transition) }
            transitions += decision.transitions.count
            rounds += 1
        }
    }

    /// The same cluster as users have changed it, still to be settled; what they ask of replicas has just been done.
    /// - Parameter original: the cluster that they changed.
    func changed(from original: ClusterSnapshot, to other: ClusterSnapshot) -> SettledCluster {
        var changed = self
        changed.snapshot.adopt(other, since: original)
        (changed.transitions, changed.rounds, changed.isSettled) = (changed.snapshot.performPending(), 0, false)
        return changed
    }

    /// The same cluster after changes, still to be settled; what was done so far does not count any more.
    func changed(by changes: [ClusterChange]) throws(ClusterChangeError) -> SettledCluster {
        var changed = self
        (changed.transitions, changed.rounds, changed.isSettled) = (0, 0, false)
        for change in changes { try changed.snapshot.apply(change) }
        return changed
    }
}

extension ClusterSnapshot {
    fileprivate mutating func perform(_ transition: PlannedTransition) {
        guard let instance = instanceIndex(transition.instance),
            let partition = resources[transition.resource]?.partitions.index(of: transition.partition),
            let state = stateNames.index(of: transition.to)
        else { return }
        set(UInt16(state), of: transition.resource, partition, Int32(instance))
    }

    /// - Returns: whether that changed anything.
    @discardableResult
    private mutating func set(_ state: UInt16, of resource: String, _ partition: Int, _ instance: Int32) -> Bool {
        let state = stateName(state) == StateModel.dropped ? nil : state
        guard resources[resource]!.current.set(partition: partition, instance: instance, state: state)
        else { return false }
        changes.partitions[resource, default: []].insert(partition)
        return true
    }

    /// Does what instances have been asked for already, apart from what they gave up on.
    /// - Returns: how many transitions that were.
    fileprivate mutating func performPending() -> Int {
        var count = 0
        for (name, resource) in resources.sorted(by: { $0.key < $1.key }) {
            let initial = (resource.idealState.value?.stateModel).flatMap { stateModels[$0]?.value?.initialState }
            for (partition, pending) in resource.pending.enumerated() {
                for move in pending where !move.isUnprocessable {
                    let current = resource.current.state(partition: partition, instance: move.instance)
                    let begins = move.from.map(stateName)
                    if begins != nil, begins != current.map(stateName) ?? initial { continue }
                    if set(move.to, of: name, partition, move.instance) { count += 1 }
                }
            }
        }
        for instance in instances {
            for (id, message) in instance.messages where message.messageState != .unprocessable {
                removeMessage(instance.name, id: id)
            }
        }
        return count
    }
}
