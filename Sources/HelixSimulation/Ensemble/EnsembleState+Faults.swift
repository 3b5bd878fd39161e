import Coordination

/// What can go wrong in the network and with the servers.
extension EnsembleState {
    func isBlocked(_ connection: Connection) -> Bool {
        blocked.contains(Route(process: connection.process, server: connection.server))
    }

    func isReachable(_ server: Int, from process: Int) -> Bool {
        hasQuorum && !servers[server].isDown && !blocked.contains(Route(process: process, server: server))
    }

    // MARK: The network

    /// Nothing passes between a process and some servers any more.
    mutating func block(_ process: Int, from servers: [Int]) {
        for server in servers where blocked.insert(Route(process: process, server: server)).inserted {
            for id in connections.keys.sorted() {
                guard let connection = connections[id], connection.process == process, connection.server == server,
                    let session = sessions[connection.session]
                else { continue }
                if session.owner == id { beginSilence(of: connection.session, heardAgo: timeSinceHeard(session)) }
                // It counts from when it heard of the server last, which may be before this.
                let patience = delay(session.timeout / 3...session.timeout * 2 / 3)
                let waited = session.isSilent ? now - session.silentSince : 0
                schedule(.miss(id, relief: connection.relief), after: max(0, patience - waited), process: process)
            }
        }
    }

    /// What is stuck passes again, in order.
    mutating func unblock(_ process: Int, from servers: [Int]) {
        for server in servers where blocked.remove(Route(process: process, server: server)) != nil {
            for id in connections.keys.sorted() {
                guard let connection = connections[id], connection.process == process, connection.server == server
                else {
                    continue
                }
                for _ in 0..<connection.stuckRequests { scheduleArrival(on: id) }
                for _ in 0..<connection.stuckPackets { scheduleDelivery(on: id) }
                (connection.stuckRequests, connection.stuckPackets) = (0, 0)
                connection.relief += 1
                hearAgain(id)
            }
        }
    }

    private mutating func hearAgain(_ id: Int) {
        guard let connection = connections[id], connection.isOpenAtServer else { return }
        if connection.isOpenAtClient {
            if sessions[connection.session]?.owner == id { hear(of: connection.session) }
        } else {
            schedule(.closeAtServer(id), after: max(0, connection.nextArrival - now) + 1)
        }
    }

    /// All connections of a process break.
    mutating func breakConnections(of process: Int) {
        for id in openConnections(where: { $0.process == process }) {
            // Either end may notice first.
            if random.chance(0.5) { lose(id) } else { breakOff(id) }
        }
    }

    func openConnections(where predicate: (Connection) -> Bool) -> [Int] {
        connections.filter { $0.value.isOpenAtServer && $0.value.isOpenAtClient && predicate($0.value) }.keys.sorted()
    }

    // MARK: Processes

    func openSessions(of process: Int) -> [SessionID] {
        sessions.filter { $0.value.process.id == process && !$0.value.isExpired }.keys.sorted {
            $0.rawValue < $1.rawValue
        }
    }

    /// A process stands still: nothing is heard of it.
    mutating func paused(_ process: Int) {
        for id in openConnections(where: { $0.process == process }) {
            guard let connection = connections[id], let session = sessions[connection.session] else { continue }
            beginSilence(of: connection.session, heardAgo: timeSinceHeard(session))
        }
    }

    /// A process goes on. If it stood still for long its client gives the connection up, but not before it has looked.
    mutating func resumed(_ process: Int, after pause: Int64) {
        for id in openConnections(where: { $0.process == process }) {
            guard let connection = connections[id], let session = sessions[connection.session] else { continue }
            if pause > delay(session.timeout / 3...session.timeout * 2 / 3) {
                schedule(.miss(id, relief: connection.relief), after: delay(0...5_000_000), process: process)
            } else if !isBlocked(connection), session.owner == id {
                hear(of: connection.session)
            }
        }
    }

    /// A process is gone; its sessions are not.
    mutating func killed(_ process: Int) {
        for (id, session) in sessions.sorted(by: { $0.key.rawValue < $1.key.rawValue })
        where session.process.id == process && !session.states.current.isFinal {
            finish(id, as: .closed, .closed)
            hangUp(id)
        }
    }

    // MARK: Servers

    /// A server is gone; its clients look for another. Without it there may be no leader for a while.
    mutating func crash(_ server: Int) {
        guard !servers[server].isDown else { return }
        servers[server].isDown = true
        let up = servers.count { !$0.isDown }
        let isLost = server == leader || up * 2 <= servers.count
        for id in openConnections(where: { isLost || $0.server == server }) { drop(id) }
        for id in connections.keys.sorted() where isLost || connections[id]?.server == server { closeAtServer(id) }
        guard isLost else { return }
        hasQuorum = false
        schedule(.elect, after: delay(200_000_000...2_000_000_000))
    }

    private mutating func drop(_ id: Int) {
        send(.closed, on: id)
        closeAtServer(id)
    }

    mutating func restart(_ server: Int) {
        guard servers[server].isDown else { return }
        servers[server].isDown = false
        if hasQuorum { return scheduleApply(on: server) }
        schedule(.elect, after: delay(200_000_000...2_000_000_000))
    }
}
