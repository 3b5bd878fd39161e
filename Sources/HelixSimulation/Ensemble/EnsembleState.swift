import Coordination

/// The servers of a coordination service, the sessions, and the network between: a value that is told what happens and
/// says what is to happen later.
///
/// It keeps ZooKeeper's promises and no others. Writes are applied by all servers in one order. A server may be behind;
/// a client never sees it go back, since it refuses clients that have seen more. The requests of a session are done in
/// order. A watch's event comes before the answer to any later read. Ephemeral znodes live until their session was
/// closed, or was not heard of for its timeout.
struct EnsembleState {
    /// A way through the network.
    struct Route: Hashable {
        let process: Int
        let server: Int
    }

    struct Attempt {
        let process: SimulatedProcess
        let requester: Requester
        let timeout: Int64
        let continuation: CheckedContinuation<SessionID?, Never>
    }

    struct Later {
        let delay: Int64
        /// The process that it happens to, if it happens at a client.
        let process: Int?
        let event: EnsembleEvent
    }

    var random: SeededGenerator
    /// Nanoseconds since the start.
    var now: Int64 = 0
    var servers: [Server]
    var leader = 0
    /// Whether a leader leads a majority.
    var hasQuorum = true
    /// What all servers have to apply, from entry ``logStart`` on.
    var log: [LogEntry] = []
    var logStart = 0
    var sessions: [SessionID: ClientSession] = [:]
    var connections: [Int: Connection] = [:]
    var attempts: [Int: Attempt] = [:]
    var blocked: Set<Route> = []
    /// Who waits for the ensemble to know that a session was closed.
    var closers: [SessionID: CheckedContinuation<Void, Never>] = [:]
    /// How likely it is that a process's connection breaks at a request.
    var flakiness: [Int: Double] = [:]
    var slowness: [Int: Int64] = [:]
    private var lastID = 0
    private var lastSession: Int64 = 0x1_0000_0000_0000

    // What has come of the last event.
    var later: [Later] = []
    var committed: [CommittedTransaction] = []

    /// Somebody without credentials.
    let anybody: Requester

    init(random: SeededGenerator, servers count: Int) {
        do {
            anybody = try Requester(session: SessionID(rawValue: 0))
        } catch {
            preconditionFailure("nobody is refused for want of credentials: \(error)")
        }
        self.random = random
        servers = Array(repeating: Server(), count: count)
    }

    mutating func nextID() -> Int {
        lastID += 1
        return lastID
    }

    mutating func nextSession() -> SessionID {
        lastSession += 1
        return SessionID(rawValue: lastSession)
    }

    var logEnd: Int { logStart + log.count }

    // MARK: What happens

    mutating func handle(_ event: EnsembleEvent) {
        switch event {
        case .open(let attempt): open(attempt)
        case .opened(let attempt, let session): opened(attempt, session)
        case .retryOpening(let attempt): tryToOpen(attempt)
        case .handshake(let connection): shakeHands(connection)
        case .arrive(let connection): arrive(on: connection)
        case .deliver(let connection): deliver(on: connection)
        case .goOn(let connection):
            connections[connection]?.isBusy = false
            work(on: connection)
        case .apply(let server):
            servers[server].isApplyScheduled = false
            applyDue(on: server)
        case .expire(let session, let silence): expire(session, silence)
        case .reconnect(let session): reconnect(session)
        case .closeAtServer(let connection): closeAtServer(connection)
        case .miss(let connection, let relief): miss(connection, relief)
        case .elect: elect()
        }
    }

    mutating func schedule(_ event: EnsembleEvent, after delay: Int64, process: Int? = nil) {
        later.append(Later(delay: delay, process: process, event: event))
    }

    mutating func delay(_ range: ClosedRange<Int64>) -> Int64 { Int64.random(in: range, using: &random) }

    /// The time that a packet takes: mostly less than a millisecond, now and then more.
    mutating func latency(_ process: Int) -> Int64 {
        let usual = random.chance(0.02) ? delay(1_000_000...20_000_000) : delay(50_000...500_000)
        guard let most = slowness[process] else { return usual }
        return usual + delay(0...most)
    }

    // MARK: The log

