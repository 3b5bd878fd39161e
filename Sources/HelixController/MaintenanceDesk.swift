import Coordination
import HelixRecords
import Logging
import RebalancePipeline

/// Begins maintenance on the controller's own account, and ends what was begun so (protocol reference 6.8): the signal and
/// its line in the history are one transaction.
struct MaintenanceDesk {
    let office: Office
    let context: ControllerContext

    private var session: any CoordinationSession { office.session }
    private var path: String { context.paths.maintenance }
    private var histories: ControllerHistories { ControllerHistories(office: office, context: context) }

    /// - Parameter known: the signal as far as it is known.
    /// - Returns: the signal as it is now. One that could not be written counts all the same, and so does one that could not
    ///   be deleted: nothing is moved rather than too much.
    /// - Throws: `Deposed`; `CoordinationError` when the session is over.
    func perform(
        _ change: MaintenanceChange, over known: Found<MaintenanceSignal>
    ) async throws -> Found<MaintenanceSignal> {
        let signal = MaintenanceSignal(
            reason: change.text, trigger: .controller, autoTriggerReason: change.trigger,
            at: context.environment.now())
        while true {
            do {
                return try await session.persistently(context) { try await perform(change, signal) }
            } catch let error as CoordinationError where error.isConflict {
                continue  // somebody else has just written too
            } catch let error as CoordinationError where !error.endsSession {
                context.logger.error(
                    "Maintenance should begin or end, and that cannot be written; this leader places nothing",
                    metadata: ["reason": "\(change.text)", "error": "\(error)"])
                return change.isEntering ? .present(signal) : known
            }
        }
    }

    private func perform(
        _ change: MaintenanceChange, _ signal: MaintenanceSignal
    ) async throws -> Found<MaintenanceSignal> {
        // The history first: whoever begins or ends maintenance meanwhile writes it too.
        let history = try await session.getIfPresent(histories.path)
        let present = try await session.getIfPresent(path)
        if change.isEntering, let present { return read(present.data) }
        guard change.isEntering else {
            guard let present else { return .absent }
            let found = read(present.data)
            // A person's is theirs to end.
            guard found.value?.trigger == .controller else { return found }
            try await write(.delete(path, version: present.stat.version), signal, change, over: history)
            return .absent
        }
        try await write(.create(path, data: try signal.encoded(path: path)), signal, change, over: history)
        return .present(signal)
    }

    private func write(
        _ operation: WriteOperation, _ signal: MaintenanceSignal, _ change: MaintenanceChange,
        over found: (data: [UInt8], stat: Stat)?
    ) async throws {
        var operations = [operation]
        do throws(RecordError) {
            operations.append(try line(about: signal, isEntering: change.isEntering, over: found))
        } catch {
            tellUnwritten(error)
        }
        do {
            try await office.commit(operations)
        } catch let error as CoordinationError
            where error.path == histories.path && !error.isTransient && !error.isConflict
        {
            tellUnwritten(error)
            try await office.commit([operation])
        }
        context.logger.warning(
            change.isEntering
                ? "The cluster is in maintenance: nothing is placed anew until it ends" : "Maintenance has ended",
            metadata: ["reason": "\(change.text)"])
    }

    /// A history that cannot be written is no reason to go on moving replicas.
    private func tellUnwritten(_ error: any Error) {
        context.logger.warning("The history could not be written", metadata: ["error": "\(error)"])
    }

    private func line(
        about signal: MaintenanceSignal, isEntering: Bool, over found: (data: [UInt8], stat: Stat)?
    ) throws(RecordError) -> WriteOperation {
        var history = histories.read(found?.data ?? [])
        history.appendMaintenance(signal, isEntering: isEntering, at: signal.timestamp ?? 0)
        let data = try history.encoded(path: histories.path)
        return found.map { .set(histories.path, data: data, version: $0.stat.version) }
            ?? .create(histories.path, data: data)
    }

    private func read(_ data: [UInt8]) -> Found<MaintenanceSignal> {
        do throws(RecordError) {
            return .present(try MaintenanceSignal(decoding: data, path: path))
        } catch {
            return .unreadable(error)
        }
    }
}

extension CoordinationError {
    /// Whether something was there, or was not, that was expected otherwise.
    var isConflict: Bool { code == .badVersion || code == .nodeExists || code == .noNode }
}
