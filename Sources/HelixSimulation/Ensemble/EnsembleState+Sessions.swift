import Coordination

/// Sessions begin, fall silent and end.
extension EnsembleState {
    // MARK: Opening

    mutating func tryToOpen(_ attempt: Int) {
        guard let process = attempts[attempt]?.process else { return }
        schedule(.open(attempt: attempt), after: latency(process.id))
    }

    /// A request for a session arrives at some server.
    mutating func open(_ attempt: Int) {
        guard let request = attempts[attempt] else { return }
        guard request.process.isAlive else { return }  // its task is about to be cancelled
        let server = Int.random(in: servers.indices, using: &random)
        guard isReachable(server, from: request.process.id) else {
            return schedule(
                .retryOpening(attempt: attempt), after: delay(20_000_000...400_000_000), process: request.process.id)
        }
        commitOpening()
        let id = nextSession()
        let session = ClientSession(
            requester: Requester(session: id, as: request.requester), timeout: request.timeout, process: request.process
        )
        let connection = nextID()
        connections[connection] = Connection(session: id, server: server, process: request.process.id)
        session.owner = connection
        sessions[id] = session
        hear(of: id)
        schedule(.opened(attempt: attempt, id), after: latency(request.process.id), process: request.process.id)
    }

    /// The client learns of its session.
    mutating func opened(_ attempt: Int, _ id: SessionID) {
        guard let connection = sessions[id]?.owner, connections[connection]?.isOpenAtClient == true,
            let request = attempts.removeValue(forKey: attempt)
        else {
            // Nobody has it, so that it is never closed.
            sessions[id]?.states.move(to: .closed)
            hangUp(id)
            return tryToOpen(attempt)
        }
        sessions[id]?.connection = connection
        request.continuation.resume(returning: id)
    }

    mutating func giveUp(_ attempt: Int) {
        attempts.removeValue(forKey: attempt)?.continuation.resume(returning: nil)
    }

    // MARK: Silence

    /// The ensemble does not hear of a session any more: it expires if that lasts for its timeout.
    mutating func beginSilence(of id: SessionID, heardAgo: Int64) {
        guard let session = sessions[id], !session.isExpired, !session.isSilent else { return }
        session.silence += 1
        session.isSilent = true
        session.silentSince = now
        let tick = delay(0...(session.timeout / 10))
        schedule(.expire(id, silence: session.silence), after: max(0, session.timeout - heardAgo + tick))
    }

    /// The ensemble hears of a session; of one whose process stands still it was the last time for a while.
    mutating func hear(of id: SessionID) {
        guard let session = sessions[id] else { return }
        session.silence += 1
        session.isSilent = false
        if session.process.isPaused { beginSilence(of: id, heardAgo: 0) }
    }

    /// How long ago a client that was connected was heard of last: it sends something each third of its timeout.
    mutating func timeSinceHeard(_ session: ClientSession) -> Int64 { delay(0...(session.timeout / 3)) }

    mutating func expire(_ id: SessionID, _ silence: Int) {
        guard let session = sessions[id], !session.isExpired, session.isSilent, session.silence == silence else {
            return
        }
        // Without a leader nobody can decide that it is over; the next one begins to count anew.
        guard hasQuorum else { return }
        end(id)
    }

    /// The ensemble ends a session.
    mutating func end(_ id: SessionID) {
        guard let session = sessions[id], !session.isExpired else { return }
        sessions[id]?.isExpired = true
        closed(id)
        commitEnd(of: id)
        guard let connection = session.owner else { return }
        send(.closed, on: connection)
        closeAtServer(connection)
    }

    // MARK: The client

    /// The client ends its session, and waits until the ensemble knows it or cannot be told.
    mutating func close(_ id: SessionID, _ continuation: CheckedContinuation<Void, Never>) {
        guard let session = sessions[id], !session.states.current.isFinal else { return continuation.resume() }
        let connection = session.connection
        finish(id, as: .closed, .closed)
        guard let connection else {
            hangUp(id)
            return continuation.resume()
        }
        closers[id] = continuation
        put(Request(id: nextID(), operations: .close), on: connection)
        connections[connection]?.isOpenAtClient = false
    }

    mutating func closed(_ id: SessionID) { closers.removeValue(forKey: id)?.resume() }

