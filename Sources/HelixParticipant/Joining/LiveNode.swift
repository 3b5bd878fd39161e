internal import Coordination
internal import HelixRecords
internal import Logging

/// The ephemeral znode by which the cluster knows that this instance lives (protocol reference 5.1, step 9).
struct LiveNode: Sendable {
    let member: Membership

    private var path: String { member.paths.liveInstance(member.instance) }

    /// Creates the znode, as soon as nobody else holds the name.
    /// - Throws: `ParticipantError` with code `.nameTaken` when another session keeps it.
    func create(isFrozen: Bool) async throws {
        while true {
            try await awaitName()
            do {
                try await member.session.create(path, try record(isFrozen: isFrozen), mode: .ephemeral)
                return
            } catch let error as CoordinationError where error.code == .nodeExists {
                if try await holder()?.stat.ephemeralOwner == member.session.id {
                    return try await update(isFrozen: isFrozen)
                }
            }
        }
    }

    /// If another session holds the name, waits for that one to end, for as long as the session timeout and 5 seconds
    /// more. Until then its records are its own: they say what the cluster believes of the instance.
    /// - Throws: `ParticipantError` with code `.nameTaken` when it does not end.
    func awaitName() async throws {
        var isPatient = true
        while let holder = try await holder(), holder.stat.ephemeralOwner != member.session.id {
            // Whoever stood still meanwhile has not heard the news: it looks once more before it gives up.
            guard isPatient else { throw nameTaken(by: holder) }
            member.logger.notice(
                "another session holds the instance's name; waiting for it to end",
                metadata: ["helix.session.other": "\(holder.session)", "process": "\(holder.process)"])
            isPatient = try await wait(for: patience) != .patienceOver
            if !isPatient { try await member.session.sync(path) }
        }
    }

    /// Writes the znode, which is ours, anew.
    func update(isFrozen: Bool) async throws {
        try await member.session.set(path, try record(isFrozen: isFrozen))
    }

    /// Deletes the znode if it is ours.
    func delete() async throws(CoordinationError) {
        guard let stat = try await member.session.exists(path), stat.ephemeralOwner == member.session.id else { return }
        try await member.session.delete(path, version: stat.version)
    }

    private var patience: Duration { member.session.timeout + .seconds(5) }

    private func record(isFrozen: Bool) throws -> [UInt8] {
        var live = LiveInstance.make(
            instance: member.instance, sessionID: member.sessionID, process: member.configuration.processName)
        live.acceptsBatchMessages = true
        live.isFrozen = isFrozen
        return try live.encoded(path: path)
    }

    private struct Holder {
        let stat: Stat
        let session: String
        let process: String
    }

    private func holder() async throws -> Holder? {
        guard let (data, stat) = try await member.session.getIfPresent(path) else { return nil }
        let owner = stat.ephemeralOwner?.description ?? "none: the znode is not ephemeral"
        do throws(RecordError) {
            let live = try LiveInstance(decoding: data, path: path)
            return Holder(stat: stat, session: owner, process: live.process ?? "unknown")
        } catch {
            return Holder(stat: stat, session: owner, process: "unknown: \(error.reason)")
        }
    }

    private func nameTaken(by holder: Holder) -> ParticipantError {
        member.error(
            .nameTaken,
            "\(path) is held by session \(holder.session) of process \(holder.process), still after \(patience). "
                + "Stop that process, or give this one another instance name.")
    }

    private enum Wait: Sendable { case gone, patienceOver, interrupted }

    /// Waits for the znode to be deleted. While this session is not connected nothing can be said: the ensemble may be
    /// without a leader, and then no session expires.
    private func wait(for limit: Duration) async throws -> Wait {
        let watcher = member.session.makeWatcher()
        let states = member.session.states()
        return try await withThrowingTaskGroup(of: Wait.self) { group in
            group.addTask {
                while try await member.session.exists(path, watcher: watcher) != nil {
                    guard await watcher.next() != nil else { throw CancellationError() }
                }
                return .gone
            }
            group.addTask { [clock = member.clock] in
                try await clock.sleep(for: limit)
                return .patienceOver
            }
            group.addTask {
                for await state in states where state != .connected { return .interrupted }
                throw CancellationError()
            }
            defer { group.cancelAll() }
            return try await group.next() ?? .interrupted
        }
    }
}
