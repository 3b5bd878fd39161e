import Coordination
import HelixRecords
import Logging
import RebalancePipeline

/// A message whose content is to be read.
struct QueuedMessage: Sendable {
    let queue: CachePlace
    let id: String
}

/// Queues: those of live instances, whose messages are transitions under way, and the controller's own.
extension ClusterCache {
    /// Notes a message that the controller has sent itself: it is known without being read.
    mutating func didSend(_ message: Message) {
        guard let instance = message.target else { return }
        children[.messages(instance), default: []].insert(message.id)
        snapshot.addMessage(instance, id: message.id, message)
    }

    /// The messages to the controller that have been done and are to be deleted; each is told once.
    mutating func takeNotices() -> [String] {
        defer { notices = [] }
        return notices.sorted()
    }

    /// A queue was listed. A message counts as known once its content has been read, and not before: else it would be
    /// lost if the connection was.
    mutating func takeQueue(_ names: Set<String>, at queue: CachePlace) -> [CachePlace] {
        let known = children[queue] ?? []
        children[queue] = known.intersection(names)
        if case .messages(let instance) = queue {
            for id in known.subtracting(names).sorted() { snapshot.removeMessage(instance, id: id) }
        }
        unreadMessages += names.subtracting(known).sorted().map { QueuedMessage(queue: queue, id: $0) }
        return []
    }

    /// The messages for a session that is gone mean nothing any more.
    mutating func forgetQueue(of instance: String) {
        for id in children.removeValue(forKey: .messages(instance)) ?? [] { snapshot.removeMessage(instance, id: id) }
    }

    /// - Returns: what is to be read because of it.
    mutating func readMessages() async throws(CoordinationError) -> [CachePlace] {
        let messages = unreadMessages
        unreadMessages = []
        guard !messages.isEmpty else { return [] }
        let results = await session.read(messages.map { .get(path(of: $0)) })
        var next: [CachePlace] = []
        var loss: CoordinationError?
        for (message, result) in zip(messages, results) {
            switch result {
            case .success(.data(let data, _)): next += take(decode(data, path(of: message)), message)
            case .success: break
            case .failure(let error) where error.code == .noNode: break  // done meanwhile
            case .failure(let error) where error.isTransient || error.endsSession: loss = error
            case .failure(let error):
                logger.warning("A message cannot be read", metadata: ["error": "\(error)"])
                children[message.queue, default: []].insert(message.id)
            }
        }
        if let loss { throw loss }
        return next
    }

    private func path(of message: QueuedMessage) -> String { "\(message.queue.path(paths))/\(message.id)" }

    private mutating func take(_ found: Found<Message>, _ message: QueuedMessage) -> [CachePlace] {
        if case .messages(let instance) = message.queue {
            children[message.queue, default: []].insert(message.id)
            if let content = found.value { snapshot.addMessage(instance, id: message.id, content) }
            return []
        }
        guard found.value?.messageType == .participantSessionChange else {
            children[message.queue, default: []].insert(message.id)
            return []
        }
        // An instance gets messages for a session that is over (protocol reference 4.9.6). The notice always has the same
        // name, so it is never "known": it may come again right after it was deleted.
        notices.insert(message.id)
        let instances = children[.liveInstances] ?? []
        return [.liveInstances] + instances.sorted().map { .liveInstance($0) }
    }
}
