import StateModels

/// A transition that was asked for, to notice when messages vanish without effect.
struct AskedTransition: Sendable, Hashable {
    var instance: Int32
    /// The session that was asked; another one has not been.
    var session: String
    var from: Int
    var to: Int
    var attempts: Int
    /// When it was last asked for, in milliseconds since 1970.
    var lastAt: Int64

    /// The time before which it is not asked for again: a tenth of a second after the first attempt, doubling up to
    /// half a minute.
    var nextAt: Int64 { lastAt + min(30_000, 100 << Int64(min(attempts - 1, 9))) }

    func isAbout(_ candidate: ComputeTransitions.Candidate) -> Bool {
        instance == candidate.instance && from == candidate.from && to == candidate.to
    }

    /// Whether it is too early to ask again. A clock that was set back is no reason to wait.
    func isTooEarly(at time: Int64) -> Bool { time >= lastAt && time < nextAt }

    /// After so many attempts, about three seconds, an instance counts as one that does not want to.
    static let patience = 6
}

extension ResourceDecision {
    /// What was asked for in a partition and still has had no effect.
    func openAsks(
        in partition: Int, _ state: ReadCurrentState.PartitionState, _ snapshot: ClusterSnapshot
    ) -> [AskedTransition] {
        (asked[partition] ?? []).filter {
            state.state(of: $0.instance) == $0.from && snapshot.instances[Int($0.instance)].live?.id == $0.session
        }
    }

    /// The instances that have been asked to take the top state many times without effect.
    func reluctant(
        in partition: Int, _ state: ReadCurrentState.PartitionState, _ snapshot: ClusterSnapshot
    ) -> Set<Int32> {
        guard asked[partition] != nil else { return [] }
        return Set(
            openAsks(in: partition, state, snapshot).filter { $0.to == 0 && $0.attempts >= AskedTransition.patience }
                .map(\.instance))
    }

    /// What to tell an operator of transitions that instances do not make.
    func complaint(
        about partition: Int, of resource: ClusterSnapshot.Resource, _ model: StateModel, _ snapshot: ClusterSnapshot
    ) -> Problem? {
        guard let ask = asked[partition]?.first(where: { $0.attempts >= AskedTransition.patience }) else { return nil }
        return Problem(
            resource: resource.name, partition: resource.partitions[partition],
            text: "\(snapshot.instances[Int(ask.instance)].name) was asked time and again to go from "
                + "\(model.states[ask.from].name) to \(model.states[ask.to].name), and the messages vanished without "
                + "effect; see the instance's log")
    }
}