    /// The session is over for the client.
    mutating func finish(_ id: SessionID, as state: SessionState, _ code: CoordinationError.Code) {
        sessions[id]?.states.move(to: state)
        sessions[id]?.failPending(code)
        sessions[id]?.watchers.finishAll()
        sessions[id]?.armed = [:]
        sessions[id]?.connection = nil
    }

    /// The client gives up a connection, or learns that it is gone; it may have been a mere attempt.
    mutating func lose(_ id: Int) {
        guard let connection = connections[id], connection.isOpenAtClient,
            let session = sessions[connection.session]
        else { return }
        hangUp(connection, id)
        guard !session.states.current.isFinal else { return }
        if session.connection == id {
            session.connection = nil
            session.states.move(to: .suspended)
            session.suspendedSince = session.suspendedSince ?? now
            session.failPending(.connectionLoss)
        }
        scheduleReconnect(connection.session, within: 200_000_000)
    }

    /// The client closes all connections of a session.
    mutating func hangUp(_ id: SessionID) {
        for number in connections.keys.sorted() {
            guard let connection = connections[number], connection.session == id, connection.isOpenAtClient else {
                continue
            }
            hangUp(connection, number)
        }
    }

    /// The client closes a connection: what is on its way may still arrive, if it gets through.
    private mutating func hangUp(_ connection: Connection, _ id: Int) {
        connection.isOpenAtClient = false
        guard connection.isOpenAtServer else { return connections[id] = nil }
        if !isBlocked(connection) { schedule(.closeAtServer(id), after: delay(0...20_000_000)) }
    }

    private mutating func scheduleReconnect(_ id: SessionID, within limit: Int64) {
        guard let process = sessions[id]?.process.id else { return }
        schedule(.reconnect(id), after: delay(5_000_000...limit), process: process)
    }

    mutating func reconnect(_ id: SessionID) {
        guard let session = sessions[id], session.process.isAlive, !session.states.current.isFinal,
            session.connection == nil
        else { return }
        let server = Int.random(in: servers.indices, using: &random)
        guard isReachable(server, from: session.process.id) else {
            return scheduleReconnect(id, within: min(1_000_000_000, session.timeout / 3))
        }
        let connection = nextID()
        connections[connection] = Connection(session: id, server: server, process: session.process.id)
        schedule(.handshake(connection), after: latency(session.process.id))
    }

    /// A server meets a client that had been connected before.
    mutating func shakeHands(_ id: Int) {
        guard let connection = connections[id], let session = sessions[connection.session] else { return }
        guard connection.isOpenAtServer, session.process.isAlive, !session.states.current.isFinal,
            isReachable(connection.server, from: connection.process)
        else {
            connections[id] = nil
            return scheduleReconnect(connection.session, within: 1_000_000_000)
        }
        if session.isExpired { return send(.expired, on: id) }
        // A client that has seen more than this server would see it go back.
        if servers[connection.server].tree.zxid < session.lastZxid { return send(.refused, on: id) }
        if let former = session.owner { breakOff(former) }
        sessions[connection.session]?.owner = id
        hear(of: connection.session)
        send(.connected, on: id)
        armAgain(session, on: id)
    }

    /// The watches of a client move to another server: what has happened meanwhile is told at once.
    private mutating func armAgain(_ session: ClientSession, on id: Int) {
        guard let server = connections[id]?.server else { return }
        for subject in session.armed.keys.sorted() {
            if let kind = servers[server].tree.missed(subject, since: session.lastZxid) {
                send(.event(WatchEvent(path: subject.path, kind: kind)), on: id)
            } else {
                servers[server].arm(subject, for: id)
            }
        }
    }

    /// The client has not heard of its server for too long.
    mutating func miss(_ id: Int, _ relief: Int) {
        if connections[id]?.relief == relief { lose(id) }
    }
}

extension ZnodeTree {
    /// What a watch has missed since a transaction.
    fileprivate func missed(_ subject: WatchSubject, since zxid: Int64) -> WatchEvent.Kind? {
        let stat = stat(of: subject.path)
        switch subject.kind {
        case .creation: return stat == nil ? nil : .created
        case .data:
            guard let stat else { return .deleted }
            return stat.modifiedZxid > zxid ? .dataChanged : nil
        case .children:
            guard let stat else { return .deleted }
            return stat.childrenModifiedZxid > zxid ? .childrenChanged : nil
        }
    }
}
