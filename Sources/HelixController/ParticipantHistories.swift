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
            for absence in batch { try await note(absence) }
        }
    }

    private func note(_ absence: Absence) async throws {
        do {
            while try await !office.session.persistently(context, { try await record(absence) }) {}
        } catch let error as CoordinationError where !error.endsSession {
            giveUp(absence, error)
        } catch let error as RecordError {
            // One that was never written belongs to an instance that has never been there.
            if !error.isEmpty { giveUp(absence, error) }
        }
    }

    /// - Returns: `false` when somebody else has just written it too.
    private func record(_ absence: Absence) async throws -> Bool {
        let path = context.paths.instanceHistory(absence.instance)
        guard let (data, stat) = try await office.session.getIfPresent(path) else { return true }
        var history = try ParticipantHistory(decoding: data, path: path)
        guard history.lastOfflineTime == nil else { return true }
        // It may be back by now, and have said so in what has just been read.
        if try await office.session.exists(context.paths.liveInstance(absence.instance)) != nil { return true }
        history.appendOffline(at: absence.since)
        do {
            try await office.write(.set(path, data: try history.encoded(path: path), version: stat.version))
            return true
        } catch let error as CoordinationError where error.code == .badVersion || error.code == .noNode {
            return false
        }
    }

    private func giveUp(_ absence: Absence, _ error: any Error) {
        context.logger.warning(
            "It could not be noted that an instance went offline",
            metadata: ["helix.instance": "\(absence.instance)", "error": "\(error)"])
    }
}
