package import Coordination
package import HelixRecords

/// The notice that makes the controller read the live instances again, written by an instance that gets messages for a
/// session that is over (protocol reference 4.9.6): at most once in two seconds.
package struct SessionNotice: Sendable {
    private let instance: String
    private let session: String
    private var lastAt: Int64?

    package init(instance: String, session: String) {
        self.instance = instance
        self.session = session
    }

    /// The notice to write now, or `nil` when one was written just before.
    /// - Parameter now: milliseconds since 1970.
    package mutating func notice(at now: Int64, paths: ClusterPaths) throws(RecordError) -> WriteOperation? {
        if let lastAt, now - lastAt < 2_000 { return nil }
        lastAt = now
        var message = Message(id: "SESSION-SYNC", type: .participantSessionChange)
        message.createdAt = now
        message.source = instance
        message.sourceSession = session
        message.target = Message.controllerTarget
        message.targetSession = Message.any
        return .create(paths.controllerMessage(message.id), data: try message.record.encoded())
    }
}
