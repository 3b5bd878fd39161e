import Coordination

/// Requests arrive, are done in order, and are answered.
extension EnsembleState {
    // MARK: At the client

    /// The client sends a request, or learns at once that it cannot.
    mutating func submit(
        _ operations: Request.Operations, in id: SessionID, _ continuation: CheckedContinuation<[Answered], Never>
    ) {
        var pending = PendingRequest(operations: operations, continuation: continuation)
        guard let session = sessions[id], let connection = session.connection, session.process.isAlive else {
            let code = failure(of: id)
            pending.answers = (0..<operations.count).map { .failure(operations.error(code, at: $0)) }
            return continuation.resume(returning: pending.answers)
        }
        let request = Request(id: nextID(), operations: operations)
        sessions[id]?.pending[request.id] = pending
        put(request, on: connection)
    }

    /// Why nothing can be asked for now.
    private func failure(of id: SessionID) -> CoordinationError.Code {
        guard let session = sessions[id], session.process.isAlive else { return .closed }
        switch session.states.current {
        case .expired: return .sessionExpired
        case .closed: return .closed
        case .connected, .suspended: return .connectionLoss
        }
    }

    /// A request goes on its way.
    mutating func put(_ request: Request, on id: Int) {
        connections[id]?.requestsUnderWay.append(request)
        scheduleArrival(on: id)
    }

    mutating func scheduleArrival(on id: Int) {
        guard let connection = connections[id] else { return }
        connection.nextArrival = max(connection.nextArrival, now + latency(connection.process))
        schedule(.arrive(id), after: connection.nextArrival - now)
    }

    /// A packet reaches the client.
    mutating func deliver(on id: Int) {
        guard let connection = connections[id], connection.isOpenAtClient,
            let session = sessions[connection.session], session.process.isAlive
        else { return }
        if isBlocked(connection) {
            connection.stuckPackets += 1
            return
        }
        let packet = connection.packetsUnderWay.removeFirst()
        guard !session.states.current.isFinal else { return }
        switch packet {
        case .connected:
            sessions[connection.session]?.connection = id
            session.states.move(to: .connected)
            session.suspendedSince = nil
        case .refused:
            connections[id] = nil
            schedule(.reconnect(connection.session), after: delay(5_000_000...100_000_000), process: connection.process)
        case .expired:
            connections[id] = nil
            finish(connection.session, as: .expired, .sessionExpired)
        case .answers(let request, let answers, let zxid): take(answers, to: request, zxid, connection.session)
        case .event(let event): sessions[connection.session]?.deliver(event)
        case .closed: lose(id)
        }
    }

    private mutating func take(_ answers: [Answered], to id: Int, _ zxid: Int64, _ session: SessionID) {
        sessions[session]?.lastZxid = max(sessions[session]?.lastZxid ?? 0, zxid)
        guard var request = sessions[session]?.pending[id] else { return }
        if case .reads(let operations) = request.operations {
            for (operation, answer) in zip(operations[request.answers.count...], answers) {
                guard case .success(.read(let result)) = answer else { continue }
                sessions[session]?.arm(operation, result)
            }
        }
        request.answers += answers
        guard request.answers.count == request.operations.count else {
            sessions[session]?.pending[id] = request
            return
        }
        sessions[session]?.pending[id] = nil
        request.continuation.resume(returning: request.answers)
    }

    // MARK: At the server

    /// A packet goes on its way to the client.
    mutating func send(_ packet: Packet, on id: Int) {
        guard let connection = connections[id], connection.isOpenAtServer else { return }
        connection.packetsUnderWay.append(packet)
        scheduleDelivery(on: id)
    }

    mutating func scheduleDelivery(on id: Int) {
        guard let connection = connections[id] else { return }
        connection.nextDelivery = max(connection.nextDelivery, now + latency(connection.process))
        schedule(.deliver(id), after: connection.nextDelivery - now, process: connection.process)
    }

    mutating func arrive(on id: Int) {
        guard let connection = connections[id] else { return }
        if isBlocked(connection) {
            connection.stuckRequests += 1
            return closed(connection.session)
        }
        let request = connection.requestsUnderWay.removeFirst()
        // A session that has moved on speaks through its new connection only.
        guard connection.isOpenAtServer, sessions[connection.session]?.owner == id,
            sessions[connection.session]?.isExpired == false
        else { return closed(connection.session) }
        let breaks = random.chance(flakiness[connection.process] ?? 0)
        if breaks, random.chance(0.5) { return breakOff(id) }
        connections[id]?.inbox.append(request)
        work(on: id)
        if breaks { breakOff(id) }
    }

