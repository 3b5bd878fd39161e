import Coordination

/// A connection of a session to a server: two streams that keep their order.
final class Connection {
    let session: SessionID
    let server: Int
    let process: Int
    /// What the server has received and not done yet.
    var inbox: [Request] = []
    /// The entry of the log that the server has to apply before it answers.
    var awaitedEntry: Int?
    var heldAnswer: Packet?
    /// Whether the server is in the middle of a request.
    var isBusy = false
    var isOpenAtServer = true
    var isOpenAtClient = true
    /// Counts how often the client has heard of its server again after a silence.
    var hearing = 0
    /// The earliest times at which the next one can arrive, since streams keep their order.
    var nextArrival: Int64 = 0
    var nextDelivery: Int64 = 0
    /// What is on its way, in order: whatever delays the arrival of one delays all behind it.
    var requestsUnderWay: [Request] = []
    var packetsUnderWay: [Packet] = []
    /// How many of these would have arrived, but are stuck in the network.
    var stuckRequests = 0
    var stuckPackets = 0
    /// Counts the times at which the client heard of the server again after it had been cut off.
    var relief = 0

    init(session: SessionID, server: Int, process: Int) {
        self.session = session
        self.server = server
        self.process = process
    }
}

/// A session, as the ensemble and as its client see it.
final class ClientSession {
    let requester: Requester
    let timeout: Int64
    let process: SimulatedProcess
    let states = SessionStates()

    // What the ensemble knows.
    var isExpired = false
    /// The connection that speaks for it now.
    var owner: Int?
    /// Counts the silences, so that one that was broken does not lead to expiry.
    var silence = 0
    var isSilent = false
    var silentSince: Int64 = 0

    // What the client knows.
    var connection: Int?
    /// Since when its client has had no connection, in nanoseconds.
    var suspendedSince: Int64?
    var lastZxid: Int64 = 0
    var pending: [Int: PendingRequest] = [:]
    var watchers = SessionWatchers()
    var armed: [WatchSubject: [Watcher]] = [:]

    init(requester: Requester, timeout: Int64, process: SimulatedProcess) {
        self.requester = requester
        self.timeout = timeout
        self.process = process
    }

    /// Notes that a read was answered, so that its watch is armed.
    func arm(_ operation: ReadOperation, _ result: ReadResult) {
        guard let watcher = operation.watcher else { return }
        let subject = operation.watchSubject(result)
        if armed[subject]?.contains(where: { $0 === watcher }) != true { armed[subject, default: []].append(watcher) }
    }

    /// Hands an event to those who wait for it, to each once.
    func deliver(_ event: WatchEvent) {
        var reached: [Watcher] = []
        for subject in WatchSubject.fired(by: event) {
            for watcher in armed.removeValue(forKey: subject) ?? [] where !reached.contains(where: { $0 === watcher }) {
                reached.append(watcher)
                watcher.deliver(event)
            }
        }
    }

    /// Everything that the client waits for fails.
    func failPending(_ code: CoordinationError.Code) {
        for id in pending.keys.sorted() {
            guard var request = pending.removeValue(forKey: id) else { continue }
            while request.answers.count < request.operations.count {
                request.answers.append(.failure(request.operations.error(code, at: request.answers.count)))
            }
            request.continuation.resume(returning: request.answers)
        }
    }
}

extension ReadOperation {
    /// What its watch waits for.
    func watchSubject(_ result: ReadResult) -> WatchSubject {
        switch (self, result) {
        case (.exists, .stat(nil)): WatchSubject(kind: .creation, path: path)
        case (.children, _): WatchSubject(kind: .children, path: path)
        default: WatchSubject(kind: .data, path: path)
        }
    }
}

extension Request.Operations {
    func error(_ code: CoordinationError.Code, at index: Int) -> CoordinationError {
        switch self {
        case .reads(let operations):
            CoordinationError(code, operation: operations[index].name, path: operations[index].path)
        case .writes(let operations):
            CoordinationError(code, operation: operations[index].name, path: operations[index].path)
        case .transactions(let transactions):
            CoordinationError(code, operation: "commit", path: transactions[index].first?.path)
        case .sync(let path): CoordinationError(code, operation: "sync", path: path)
        case .close: CoordinationError(code, operation: "close")
        }
    }
}
