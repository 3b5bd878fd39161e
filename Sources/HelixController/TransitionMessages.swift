import HelixRecords
import RebalancePipeline
import StateModels

/// The messages that ask for transitions (protocol reference 4.9).
enum TransitionMessages {
    /// One message for each transition, or, for instances that take them, one for many transitions of the same kind.
    static func make(
        _ transitions: [PlannedTransition], source: String, session: String, partitionsPerMessage: Int,
        environment: ControllerEnvironment
    ) -> [Message] {
        let now = environment.now()
        return batches(transitions, limit: partitionsPerMessage).map { batch in
            var carrier = message(batch, id: environment.makeMessageID(), source: source, session: session, now: now)
            for relay in batch[0].relays {
                let id = environment.makeMessageID()
                carrier.attach(
                    message([relay], id: id, source: source, session: session, now: now), relayingTo: relay.instance)
            }
            return carrier
        }
    }

    /// The messages that call transitions off, one each (protocol reference 4.9.3).
    static func make(
        _ cancellations: [PlannedCancellation], source: String, session: String, environment: ControllerEnvironment
    ) -> [Message] {
        let now = environment.now()
        return cancellations.map {
            message(
                .cancellation, about: $0, id: environment.makeMessageID(), source: source, session: session, now: now)
        }
    }

    /// The messages that tell instances to freeze, or to end the freeze (protocol reference 4.9.6).
    static func make(
        _ changes: [PlannedStatusChange], source: String, session: String, environment: ControllerEnvironment
    ) -> [Message] {
        let now = environment.now()
        return changes.map { change in
            var message = message(
                .participantStatusChange, id: environment.makeMessageID(), source: source, session: session, now: now)
            message.target = change.instance
            message.targetSession = change.session
            (message.fromState, message.toState) =
                change.isFreezing ? ("NORMAL", "FROZEN") : ("FROZEN", "NORMAL")
            return message
        }
    }

    /// Transitions that can travel together, in the order of the first of each.
    private static func batches(_ transitions: [PlannedTransition], limit: Int) -> [[PlannedTransition]] {
        var batches: [[PlannedTransition]] = []
        var open: [Kind: Int] = [:]
        for transition in transitions {
            // What passes something on does it when all of it is done, so it is one transition.
            guard transition.relays.isEmpty else {
                batches.append([transition])
                continue
            }
            let kind = Kind(transition)
            if transition.acceptsBatchMessages, let index = open[kind], batches[index].count < limit {
                batches[index].append(transition)
            } else {
                open[kind] = batches.count
                batches.append([transition])
            }
        }
        return batches
    }

    private struct Kind: Hashable {
        let instance: String
        let resource: String
        let from: String
        let to: String
        let timeout: Duration?
        let retries: Int

        init(_ transition: PlannedTransition) {
            instance = transition.instance
            resource = transition.resource
            from = transition.from
            to = transition.to
            timeout = transition.timeout
            retries = transition.retries
        }
    }

    private static func message(
        _ batch: [PlannedTransition], id: String, source: String, session: String, now: Int64
    ) -> Message {
        let first = batch[0]
        var message = message(.stateTransition, about: first, id: id, source: source, session: session, now: now)
        message.bucketSize = first.bucketSize
        message.resourceGroup = first.resourceGroup
        message.resourceTag = first.resourceTag
        message.retryCount = first.retries
        message.timeout = first.timeout
        if batch.count > 1 {
            message.isBatch = true
            message.record.listFields["PARTITION_NAME"] = batch.map(\.partition)
        }
        return message
    }

    private static func message(
        _ type: MessageType, about transition: some AddressedTransition, id: String, source: String, session: String,
        now: Int64
    ) -> Message {
        var message = message(type, id: id, source: source, session: session, now: now)
        message.target = transition.instance
        message.targetSession = transition.session
        message.resource = transition.resource
        message.partition = transition.partition
        message.stateModel = transition.stateModel
        message.stateModelFactory = transition.stateModelFactory
        message.fromState = transition.from
        message.toState = transition.to
        return message
    }
}

extension TransitionMessages {
    /// A message of the controller's to nobody in particular yet.
    private static func message(
        _ type: MessageType, id: String, source: String, session: String, now: Int64
    ) -> Message {
        var message = Message(record: ZNRecord(id: id))
        message.record.simpleFields["MSG_ID"] = id
        message.messageType = type
        message.messageState = .new
        message.createdAt = now
        message.source = source
        message.sourceSession = session
        return message
    }
}

/// What every message about a transition names: whose, and from where to where.
private protocol AddressedTransition {
    var resource: String { get }
    var partition: String { get }
    var instance: String { get }
    var session: String { get }
    var stateModel: String { get }
    var stateModelFactory: String { get }
    var from: String { get }
    var to: String { get }
}

extension PlannedTransition: AddressedTransition {}

extension PlannedCancellation: AddressedTransition {}