    /// A connection breaks.
    mutating func breakOff(_ id: Int) {
        send(.closed, on: id)
        closeAtServer(id)
    }

    /// Does what has arrived, as far as nothing has to be waited for.
    mutating func work(on id: Int) {
        while let connection = connections[id], connection.isOpenAtServer, connection.awaitedEntry == nil,
            !connection.isBusy, var request = connection.inbox.first
        {
            guard hasQuorum else { return }
            connections[id]?.inbox.removeFirst()
            let left = request.operations.count - request.done
            let count = left > 1 && random.chance(0.05) ? Int.random(in: 1...left, using: &random) : left
            let end = logEnd
            let answers = (request.done..<request.done + count).map { perform($0, of: request, connection, id) }
            request.done += count
            if case .close = request.operations { return }
            if count < left {
                connections[id]?.inbox.insert(request, at: 0)
                connections[id]?.isBusy = true
                schedule(.goOn(id), after: delay(10_000...2_000_000))
            }
            let awaited = request.operations.isSync || logEnd > end ? logEnd : 0
            answer(request.id, answers, on: id, after: awaited)
        }
    }

    private mutating func answer(_ request: Int, _ answers: [Answered], on id: Int, after entry: Int) {
        guard let server = connections[id]?.server else { return }
        let packet = Packet.answers(request: request, answers, zxid: servers[server].tree.zxid)
        guard servers[server].applied < entry else { return send(packet, on: id) }
        connections[id]?.awaitedEntry = entry
        connections[id]?.heldAnswer = packet
        servers[server].waiting.append(id)
        scheduleApply(on: server)
    }

    /// A server has caught up: those who have waited for it are answered.
    mutating func answerWaiting(on server: Int) {
        let waiting = servers[server].waiting
        servers[server].waiting = []
        for id in waiting {
            guard let connection = connections[id], let entry = connection.awaitedEntry,
                case .answers(let request, let answers, _)? = connection.heldAnswer
            else { continue }
            guard entry <= servers[server].applied else {
                servers[server].waiting.append(id)
                continue
            }
            connection.awaitedEntry = nil
            connection.heldAnswer = nil
            send(.answers(request: request, answers, zxid: servers[server].tree.zxid), on: id)
            work(on: id)
        }
    }

    private mutating func perform(
        _ index: Int, of request: Request, _ connection: Connection, _ id: Int
    ) -> Answered {
        guard let session = sessions[connection.session] else { preconditionFailure("a connection has a session") }
        let time = Simulation.start + now / 1_000_000
        switch request.operations {
        case .reads(let operations):
            do throws(CoordinationError) {
                let result = try servers[connection.server].tree.read(operations[index], by: session.requester)
                if operations[index].watcher != nil {
                    servers[connection.server].arm(operations[index].watchSubject(result), for: id)
                }
                return .success(.read(result))
            } catch {
                return .failure(error)
            }
        case .writes(let operations):
            return commit([operations[index]], by: session.requester, time: time).map { .write($0[0]) }
                .mapError(\.withoutIndex)
        case .transactions(let transactions):
            return commit(transactions[index], by: session.requester, time: time).map { .transaction($0) }
        case .sync: return .success(.done)
        case .close:
            end(connection.session)
            return .success(.done)
        }
    }

    mutating func closeAtServer(_ id: Int) {
        guard let connection = connections[id], connection.isOpenAtServer else { return }
        servers[connection.server].forget(id)
        connections[id]?.isOpenAtServer = false
        closed(connection.session)
        connections[id]?.inbox = []
        if !connection.isOpenAtClient { connections[id] = nil }
        guard let session = sessions[connection.session], session.owner == id else { return }
        sessions[connection.session]?.owner = nil
        beginSilence(of: connection.session, heardAgo: timeSinceHeard(session))
    }
}

extension Request.Operations {
    var isSync: Bool {
        if case .sync = self { return true }
        return false
    }
}

extension CoordinationError {
    fileprivate var withoutIndex: CoordinationError {
        var error = self
        error.operationIndex = nil
        return error
    }
}
