import HelixRecords

/// Messages that have lost their meaning (protocol reference 6.4).
///
/// One whose replica is neither where it begins nor where it ends goes at once: if the replica came back to where it
/// begins, it would bring about what nobody wants any more. One that has been done goes after a while, since its
/// receiver is about to delete it. A batch goes when that can be said of all its parts.
enum ObsoleteMessages {
    /// How long a message that has been done stays, in milliseconds.
    static let purgeDelay: Int64 = 60_000

    /// Notes the stale messages of a partition.
    static func note(
        _ stale: [ReadCurrentState.Stale], _ decision: inout Decision, _ snapshot: ClusterSnapshot
    ) {
        for one in stale {
            let message = ObsoleteMessage(instance: snapshot.instances[Int(one.instance)].name, id: one.message)
            if decision.staleSince[message] == nil { decision.staleSince[message] = snapshot.time }
            if !one.isDone { decision.suspects.insert(message) }
        }
    }

    /// Decides which of the noted messages should be deleted now.
    static func decide(_ decision: inout Decision, _ snapshot: ClusterSnapshot) {
        for (message, since) in decision.staleSince {
            guard isThere(message, snapshot) else {
                decision.staleSince[message] = nil
                continue
            }
            let isDue = snapshot.time >= since + purgeDelay || snapshot.time < since
            guard isDue || decision.suspects.contains(message) else {
                decision.note(deadline: since + purgeDelay)
                continue
            }
            let parts = parts(of: message, decision, snapshot)
            if parts.isEmpty || (isDue && parts.allSatisfy { $0 == nil }) {
                decision.staleSince[message] = nil  // nothing is known of it any more, or it makes sense again
                continue
            }
            let isObsolete =
                isDue ? !parts.contains(where: { $0 == nil }) : parts.allSatisfy { $0?.isDone == false }
            if isObsolete { decision.obsoleteMessages.append(message) }
            // A batch goes on, or the message should be gone soon: in both cases it is looked at again later.
            if isDue || isObsolete { decision.staleSince[message] = snapshot.time }
            decision.note(deadline: (isDue || isObsolete ? snapshot.time : since) + purgeDelay)
        }
        decision.suspects = []
        decision.obsoleteMessages.sort { ($0.instance, $0.id) < ($1.instance, $1.id) }
    }

    private static func isThere(_ message: ObsoleteMessage, _ snapshot: ClusterSnapshot) -> Bool {
        snapshot.instanceIndex(message.instance).map { snapshot.instances[$0].messages[message.id] != nil } ?? false
    }

    /// What is stale of a message, one entry for each of its partitions, `nil` for those of which it still makes sense.
    private static func parts(
        of message: ObsoleteMessage, _ decision: Decision, _ snapshot: ClusterSnapshot
    ) -> [ReadCurrentState.Stale?] {
        guard let index = snapshot.instanceIndex(message.instance),
            let content = snapshot.instances[index].messages[message.id], let name = content.resource,
            let resource = snapshot.resources[name],
            let configuration = decision.resources[name]?.configuration?.configuration,
            let standing = decision.standing
        else { return [] }
        return content.partitions.map { name in
            guard let partition = resource.partitions.index(of: name) else { return nil }
            let state = ReadCurrentState.partition(partition, of: resource, configuration, standing, snapshot)
            return state.stale.first { $0.message == message.id && $0.instance == index }
        }
    }
}
