public import Coordination
import Synchronization

/// A coordination service of several servers in a simulated world, with ZooKeeper's promises and everything that can go
/// wrong with it.
///
/// Each process has its own way to it: ``coordination(for:)``.
public final class SimulatedEnsemble: Sendable {
    private let scheduler: Scheduler
    private let state: Mutex<EnsembleState>
    private let observers = Mutex<[@Sendable (CommittedTransaction) -> Void]>([])

    init(scheduler: Scheduler, servers: Int) {
        precondition(servers > 0, "an ensemble has at least one server, not \(servers)")
        self.scheduler = scheduler
        state = Mutex(EnsembleState(random: scheduler.withRandom { $0.split() }, servers: servers))
    }

    /// The service as a process sees it.
    public func coordination(for process: SimulatedProcess) -> SimulatedCoordination {
        SimulatedCoordination(ensemble: self, process: process)
    }

    /// The number of servers.
    public var serverCount: Int { state.withLock { $0.servers.count } }

    /// Calls `body` for every transaction as soon as it is committed, in order, before anybody else learns of it.
    public func observe(_ body: @escaping @Sendable (CommittedTransaction) -> Void) {
        observers.withLock { $0.append(body) }
    }

    /// The data of a znode as the ensemble has committed it, `nil` when there is none.
    public func data(at path: String) -> [UInt8]? { state.withLock { $0.servers[$0.leader].tree.data(of: path) } }

    /// The names of a znode's children as the ensemble has committed them, sorted.
    public func children(of path: String) -> [String] {
        state.withLock { $0.servers[$0.leader].tree.children(of: path) }
    }

    /// The sessions that are not heard of and have not expired yet: those of processes that are gone, and those that have
    /// not found a server again.
    var silentSessions: Int {
        state.withLock { state in
            state.sessions.values.count { !$0.isExpired && ($0.isSilent || !$0.process.isAlive) }
        }
    }

    /// Whether a process is cut off from all servers.
    func isIsolated(_ process: SimulatedProcess) -> Bool {
        state.withLock { state in
            state.servers.indices.allSatisfy { state.blocked.contains(.init(process: process.id, server: $0)) }
        }
    }

    /// For how long a process has known that it has no connection; zero while it has one, or no session.
    package func suspension(of process: SimulatedProcess) -> Duration {
        let now = scheduler.now
        return state.withLock { state in
            let since = state.sessions.values.filter { $0.process === process && !$0.states.current.isFinal }
                .compactMap(\.suspendedSince).min()
            return since.map { .nanoseconds(now - $0) } ?? .zero
        }
    }

    // MARK: Faults

    /// Breaks all connections of a process. Requests that are on their way may be applied or not.
    public func breakConnections(of process: SimulatedProcess) { change { $0.breakConnections(of: process.id) } }

    /// Lets nothing pass between a process and the servers any more, without either noticing at once.
    /// - Parameter servers: the numbers of the servers, from 0; all unless set.
    public func isolate(_ process: SimulatedProcess, from servers: [Int]? = nil) {
        change { $0.block(process.id, from: servers ?? Array($0.servers.indices)) }
    }

    /// Lets everything pass again between a process and the servers.
    public func reconnect(_ process: SimulatedProcess) {
        change { $0.unblock(process.id, from: Array($0.servers.indices)) }
    }

    /// Makes each request of a process break its connection with some probability, before or after it was applied.
    public func setFlakiness(of process: SimulatedProcess, to probability: Double) {
        change { $0.flakiness[process.id] = probability == 0 ? nil : probability }
    }

    /// Makes each packet from and to a process take longer by up to so much.
    public func setSlowness(of process: SimulatedProcess, to most: Duration) {
        change { $0.slowness[process.id] = most == .zero ? nil : most.nanoseconds }
    }

    /// Ends a session, as an operator does or a server that counts wrong.
    public func expire(_ session: SessionID) { change { if $0.hasQuorum { $0.end(session) } } }

    /// Ends all sessions of a process.
    public func expireSessions(of process: SimulatedProcess) {
        for session in state.withLock({ $0.openSessions(of: process.id) }) { expire(session) }
    }

    /// Writes something at once, as somebody does who should not; nothing happens without a leader, or if it is refused.
    /// - Parameter session: who is said to have done it.
    package func interfere(_ operations: [WriteOperation], as session: SessionID) {
        change { state in
            guard state.hasQuorum else { return }
            let requester = Requester(session: session, as: state.anybody)
            _ = state.commit(operations, by: requester, time: Simulation.start + state.now / 1_000_000)
        }
    }

    /// Takes a server down. If it led, or too few are left, nobody is served until there is a leader.
    public func crash(server: Int) { change { $0.crash(server) } }

    /// Brings a server back.
    public func restart(server: Int) { change { $0.restart(server) } }

    /// Lets a server be behind the others: it applies each transaction after a delay from the range.
    public func setLag(ofServer server: Int, to lag: ClosedRange<Duration>) {
        change { $0.servers[server].lag = lag.lowerBound.nanoseconds...lag.upperBound.nanoseconds }
    }

    func paused(_ process: SimulatedProcess) { change { $0.paused(process.id) } }

    func resumed(_ process: SimulatedProcess, after pause: Duration) {
        change { $0.resumed(process.id, after: pause.nanoseconds) }
    }

    func killed(_ process: SimulatedProcess) { change { $0.killed(process.id) } }

    /// Lets go of everybody who watched.
    func tearDown() { observers.withLock { $0 = [] } }

    // MARK: The machinery

    /// Changes the state, and sees to what comes of it.
    @discardableResult
    func change<Value: Sendable>(_ body: (inout EnsembleState) -> Value) -> Value {
        let now = scheduler.now
        let (value, later, committed) = state.withLock { state in
            state.now = now
            let value = body(&state)
            defer { (state.later, state.committed) = ([], []) }
            return (value, state.later, state.committed)
        }
        for next in later {
            scheduler.schedule(after: next.delay, process: next.process) { [self] in
                change { $0.handle(next.event) }
            }
        }
        for transaction in committed { tell(transaction) }
        return value
    }

    private func tell(_ transaction: CommittedTransaction) {
        scheduler.mix { hash in
            hash.mix(UInt64(bitPattern: transaction.zxid))
            hash.mix(UInt64(bitPattern: transaction.session.rawValue))
            for operation in transaction.operations { hash.mix(operation) }
        }
        for observer in observers.withLock({ $0 }) { observer(transaction) }
    }
}

extension TraceHash {
    fileprivate mutating func mix(_ operation: WriteOperation) {
        mix(operation.path.utf8)
        switch operation {
        case .create(_, let data, _, _), .set(_, let data, _): mix(data)
        case .delete, .check: mix(0)
        }
    }
}
