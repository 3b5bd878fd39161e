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
    let wish: Wish
    let state: ReadCurrentState.PartitionState
    let configuration: ResourceConfiguration
    let standing: ClusterStanding
    let reluctant: Set<Int32>
    let time: Int64

    /// How long nobody else is promoted while the instance that shall have the top state is on its way, in
    /// milliseconds. Promoting another one first would cost a hand-off right after.
    static let patience: Int64 = 1_000

    var model: StateModel { configuration.model }
    private var deadline: Int64?

    init(
        partition: String, wish: Wish, state: ReadCurrentState.PartitionState, configuration: ResourceConfiguration,
        standing: ClusterStanding, reluctant: Set<Int32>, time: Int64
    ) {
        self.partition = partition
        self.wish = wish
        self.state = state
        self.configuration = configuration
        self.standing = standing
        self.reluctant = reluctant
        self.time = time
    }

    mutating func target() -> ComputeIdealState.PartitionTarget {
        let listed = wish.list.filter { standing[$0].isLive }
        let fixed = listed.filter { isFixed($0) && model.isActive(state.state(of: $0)) }
        let candidates = listed.filter { !isFixed($0) && isCandidate($0) }
        let surplus = state.replicas.filter { !wish.list.contains($0.instance) }

        var targets = fixed.map { Target(instance: $0, state: state.state(of: $0)) }
        targets += assignStates(
            candidates, fixed: targets, surplus: configuration.isPlacedByController ? surplus : [])
        if configuration.isPlacedByController { limitExtraReplicas(&targets) }
        for instance in listed where !candidates.contains(instance) && !fixed.contains(instance) {
            if let target = withdrawn(instance) { targets.append(target) }
        }
        var unplaced = 0
        if let maintenance = wish.maintenance {
            unplaced = keepPlacement(&targets, serving: fixed + candidates, surplus, because: maintenance)
        } else if configuration.isPlacedByController {
            targets += surplusTargets(surplus, wanted: targets)
        } else {
            targets += surplus.map { Target(instance: $0.instance, state: model.droppedIndex, isLeaving: true) }
        }
        for instance in wish.list where standing[instance].isTimedOut {
            if targets.contains(where: { $0.instance == instance }) { continue }
            targets.append(Target(instance: instance, state: state.state(of: instance), note: .awayTooLong))
        }
        return ComputeIdealState.PartitionTarget(replicas: targets, deadline: deadline, unplaced: unplaced)
    }

    // MARK: Who can serve

    /// Whether an instance may serve the partition.
    func isUsable(_ instance: Int32) -> Bool {
        standing[instance].isEligible && !configuration.isDisabled(partition, on: instance)
    }

    /// Whether an instance may go on serving what it has.
    func isKeepable(_ instance: Int32) -> Bool {
        let duty = standing[instance].duty
        return (duty == .serving || duty == .evacuating) && !configuration.isDisabled(partition, on: instance)
    }

    private func isCandidate(_ instance: Int32) -> Bool {
        let current = state.state(of: instance)
        if current == model.errorIndex { return false }
        return isUsable(instance) || (model.isActive(current) && isKeepable(instance))
    }

    /// Whether a replica stays as it is whatever is decided: others are given their states around it.
    private func isFixed(_ instance: Int32) -> Bool {
        guard isUsable(instance), state.state(of: instance) != model.errorIndex else { return false }
        return standing[instance].frozenBy != nil || state.pending(on: instance)?.isUnprocessable == true
    }

    /// What becomes of an instance in the list that cannot serve.
    private func withdrawn(_ instance: Int32) -> Target? {
        let current = state.state(of: instance)
        if isFixed(instance) {
            let note = standing[instance].frozenBy.map { HoldReason.unreadable(path: $0.path) }
            return Target(instance: instance, state: current, note: note)
        }
        guard state.holds(instance) else { return nil }
        if standing[instance].duty == .excluded {
            return Target(instance: instance, state: model.droppedIndex, isLeaving: true)
        }
        if current == model.errorIndex { return Target(instance: instance, state: current) }
        return Target(instance: instance, state: model.initialIndex, isLeaving: true)
    }

    // MARK: States by priority

    private mutating func assignStates(
        _ candidates: [Int32], fixed: [Target], surplus: [ReadCurrentState.Replica]
    ) -> [Target] {
        var counts = model.stateCounts(candidates: candidates.count + fixed.count, replicas: wish.list.count)
        for target in fixed where counts[target.state] > 0 { counts[target.state] -= 1 }
        var left = candidates
        var targets: [Target] = []
        for (index, count) in counts.enumerated() where count > 0 {
            if index == model.errorIndex || index == model.droppedIndex { continue }
            let isScarceTop = index == 0 && count < candidates.count && index != model.initialIndex
            for _ in 0..<min(count, left.count) {
                let chosen =
                    configuration.isNarrow[index]
                    ? nearest(to: index, in: left) : isScarceTop ? topCandidate(left, surplus) : left[0]
                guard let chosen, let position = left.firstIndex(of: chosen) else { break }
                targets.append(Target(instance: chosen, state: index))
                left.remove(at: position)
            }
        }
        targets += left.map { Target(instance: $0, state: model.initialIndex) }
        return targets
    }

    /// The first of the list if it is ready, else one that is; but not while the first is on its way there. Who has
    /// been asked for long without effect comes last.
    private mutating func topCandidate(_ left: [Int32], _ surplus: [ReadCurrentState.Replica]) -> Int32? {
        let willing = left.filter { !reluctant.contains($0) }
        let choice = willing.isEmpty ? left : willing
        guard let intended = choice.first else { return nil }
        if isReady(intended) { return intended }
        // A holder that has to go keeps the top state until the intended one is ready: one hand-off, not two.
        if surplus.contains(where: { $0.state == 0 && isKeepable($0.instance) }) { return intended }
        if let holder = left.first(where: { state.state(of: $0) == 0 }) { return holder }
        guard let ready = choice.first(where: isReady) else { return intended }
        // A message from the future was made by another clock, and says nothing.
        if let pending = state.pending(on: intended), pending.createdAt <= time,
            time - pending.createdAt < Self.patience
        {
            deadline = pending.createdAt + Self.patience
            return intended
        }
        return ready
    }

    /// Whether a replica has the top state or is as near to it as it may come.
    private func isReady(_ instance: Int32) -> Bool {
        let current = state.state(of: instance)
        return current == 0 || isNear(0, from: current, onTheWayTo: 0)
    }

    /// Whether a replica on its way to `target` will pass or take `goal` next, or after states with fixed bounds only,
    /// in which it could not wait without being in somebody's way.
    func isNear(_ goal: Int, from current: Int, onTheWayTo target: Int) -> Bool {
        if model.nextHop(from: current, to: target) == goal { return true }
        guard configuration.isNarrow[target] else { return false }
        let way = model.way(from: current, to: target)
        guard let place = way.firstIndex(of: goal) else { return false }
        return way[..<place].allSatisfy(isScarce)
    }

    func isScarce(_ state: Int) -> Bool {
        if case .atMost = model.states[state].bound { return true }
        return false
    }

    /// Where replicas could be in each other's way nobody changes places: who is there stays, and the gaps are filled
    /// by those who have the shortest way.
    private func nearest(to target: Int, in left: [Int32]) -> Int32? {
        func distance(_ instance: Int32) -> Int {
            let current = state.pending(on: instance)?.to ?? state.state(of: instance)
            if current == target { return 0 }
            let way = current < 0 ? [] : model.way(from: current, to: target)
            return way.isEmpty ? .max : way.count
        }
        let distances = left.map(distance)
        return distances.indices.min { distances[$0] < distances[$1] }.map { left[$0] }
    }

    // MARK: Moving

    /// New replicas wait while the partition has as many as it may have while it moves.
    private func limitExtraReplicas(_ targets: inout [Target]) {
        let limit = max(wish.count, 1) + configuration.extraReplicas(of: wish)
        var active = Set(state.replicas.filter { model.isActive($0.state) }.map(\.instance))
        for pending in state.pending where pending.to < 0 || model.isActive(pending.to) {
            active.insert(pending.instance)
        }
        for index in targets.indices where model.isActive(targets[index].state) {
            let instance = targets[index].instance
            if active.contains(instance) { continue }
            if active.count < limit {
                active.insert(instance)
            } else {
                targets[index].goal = targets[index].state
                targets[index].state = model.initialIndex
                targets[index].note = .extraReplicaLimit(active.count)
            }
        }
    }
}
