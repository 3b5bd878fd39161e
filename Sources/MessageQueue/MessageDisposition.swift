/// What an instance does with a message from its queue.
public enum MessageDisposition: Sendable, Hashable {
    /// Execute the transition, for each of its partitions by itself.
    case execute
    /// Cancel the transition of the same partition and states.
    case cancelTransition
    /// Freeze the instance, or end the freeze.
    case freeze(Bool)
    /// Delete it without doing anything.
    case delete(DeletionReason)
    /// Let it stay in the queue.
    case leave(LeavingReason)
    /// Let it stay in the queue, marked as one that cannot be processed; each text names a fault.
    case markUnprocessable([String])

    /// Why a message is deleted unexecuted.
    public enum DeletionReason: Sendable, Hashable {
        /// It does nothing but make the receiver look at its queue.
        case noOperation
        /// It is for another session, `nil` when it says none.
        case otherSession(String?)
        /// Its time is over.
        case expired
    }

    /// Why a message stays in the queue.
    public enum LeavingReason: Sendable, Hashable {
        /// This session marked it already, or it was found to be unprocessable.
        case notNew
        /// Nobody here handles messages of this type.
        case unknownType(String)
        /// No handler is registered for its state model.
        case unregisteredModel(ModelReference)

        /// Whether the message may be handled later, when something more has been registered.
        public var mayPass: Bool { self != .notNew }
    }
}

/// Which handler factory a transition asks for: the state model's name and the factory's (STATE_MODEL_FACTORY_NAME).
public struct ModelReference: Sendable, Hashable, CustomStringConvertible {
    /// The name of the state model.
    public let model: String
    /// The name of the factory; `DEFAULT` unless several factories serve one model.
    public let factory: String

    /// A reference to a model's factory.
    public init(model: String, factory: String = "DEFAULT") {
        self.model = model
        self.factory = factory
    }

    /// The model's name, and the factory's unless it is the default.
    public var description: String { factory == "DEFAULT" ? model : "\(model) (factory \(factory))" }
}

/// What becomes of one partition's part of a transition message.
public enum TransitionVerdict: Sendable, Hashable {
    /// Run it.
    case run
    /// The replica is in the wanted state already.
    case duplicate
    /// The replica is in another state than the message starts from.
    case mismatch
    /// Another transition of the replica is waiting or running.
    case busy
    /// A message that was created later has been executed before.
    case overtaken
}
