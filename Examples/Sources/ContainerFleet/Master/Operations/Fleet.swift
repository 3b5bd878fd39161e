import Coordination
import FleetJobs
import FleetModel
import HelixAdmin
import Synchronization

/// What can be asked of a fleet, through one of its masters.
///
/// Questions are answered from memory. Requests are checked against the store, and written in one transaction that fails
/// if anything they were checked against has changed; the leading master does the rest.
public final class Fleet: Sendable {
    /// The cluster.
    public let cluster: String
    /// The master that answers.
    public let master: String
    let clock: any Clock<Duration>
    /// Milliseconds since 1970.
    let now: @Sendable () -> Int64
    private let access: RecordAccess

    private struct State {
        var view = FleetView()
        var session: (any CoordinationSession)?
    }

    private let state = Mutex(State())
    let changes = ChangeSignal()

    init(
        cluster: String, master: String, clock: any Clock<Duration>, access: RecordAccess,
        now: @escaping @Sendable () -> Int64
    ) {
        self.access = access
        self.cluster = cluster
        self.master = master
        self.clock = clock
        self.now = now
    }

    // MARK: What the master knows

    /// All that the master knows now.
    public var view: FleetView { state.withLock(\.view) }

    func publish(_ change: (inout FleetView) -> Void) {
        state.withLock { change(&$0.view) }
        changes.send()
    }

    func open(_ session: (any CoordinationSession)?) { state.withLock { $0.session = session } }

    /// Brings the tasks up to date.
    func look(now: Int64) -> (FleetView, TaskBoard.Changes) {
        let result = state.withLock { state in
            guard let table = state.view.table else { return (state.view, TaskBoard.Changes()) }
            let changes = state.view.board.take(table, state.view.identities, now: now)
            return (state.view, changes)
        }
        changes.send()
        return result
    }

    // MARK: Requests

    private var session: any CoordinationSession {
        get throws {
            if let session = state.withLock(\.session), session.state != .closed { return session }
            throw FleetError(
                .storeUnavailable, "the master \(master) has no connection to the store",
                cure: "try again, or ask another master")
        }
    }

    /// The fleet's records, as the store has them now.
    public var store: FleetStore {
        get throws { FleetStore(cluster: cluster, session: try session, now: now, access: access) }
    }

    /// Does something with the records, and says in the fleet's words what went wrong.
    func request<Value>(_ body: (FleetStore, Administrator) async throws -> Value) async throws -> Value {
        do {
            let store = try store
            try await store.catchUp()
            return try await body(store, Administrator(session: store.session, now: now))
        } catch let error as CoordinationError {
            throw FleetError(
                .storeUnavailable, "the store did not answer: \(error)",
                cure: "look whether it was done, and try again")
        } catch let error as AdministrationError {
            let code: FleetError.Code = error.code == .doesNotExist ? .hostNotFound : .conflict
            throw FleetError(code, error.message, cure: "look at the host, and try again")
        }
    }

    /// Waits until something holds of what the master knows.
    /// - Parameter timeout: how long at most; as long as it takes unless set.
    /// - Returns: what the condition gave, `nil` when the time was over.
    func awaiting<Value: Sendable>(
        _ timeout: Duration? = nil, _ condition: @escaping @Sendable (FleetView) throws -> Value?
    ) async throws -> Value? {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    let version = self.changes.version
                    if let value = try condition(self.view) { return value }
                    await self.changes.wait(after: version)
                }
                return nil
            }
            if let timeout {
                let clock = clock
                group.addTask {
                    try? await clock.sleep(for: timeout)
                    return nil
                }
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    func note(_ store: FleetStore, _ topic: String, _ subject: String, _ text: String) async throws {
        try await store.append([FleetEvent(topic: topic, subject: subject, text: text, time: now())])
    }
}

extension Fleet {
    /// The master's time, in milliseconds since 1970.
    public var time: Int64 { now() }
}
