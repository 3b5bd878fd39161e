import Coordination
import HelixRecords
import Logging
import RebalancePipeline
import Synchronization

/// Notes in INSTANCES/I/HISTORY when an instance went that could not do so itself (protocol reference 4.12).
final class ParticipantHistories: Sendable {
    private typealias Absence = (instance: String, since: Int64)

    private let office: Office
    private let context: ControllerContext
    private let absences = Mailbox<Absence>()
    private let known = Mutex<Set<String>>([])

    init(office: Office, context: ControllerContext) {
        self.office = office
        self.context = context
    }

    /// Notices who is gone since the last call.
    func follow(_ instances: [ClusterSnapshot.Instance]) {
        let absent = Set(instances.filter { $0.live == nil && !$0.config.isAbsent }.map(\.name))
        let new = known.withLock { known in
            defer { known = absent }
            return absent.subtracting(known)
        }
        guard !new.isEmpty else { return }
        let time = context.environment.now()
        absences.post(contentsOf: new.sorted().map { ($0, time) })
    }

    /// Writes what was noticed.
    /// - Throws: `Deposed`; `CoordinationError` when the session is over.
    func run() async throws {
        while let batch = await absences.next() {
            var left = batch
            while !left.isEmpty {
                left = try await office.session.persistently(context) { try await record(left) }
            }
        }
    }

    /// Many at once: when a leader begins, many instances may be away.
    /// - Returns: those whose history somebody else has just written too.
    private func record(_ absences: [Absence]) async throws -> [Absence] {
        let session = office.session
        let paths = absences.map { context.paths.instanceHistory($0.instance) }
        var entries: [(subject: Absence, operation: WriteOperation)] = []
        for (absence, result) in zip(absences, await session.read(paths.map { .get($0) })) {
            if let write = try write(about: absence, in: result) {
                entries.append((absence, write))
            }
        }
        // One may be back by now, and have said so in what has just been read.
        let live = await session.read(entries.map { .exists(context.paths.liveInstance($0.subject.instance)) })
        entries = try zip(entries, live).compactMap { entry, result in
            if case .stat(.some) = try result.get() { return nil }
            return entry
        }
        return try await office.update(entries, givingUp: giveUp)
    }

    /// - Returns: `nil` when there is nothing to write: it has been said already, or there is no history.
    private func write(
        about absence: Absence, in found: Result<ReadResult, CoordinationError>
    ) throws -> WriteOperation? {
        do {
            guard case .data(let data, let stat) = try found.get() else { return nil }
            let path = context.paths.instanceHistory(absence.instance)
            var history = try ParticipantHistory(decoding: data, path: path)
            guard history.lastOfflineTime == nil else { return nil }
            history.appendOffline(at: absence.since)
            return .set(path, data: try history.encoded(path: path), version: stat.version)
        } catch let error as CoordinationError {
            if error.isTransient || error.endsSession { throw error }
            if error.code != .noNode { giveUp(absence, error) }
        } catch let error as RecordError {
            // One that was never written belongs to an instance that has never been there.
            if !error.isEmpty { giveUp(absence, error) }
        }
        return nil
    }

    private func giveUp(_ absence: Absence, _ error: any Error) {
        context.logger.warning(
            "It could not be noted that an instance went offline",
            metadata: ["helix.instance": "\(absence.instance)", "error": "\(error)"])
    }
}
