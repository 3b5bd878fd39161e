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
        /// Who takes the state that it leaves, and is told so by it.
        var successor: RelayedPromotion.Successor?
    }

    /// What is wanted but cannot be asked for, whatever the constraints.
    struct Held {
        var instance: Int32
        var from: Int
        var wanted: Int
        var reason: HoldReason
    }

    /// A transition under way that nobody wants any more.
    struct Unwanted {
        var move: ReadCurrentState.Move
        var from: Int
    }

    static func transitions(
        _ target: ComputeIdealState.PartitionTarget, _ state: ReadCurrentState.PartitionState,
        _ configuration: ResourceConfiguration, _ standing: ClusterStanding, _ snapshot: ClusterSnapshot
    ) -> (candidates: [Candidate], held: [Held], unwanted: [Unwanted]) {
        var candidates: [Candidate] = []
        var unwanted: [Unwanted] = []
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
                if isUnwanted(move, from: from, target: replica.state, model) {
                    unwanted.append(Unwanted(move: move, from: from))
                }
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
        // On its way to an instance that has nothing of it and should have nothing.
        for move in state.pending where !target.replicas.contains(where: { $0.instance == move.instance }) {
            let from = state.state(of: move.instance)
            if isUnwanted(move, from: from, target: model.droppedIndex, model) {
                unwanted.append(Unwanted(move: move, from: from))
            }
        }
        return (candidates, held, unwanted)
    }

    /// Whether a transition leads away from where its replica should go. What an operator asked for, to bring a replica
    /// back from ERROR, is always wanted (protocol reference 6.4).
    private static func isUnwanted(
        _ move: ReadCurrentState.Move, from: Int, target: Int, _ model: StateModel
    ) -> Bool {
        guard move.to >= 0, !move.isUnprocessable, !move.isRelayed, from != model.errorIndex,
            move.to != model.errorIndex
        else {
            return false
        }
        return move.to != target && model.nextHop(from: from, to: target) != move.to
    }

    private static func name(
        of move: ReadCurrentState.Move, _ model: StateModel, _ snapshot: ClusterSnapshot
    ) -> String {
        if move.to >= 0 { return model.states[move.to].name }
        return snapshot.instances[Int(move.instance)].messages[move.message]?.toState ?? StateModel.error
    }
}
