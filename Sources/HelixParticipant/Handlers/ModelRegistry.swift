internal import HelixRecords
internal import MessageQueue
internal import StateModels
internal import Synchronization

/// A state model and the factory of its handlers.
final class RegisteredModel: Sendable {
    let reference: ModelReference
    let model: StateModel
    let makeHandler: @Sendable (Replica) throws -> any TransitionHandler

    init(
        reference: ModelReference, model: StateModel,
        makeHandler: @escaping @Sendable (Replica) throws -> any TransitionHandler
    ) {
        self.reference = reference
        self.model = model
        self.makeHandler = makeHandler
    }

    var initialState: String { model.initialState }
    var topState: String { model.topState }

    /// Whether the top state is for a limited number of replicas, so that nobody may come into it by mistake.
    var isTopExclusive: Bool {
        if case .atMost = model.states[0].bound { true } else { false }
    }

    /// The place of a transition in the model's order; those that it does not list come last.
    func rank(from: String, to: String) -> Int {
        guard let from = model.index(of: from), let to = model.index(of: to) else { return Int.max }
        return model.rank(from: from, to: to)
    }

    /// The next state on the way down to the initial one; `nil` when it is reached or cannot be.
    func stepDown(from state: String) -> String? {
        guard state != StateModel.error, let index = model.index(of: state) else { return nil }
        return model.nextHop(from: index, to: model.initialIndex).map { model.states[$0].name }
    }
}

/// The models that a participant has handlers for.
final class ModelRegistry: Sendable {
    private let models = Mutex<[ModelReference: RegisteredModel]>([:])

    func add(_ model: RegisteredModel) {
        models.withLock { $0[model.reference] = model }
    }

    subscript(reference: ModelReference) -> RegisteredModel? { models.withLock { $0[reference] } }

    var references: Set<ModelReference> { models.withLock { Set($0.keys) } }
}
