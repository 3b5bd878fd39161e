internal import Coordination
internal import HelixRecords
internal import Logging
internal import MessageQueue

/// Takes the messages of one session from the queue and sees that each gets what it asks for.
struct Inbox: Sendable {
    let member: Membership
    let registry: ModelRegistry
    let stage: Stage
    let events: Mailbox<CommitEvent>
    /// When the session began, in milliseconds since 1970.
    let sessionStart: Int64

    /// What the inbox remembers from one look at the queue to the next.
    private struct Memory {
        /// Messages that nobody could handle yet, by id.
        var parked: [String: ReceivedMessage] = [:]
        var limits: TransitionLimits
        var knownResources: Set<String> = []
        /// How many partitions of a resource one znode of its current state holds, where it has several.
        var bucketSizes: [String: Int] = [:]
        var notice: SessionNotice
    }

    /// Works until the session is over or the task is cancelled.
    func run(_ limits: TransitionLimits) async throws {
        let receiver = MessageReceiver(
            session: member.session, path: member.paths.messages(member.instance), clock: member.clock)
        var memory = Memory(
            limits: limits, notice: SessionNotice(instance: member.instance, session: member.sessionID))
        while let delivery = try await receiver.next() {
            for malformed in delivery.malformed { member.report(malformed.error) }
            for id in delivery.vanished { memory.parked[id] = nil }
            stage.update { table in
                table.vanished(delivery.vanished)
                return []
            }
            let parked = memory.parked.values.sorted { ($0.fencingToken, $0.id) < ($1.fencingToken, $1.id) }
            await learnLimits(delivery.messages, &memory)
            let context = InboxRules.Context(
                session: member.sessionID, sessionStart: sessionStart, now: member.now(), models: registry.references)
            for message in parked + delivery.messages { try await handle(message, context, &memory) }
        }
    }

    private func handle(
        _ received: ReceivedMessage, _ context: InboxRules.Context, _ memory: inout Memory
    ) async throws {
        let message = received.message
        let isParked = memory.parked.removeValue(forKey: received.id) != nil
        switch InboxRules.disposition(of: message, in: context) {
        case .execute:
            spread(message, &memory)
            execute(received)
        case .cancelTransition: stage.update { $0.cancel(received) }
        case .freeze(let isFrozen):
            try await freeze(isFrozen)
            events.post(.discard([received.id]))
        case .delete(let reason):
            member.logger.debug("message deleted", metadata: [LogKey.message: "\(received.id)", "reason": "\(reason)"])
            events.post(.discard([received.id]))
            if InboxRules.showsOutdatedSender(message, in: context) { try await sendNotice(&memory) }
        case .leave(let reason):
            if reason.mayPass { memory.parked[received.id] = received }
            if reason.mayPass, !isParked {
                member.logger.warning(
                    "nobody here handles a message; it stays in the queue until a handler is registered",
                    metadata: [LogKey.message: "\(received.id)", "reason": "\(reason)"])
            }
        case .markUnprocessable(let problems): await markUnprocessable(received, problems)
        }
    }

    /// A resource in buckets has its current states in buckets too, as its messages say.
    private func spread(_ message: Message, _ memory: inout Memory) {
        guard let resource = message.resource, message.bucketSize > 0,
            memory.bucketSizes.updateValue(message.bucketSize, forKey: resource) != message.bucketSize
        else { return }
        events.post(.spread(resource: resource, bucketSize: message.bucketSize))
    }

    private func execute(_ received: ReceivedMessage) {
        let reference = ModelReference(
            model: received.message.stateModel ?? "", factory: received.message.stateModelFactory)
        guard let model = registry[reference] else { return }
        stage.update { $0.accept(received, model: model) }
    }

    /// Reads the configurations of resources that are new here, for their limits.
    private func learnLimits(_ messages: [ReceivedMessage], _ memory: inout Memory) async {
        let resources = Set(messages.compactMap(\.message.resource)).subtracting(memory.knownResources).sorted()
        guard !resources.isEmpty else { return }
        let reads = resources.map { ReadOperation.get(member.paths.resourceConfig($0)) }
        for (resource, result) in zip(resources, await member.session.read(reads)) {
            switch result {
            case .success(.data(let data, _)):
                do throws(RecordError) {
                    let config = try ResourceConfig(decoding: data, path: member.paths.resourceConfig(resource))
                    memory.limits.resources[resource] = config.maxThreads
                } catch {
                    member.report(error)
                }
                memory.knownResources.insert(resource)
            case .failure(let error) where error.code == .noNode: memory.knownResources.insert(resource)
            default: break  // read again with the next message
            }
        }
        stage.update { [limits = memory.limits] table in
            table.setLimits(limits)
            return []
        }
    }

    private func sendNotice(_ memory: inout Memory) async throws {
        guard let notice = try memory.notice.notice(at: member.now(), paths: member.paths) else { return }
        guard case .failure(let error) = await member.session.write([notice])[0] else { return }
        if error.code != .nodeExists {
            member.logger.debug("the controller was not told of the new session", error: error)
        }
    }

    private func markUnprocessable(_ received: ReceivedMessage, _ problems: [String]) async {
        member.logger.warning(
            "a message cannot be processed; it stays in the queue, marked as unprocessable",
            metadata: [LogKey.message: "\(received.id)", "problems": "\(problems.joined(separator: "; "))"])
        var message = received.message
        message.messageState = .unprocessable
        message.executingSession = member.sessionID
        do {
            let data = try message.encoded()
            let path = member.paths.message(member.instance, received.id)
            if case .failure(let error) = await member.session.write([.set(path, data: data)])[0] {
                member.logger.debug("a message was not marked as unprocessable", error: error)
            }
        } catch {
            member.logger.debug("a message was not marked as unprocessable", error: error)
        }
    }

    /// The cluster is frozen or not any more (protocol reference 5.7).
    private func freeze(_ isFrozen: Bool) async throws {
        var states: [ReplicaKey: String]?
        stage.update { table in
            table.setFrozen(isFrozen)
            states = table.takeRestatement()
            return []
        }
        if let states {
            let records = try await CarryOver(member: member, registry: registry, keptStates: states).perform()
            events.post(.adopt(records))
        }
        try await LiveNode(member: member).update(isFrozen: isFrozen)
        member.logger.notice(isFrozen ? "the cluster is frozen" : "the cluster is not frozen any more")
    }
}
