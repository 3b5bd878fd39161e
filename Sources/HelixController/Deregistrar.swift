import Coordination
import HelixRecords
import Logging
import RebalancePipeline

/// Drops instances that have been offline for too long, off the way of transitions (protocol reference 6.10).
///
/// Each goes in a transaction that fails if the instance has come back, even if it has gone again meanwhile.
struct Deregistrar: Sendable {
    private let office: Office
    private let context: ControllerContext
    private let journal: JournalKeeper
    private let departed = Mailbox<DepartedInstance>()

    init(office: Office, context: ControllerContext, journal: JournalKeeper) {
        self.office = office
        self.context = context
        self.journal = journal
    }

    /// Asks for instances to be dropped.
    func drop(_ instances: [DepartedInstance]) {
        if !instances.isEmpty { departed.post(contentsOf: instances) }
    }

    /// - Throws: `Deposed`; `CoordinationError` when the session is over.
    func run() async throws {
        while let batch = await departed.next() {
            let latest = Dictionary(batch.map { ($0.name, $0) }) { _, last in last }
            for instance in latest.values.sorted(by: { $0.name < $1.name }) {
                try await office.session.persistently(context) { try await drop(instance) }
            }
        }
    }

    private func drop(_ instance: DepartedInstance) async throws {
        guard let writes = try await writes(instance) else { return }
        do {
            try await office.session.commit(office.fence + writes)
            context.logger.notice(
                "Dropped an instance that was offline for longer than PARTICIPANT_DEREGISTRATION_TIMEOUT",
                metadata: ["helix.instance": "\(instance.name)"])
            journal.note([
                JournalEvent(
                    at: context.environment.now(), .deregistered, instance: instance.name,
                    "it was offline for longer than PARTICIPANT_DEREGISTRATION_TIMEOUT")
            ])
        } catch {
            if office.isLost(error) { throw Deposed() }
            if error.isTransient || error.endsSession { throw error }
            // It is back, or somebody works on it: then it is looked at again later.
            if [.nodeExists, .badVersion, .notEmpty, .noNode].contains(error.code) { return }
            giveUp(instance, error)
        }
    }

    /// - Returns: `nil` when it is gone, or has been back.
    private func writes(_ instance: DepartedInstance) async throws -> [WriteOperation]? {
        let path = context.paths.instanceHistory(instance.name)
        guard let (data, stat) = try await office.session.getIfPresent(path) else { return nil }
        do throws(RecordError) {
            let history = try ParticipantHistory(decoding: data, path: path)
            guard let since = history.lastOfflineTime, since < instance.goneBefore else { return nil }
        } catch {
            giveUp(instance, error)
            return nil
        }
        let config = try await office.session.subtree(context.paths.instanceConfig(instance.name))
        let work = try await office.session.subtree(context.paths.instance(instance.name))
        let live = context.paths.liveInstance(instance.name)
        return [.create(live), .delete(live)]
            + (config + work).reversed().map { .delete($0, version: $0 == path ? stat.version : nil) }
    }

    private func giveUp(_ instance: DepartedInstance, _ error: any Error) {
        context.logger.warning(
            "An instance that has been offline for long could not be dropped",
            metadata: ["helix.instance": "\(instance.name)", "error": "\(error)"])
    }
}
