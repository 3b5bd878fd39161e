internal import Coordination
internal import HelixRecords
internal import Logging

/// When the instance came and went, for people (protocol reference 4.12).
struct OnlineHistory: Sendable {
    let member: Membership

    private var path: String { member.paths.instanceHistory(member.instance) }

    /// Notes that the instance is online.
    func recordOnline() async throws {
        let host = member.configuration.processName.split(separator: "@").last.map(String.init) ?? member.instance
        try await update { $0.appendOnline(host: host, session: member.sessionID, at: member.now()) }
    }

    /// Notes that the instance leaves.
    func recordOffline() async throws {
        try await update { $0.appendOffline(at: member.now()) }
    }

    private func update(_ change: (inout ParticipantHistory) -> Void) async throws {
        var isWritten = false
        while !isWritten {
            let found = try await member.session.getIfPresent(path)
            guard var history = read(found?.data ?? []) else { return }
            change(&history)
            isWritten = try await write(try history.encoded(path: path), over: found?.stat.version)
        }
    }

    /// - Returns: `nil` when there is something that cannot be read; it is left as it is.
    private func read(_ data: [UInt8]) -> ParticipantHistory? {
        guard !data.isEmpty else { return ParticipantHistory(id: member.instance) }
        do throws(RecordError) {
            return try ParticipantHistory(decoding: data, path: path)
        } catch {
            member.report(error)
            return nil
        }
    }

    /// - Returns: `false` when somebody else, usually the controller, has just written it too.
    private func write(_ data: [UInt8], over version: Int32?) async throws(CoordinationError) -> Bool {
        do {
            if let version {
                try await member.session.set(path, data, version: version)
            } else {
                try await member.session.create(path, data)
            }
            return true
        } catch  where error.code == .badVersion || error.code == .nodeExists {
            return false
        }
    }
}