    /// Commits an entry: the leader applies it at once, the others by and by.
    mutating func commit(
        _ operations: [WriteOperation], by requester: Requester, time: Int64
    ) -> Result<[WriteResult], CoordinationError> {
        let result: Result<ZnodeTree.Applied, CoordinationError>
        do throws(CoordinationError) {
            result = .success(try servers[leader].tree.apply(operations, by: requester, at: time))
        } catch {
            result = .failure(error)
        }
        append(.transaction(operations, requester, time: time))
        guard case .success(let applied) = result else { return result.map(\.results) }
        note(operations, applied.results, by: requester.session)
        fire(applied.events, at: leader)
        return .success(applied.results)
    }

    mutating func commitOpening() {
        servers[leader].tree.nextZxid()
        append(.openSession)
    }

    mutating func commitEnd(of session: SessionID) {
        let deletions = servers[leader].tree.ephemerals(of: session).map { WriteOperation.delete($0) }
        let events = servers[leader].tree.endSession(session)
        append(.endSession(session))
        committed.append(
            CommittedTransaction(
                zxid: servers[leader].tree.zxid, session: session, time: .nanoseconds(now), operations: deletions,
                endsSession: true))
        fire(events, at: leader)
    }

    private mutating func append(_ entry: LogEntry) {
        log.append(entry)
        servers[leader].applied = logEnd
        for server in servers.indices where server != leader { scheduleApply(on: server) }
    }

    private mutating func note(_ operations: [WriteOperation], _ results: [WriteResult], by session: SessionID) {
        var changes: [WriteOperation] = []
        for (operation, result) in zip(operations, results) {
            switch (operation, result) {
            case (.check, _): continue
            case (.create(_, let data, let mode, let acl), .created(let path)):
                changes.append(.create(path, data: data, mode: mode, acl: acl))
            default: changes.append(operation)
            }
        }
        guard !changes.isEmpty else { return }
        committed.append(
            CommittedTransaction(
                zxid: servers[leader].tree.zxid, session: session, time: .nanoseconds(now), operations: changes,
                endsSession: false))
    }

    mutating func scheduleApply(on server: Int) {
        guard !servers[server].isApplyScheduled, !servers[server].isDown, servers[server].applied < logEnd else {
            return
        }
        servers[server].isApplyScheduled = true
        schedule(.apply(server: server), after: delay(servers[server].lag))
    }

    /// Applies what a server has received by now: all of it, or a part.
    private mutating func applyDue(on server: Int) {
        guard !servers[server].isDown, server != leader else { return }
        let count = logEnd - servers[server].applied
        guard count > 0 else { return }
        apply(random.chance(0.8) ? count : Int.random(in: 1...count, using: &random), on: server)
        scheduleApply(on: server)
    }

    mutating func apply(_ count: Int, on server: Int) {
        for _ in 0..<count {
            let entry = log[servers[server].applied - logStart]
            fire(servers[server].apply(entry), at: server)
        }
        answerWaiting(on: server)
        trimLog()
    }

    private mutating func trimLog() {
        guard log.count > 512, let least = servers.map(\.applied).min(), least - logStart > 256 else { return }
        log.removeFirst(least - logStart)
        logStart = least
    }

    private mutating func fire(_ events: [WatchEvent], at server: Int) {
        for event in events {
            for connection in servers[server].fire(event) { send(.event(event), on: connection) }
        }
    }

    // MARK: Leaders

    /// A new leader leads as soon as a majority is up: the one that has applied most.
    private mutating func elect() {
        let up = servers.indices.filter { !servers[$0].isDown }
        guard !hasQuorum, up.count * 2 > servers.count else { return }
        guard let best = up.max(by: { servers[$0].applied < servers[$1].applied }) else { return }
        // What was committed is known to a majority, so to somebody who is up.
        apply(logEnd - servers[best].applied, on: best)
        leader = best
        hasQuorum = true
        for server in up where server != best { scheduleApply(on: server) }
        // It cannot know how long each session had not been heard of.
        for id in sessions.keys.sorted(by: { $0.rawValue < $1.rawValue }) where sessions[id]?.isSilent == true {
            sessions[id]?.isSilent = false
            beginSilence(of: id, heardAgo: 0)
        }
    }
}
