import HelixParticipant
import Shared

/// This node's replica of a partition.
///
/// Two rules keep every acknowledged change, whichever node dies:
/// 1. A master acknowledges when *all* slaves that the cluster shows have the change, and there is at least one.
/// 2. A new master first asks all that were slaves, makes them promise to refuse its predecessors, and takes over the
///    newest copy. So it has whatever was acknowledged before, and nothing can be acknowledged any more that it does not have.
actor Partition {
    let name: String
    private let cluster: ClusterView
    private let peers: Peers
    private var role = Role.offline
    private var isSuspended = false
    private var copy = PartitionCopy()
    /// Up to where all slaves were seen to have everything.
    private var settled = Position.zero
    private var queue = Queue()

    private enum Role: Hashable {
        case offline, slave
        case master(token: Int64)
    }

    init(name: String, cluster: ClusterView, peers: Peers) {
        self.name = name
        self.cluster = cluster
        self.peers = peers
    }

    // MARK: Clients

    func get(_ key: String) async -> Reply {
        await inTurn { token in
            // What the last master did not acknowledge must not be seen before it is safe.
            if copy.position != settled, await !settle(nil, token) { return nil }
            return copy.data[key].map { .value($0) } ?? .absent
        }
    }

    func make(_ change: Change) async -> Reply {
        await inTurn { token in
            copy.make(change)
            return await settle(change, token) ? .done(copy.position) : nil
        }
    }

    /// Lets one request after the other be answered, first come, first served, by whoever was the master when it came.
    /// - Parameter body: returns `nil` when the answer cannot be given any more.
    private func inTurn(_ body: (_ token: Int64) async -> Reply?) async -> Reply {
        guard let token = mastership else { return redirection }
        await takeTurn()
        defer { queue.pass() }
        guard mastership == token else { return redirection }
        guard !cluster.slaves(of: name).isEmpty else {
            return .retry("no slave is there that could keep a second copy")
        }
        return await body(token) ?? redirection
    }

    /// The token by which this node is the master, unless it is uncertain whether it still is.
    private var mastership: Int64? {
        guard case .master(let token) = role, !isSuspended, copy.newestToken == token else { return nil }
        return token
    }

    private var redirection: Reply {
        guard let master = cluster.master(of: name) else { return .retry("\(name) has no master now") }
        return .moved(host: master.address.host, port: master.address.port)
    }

    // MARK: The master and its slaves

    /// Waits until all slaves have what this copy has. One that cannot be reached holds everything up until it answers,
    /// or until the cluster shows that it is no slave any more, so that it cannot be promoted.
    /// - Returns: whether that was done while this node was the master.
    private func settle(_ change: Change?, _ token: Int64) async -> Bool {
        let snapshot = copy.snapshot
        var done: Set<String> = []
        while mastership == token {
            let missing = cluster.slaves(of: name).filter { !done.contains($0.name) }
            if missing.isEmpty, !done.isEmpty {
                settled = snapshot.position
                return true
            }
            let reached = await bring(missing, to: snapshot, by: change)
            done.formUnion(reached)
            if reached.count < missing.count || done.isEmpty, await !paused() { return false }
        }
        return false
    }

    /// - Returns: the slaves that have everything now.
    private func bring(_ slaves: [Peer], to snapshot: Snapshot, by change: Change?) async -> [String] {
        await withTaskGroup(of: String?.self) { group in
            for slave in slaves {
                group.addTask { await self.bring(slave, to: snapshot, by: change) ? slave.name : nil }
            }
            var reached: [String] = []
            for await case let name? in group { reached.append(name) }
            return reached
        }
    }

    private nonisolated func bring(_ slave: Peer, to snapshot: Snapshot, by change: Change?) async -> Bool {
        do {
            if let change {
                let follow = Request.follow(partition: name, change, at: snapshot.position)
                switch try await peers.ask(follow, of: slave.address) {
                case .at(snapshot.position): return true
                case .at: break  // it lacks more than this change
                default: return false
                }
            }
            let install = Request.install(partition: name, snapshot)
            return try await peers.ask(install, of: slave.address) == .at(snapshot.position)
        } catch {
            return false  // not reached; it is tried again for as long as it counts
        }
    }

    /// What other nodes ask of this one's copy.
    func answer(_ request: Request) -> Reply {
        switch request {
        case .promise(_, let token): return copy.promise(to: token) ? .at(copy.position) : .refused
        case .copy: return .snapshot(copy.snapshot)
        case .follow(_, let change, let position):
            guard role == .slave else { return .retry("\(name) is no slave here") }
            return copy.follow(change, at: position) ? .at(copy.position) : .refused
        case .install(_, let snapshot):
            guard role == .slave else { return .retry("\(name) is no slave here") }
            return copy.follow(snapshot) ? .at(copy.position) : .refused
        case .get, .change: return .failure("clients' requests have no partition")
        }
    }

    // MARK: Transitions

    /// Copies the partition from its master, if there is one.
    func becomeSlave() async throws {
        while let master = try await cluster.upToDate().master(of: name), try await !takeOver(from: master) {
            try await ContinuousClock().sleep(for: .milliseconds(100))
        }
        role = .slave
        say("SLAVE \(name) at \(copy.position), \(copy.data.count) keys")
    }

    func becomeMaster(token: Int64) async throws {
        guard copy.promise(to: token) else { throw TransitionCancelled() }
        while try await !takeOverNewest(token) { try await ContinuousClock().sleep(for: .milliseconds(100)) }
        copy.lead(with: token)
        isSuspended = false
        role = .master(token: token)
        say("MASTER \(name) token=\(token), \(copy.data.count) keys")
    }

    /// When this returns, nothing is acknowledged here any more. The data stay: they may be the newest that there are.
    func stepDown(to newRole: NewRole) async {
        role = newRole == .slave ? .slave : .offline
        await takeTurn()
        queue.pass()
        say("\(newRole == .slave ? "SLAVE" : "OFFLINE") \(name)")
    }

    enum NewRole { case slave, offline }

    func drop() { copy.drop() }

    func suspend() {
        isSuspended = true
        say("SUSPENDED \(name)")
    }

    func resume() {
        isSuspended = false
        say("RESUMED \(name)")
    }

    /// Takes over the newest copy of all, after each has promised to refuse older masters.
    /// - Returns: false if somebody who may have a newer one could not be asked.
    private func takeOverNewest(_ token: Int64) async throws -> Bool {
        for peer in try await cluster.upToDate().peers(of: name) {
            do {
                switch try await peers.ask(.promise(partition: name, token: token), of: peer.address) {
                case .at(let position) where position > copy.position:
                    guard try await takeOver(from: peer) else { return false }
                case .at: continue
                case .refused: throw TransitionCancelled()
                default: return false
                }
            } catch let error where !(error is TransitionCancelled) && !Task.isCancelled {
                // Whoever is offline has acknowledged nothing that the slaves do not have.
                if peer.isSlave { return false }
            }
        }
        return true
    }

    private func takeOver(from peer: Peer) async throws -> Bool {
        do {
            guard case .snapshot(let snapshot) = try await peers.ask(.copy(partition: name), of: peer.address) else {
                return false
            }
            copy.adopt(snapshot)
            return true
        } catch  where !Task.isCancelled {
            return false
        }
    }

    // MARK: Waiting

    private static let pause = Duration.milliseconds(20)

    /// - Returns: whether it is worth while to go on.
    private func paused() async -> Bool {
        do { try await ContinuousClock().sleep(for: .milliseconds(100)) } catch { return false }
        return true
    }

    private func takeTurn() async {
        guard queue.isTaken else { return queue.isTaken = true }
        await withCheckedContinuation { queue.waiting.append($0) }
    }
}

/// Whose turn it is.
private struct Queue {
    var isTaken = false
    var waiting: [CheckedContinuation<Void, Never>] = []

    mutating func pass() {
        if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
    }
}
