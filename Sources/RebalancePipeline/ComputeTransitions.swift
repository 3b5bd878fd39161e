import HelixRecords
import StateModels

/// Stage 4: the next hop of every replica that is not where it should be.
enum ComputeTransitions {
    /// A transition that may be asked for, if the constraints allow.
    struct Candidate {
        var instance: Int32
        var from: Int
        var to: Int
        /// Where the replica should be in the end.
        var wanted: Int
        /// The replica has to make way for others.
        var isLeaving: Bool
    }

    /// What is wanted but cannot be asked for, whatever the constraints.
    struct Held {
        var instance: Int32
        var from: Int
        var wanted: Int
        var reason: HoldReason
    }

    static func transitions(
        _ target: ComputeIdealState.PartitionTarget, _ state: ReadCurrentState.PartitionState,
        _ configuration: ResourceConfiguration, _ standing: ClusterStanding, _ snapshot: ClusterSnapshot
    ) -> (candidates: [Candidate], held: [Held]) {
        var candidates: [Candidate] = []
        var held: [Held] = []
        let model = configuration.model
        for replica in target.replicas {
            let from = state.state(of: replica.instance)
            let isPresent = state.holds(replica.instance)
            func hold(_ reason: HoldReason) {
                held.append(
                    Held(instance: replica.instance, from: from, wanted: replica.goal ?? replica.state, reason: reason))
            }
            if let error = standing[replica.instance].frozenBy {
                if from != replica.state || replica.note != nil { hold(.unreadable(path: error.path)) }
            } else if standing[replica.instance].isTimedOut {
                if from != replica.state || replica.note != nil { hold(.awayTooLong) }
            } else if let move = state.pending(on: replica.instance) {
                hold(
                    move.isUnprocessable
                        ? .messageUnprocessable(id: move.message)
                        : .messagePending(id: move.message, to: name(of: move, model, snapshot)))
            } else if from == replica.state || (!isPresent && replica.state == model.droppedIndex) {
                if let note = replica.note { hold(note) }
                if from == model.errorIndex { hold(.inError) }
            } else if let hop = model.nextHop(from: from, to: replica.state) {
                candidates.append(
                    Candidate(
                        instance: replica.instance, from: from, to: hop, wanted: replica.goal ?? replica.state,
                        isLeaving: replica.isLeaving))
            } else {
                hold(.noPath)
            }
        }
        return (candidates, held)
    }

    private static func name(
        of move: ReadCurrentState.Move, _ model: StateModel, _ snapshot: ClusterSnapshot
    ) -> String {
        if move.to >= 0 { return model.states[move.to].name }
        return snapshot.instances[Int(move.instance)].messages[move.message]?.toState ?? StateModel.error
    }
}
