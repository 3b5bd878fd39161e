import HelixRecords
import StateModels

/// Gives the replicas of one partition their states, from its preference list.
///
/// A partition moves so that it is served all the while: replicas that have to go stay until their replacements have
/// settled, with at most one replica more than there should be, and the top state is handed over only to an instance
/// that is one step away from it.
struct StateAssignment {
    typealias Target = ComputeIdealState.Target

    let partition: String
    let list: [Int32]
    let state: ReadCurrentState.PartitionState
    let configuration: ReadConfiguration.ResourceConfiguration
    let standing: ReadConfiguration.ClusterStanding
    let time: Int64

    /// How long nobody else is promoted while the instance that shall have the top state is on its way, in
    /// milliseconds. Promoting another one first would cost a hand-off right after.
    static let patience: Int64 = 1_000

    private var model: StateModel { configuration.model }
    private var deadline: Int64?

    init(
        partition: String, list: [Int32], state: ReadCurrentState.PartitionState,
        configuration: ReadConfiguration.ResourceConfiguration, standing: ReadConfiguration.ClusterStanding,
        time: Int64
    ) {
        self.partition = partition
        self.list = list
        self.state = state
        self.configuration = configuration
        self.standing = standing
        self.time = time
    }

    mutating func target() -> ComputeIdealState.PartitionTarget {
        let listed = list.filter { standing.instances[Int($0)].isLive }
        let usable = listed.filter(isUsable)
        let candidates = usable.filter { state.state(of: $0) != model.errorIndex }
        let surplus = state.replicas.filter { !list.contains($0.instance) }
        let movesGradually = configuration.mode == .fullAuto || configuration.mode == .userDefined

        var targets = assignStates(candidates, surplus: movesGradually ? surplus : [])
        if movesGradually { limitExtraReplicas(&targets) }
        for instance in listed where !candidates.contains(instance) {
            let current = state.state(of: instance)
            guard state.holds(instance) else { continue }
            targets.append(
                Target(instance: instance, state: current == model.errorIndex ? current : model.initialIndex))
        }
        if movesGradually {
            targets += surplusTargets(surplus, wanted: targets, candidates: candidates)
        } else {
            targets += surplus.map { Target(instance: $0.instance, state: model.droppedIndex) }
        }
        return ComputeIdealState.PartitionTarget(replicas: targets, deadline: deadline)
    }

    private func isUsable(_ instance: Int32) -> Bool {
        standing.instances[Int(instance)].isEligible && !configuration.isDisabled(partition, on: instance)
    }

    // MARK: States by priority

    private mutating func assignStates(
        _ candidates: [Int32], surplus: [(instance: Int32, state: Int)]
    ) -> [Target] {
        let counts = model.stateCounts(candidates: candidates.count, replicas: list.count)
        var left = candidates
        var targets: [Target] = []
        for (index, count) in counts.enumerated() where count > 0 {
            let isScarceTop = index == 0 && count < candidates.count && index != model.initialIndex
            for _ in 0..<min(count, left.count) {
                let chosen = isScarceTop ? topCandidate(left, surplus) : left[0]
                guard let chosen, let position = left.firstIndex(of: chosen) else { break }
                targets.append(Target(instance: chosen, state: index))
                left.remove(at: position)
            }
        }
        targets += left.map { Target(instance: $0, state: model.initialIndex) }
        return targets
    }

    /// The first of the list if it is ready, else one that is; but not while the first is on its way there.
    private mutating func topCandidate(_ left: [Int32], _ surplus: [(instance: Int32, state: Int)]) -> Int32? {
        guard let intended = left.first else { return nil }
        if isReady(intended) { return intended }
        // A holder that has to go keeps the top state until the intended one is ready: one hand-off, not two.
        if surplus.contains(where: { $0.state == 0 && isUsable($0.instance) }) { return intended }
        if let holder = left.first(where: { state.state(of: $0) == 0 }) { return holder }
        guard let ready = left.first(where: isReady) else { return intended }
        if let pending = state.pending(on: intended), !pending.isUnprocessable {
            let patienceEnds = pending.createdAt + Self.patience
            if time < patienceEnds {
                deadline = patienceEnds
                return intended
            }
        }
        return ready
    }

    /// Whether a replica has the top state or is one step away from it.
    private func isReady(_ instance: Int32) -> Bool {
        let current = state.state(of: instance)
        return state.holds(instance) && (current == 0 || model.nextHop(from: current, to: 0) == 0)
    }

    // MARK: Moving

    private func isActive(_ state: Int) -> Bool {
        state != model.initialIndex && state != model.errorIndex && state != model.droppedIndex
    }

    /// New replicas wait while the partition has as many as it may have while it moves.
    private func limitExtraReplicas(_ targets: inout [Target]) {
        let limit = max(list.count, 1) + configuration.extraReplicas
        var active = Set(state.replicas.filter { isActive($0.state) }.map(\.instance))
        for pending in state.pending where isActive(configuration.modelStates[Int(pending.to)]) {
            active.insert(pending.instance)
        }
        for index in targets.indices where isActive(targets[index].state) {
            let instance = targets[index].instance
            if active.contains(instance) { continue }
            if active.count < limit {
                active.insert(instance)
            } else {
                targets[index].state = model.initialIndex
                targets[index].note = .extraReplicaLimit(active.count)
            }
        }
    }

    /// What becomes of replicas that are not in the list: as many stay as are needed, the others go.
    private func surplusTargets(
        _ surplus: [(instance: Int32, state: Int)], wanted: [Target], candidates: [Int32]
    ) -> [Target] {
        guard !surplus.isEmpty else { return [] }
        let settled = wanted.count { target in
            isActive(target.state) && state.holds(target.instance)
                && state.state(of: target.instance) == target.state && candidates.contains(target.instance)
        }
        var toKeep = max(0, min(configuration.minActive, list.count) - settled)
        let hasReadyHeir = wanted.contains { $0.state == 0 && isReady($0.instance) }
        let byWorth = surplus.sorted { $0.state < $1.state }
        return byWorth.map { replica in
            let (instance, current) = replica
            if current == model.errorIndex { return Target(instance: instance, state: model.droppedIndex) }
            if !isUsable(instance) {
                return settled >= configuration.replicas
                    ? Target(instance: instance, state: model.droppedIndex)
                    : Target(instance: instance, state: model.initialIndex, note: .replacementNotSettled)
            }
            guard toKeep > 0, isActive(current) else {
                return Target(instance: instance, state: model.droppedIndex)
            }
            toKeep -= 1
            let mustHandOver = current == 0 && hasReadyHeir && isTopScarce
            let kept = mustHandOver ? model.nextHop(from: 0, to: model.droppedIndex) ?? current : current
            return Target(instance: instance, state: kept, note: .replacementNotSettled)
        }
    }

    private var isTopScarce: Bool {
        if case .atMost = model.states[0].bound { return true }
        return false
    }
}
