package import Coordination
import HelixRecords
import StateModels

/// What must hold in a cluster after every transaction, whatever happens to its processes:
///
/// - `bounds`: no bound of a state model is exceeded by the replicas of live sessions, nor could it be by any order in
///   which the transitions under way are carried out.
/// - `one-at-a-time`: no replica is asked for a second transition while the first is under way.
/// - `asked-again`: no replica is asked for a transition from a state that it is not in.
/// - `error-driven`: only operators take a replica out of ERROR, unless it is dropped.
/// - `frozen`: while an ideal state cannot be read nothing is asked for its resource.
/// - `throttled`: a leader begins nothing above the limits that the cluster sets.
/// - `flood`: the same is not asked again and again without a pause.
/// - `deposed`: a session that has led writes only while it leads; and nobody else does what only a leader does.
/// - `resurrected`: a leader does not make the znodes of an instance.
/// - `foreign-state`: only its own session writes a current state.
/// - `bounds` also: no replica rises to a state that nobody asked of its session, and no session reports on replicas
///   once its live instance is gone.
///
/// It knows the wire and nothing of who wrote it.
package struct ClusterInvariants: Sendable {
    package struct Fault: Sendable, Hashable {
        package let rule: String
        package let text: String
    }

    private struct Ask: Hashable {
        let instance: String
        let session: String
        let partition: String
        let from: String
        let to: String
    }

    private let prefix: String
    package private(set) var world = ReplicaWorld()
    /// The session that leads now.
    package private(set) var leader: SessionID?
    private let isStrict: Bool
    private var formerLeaders: Set<SessionID> = []
    private var faults: [Fault] = []
    /// Since when the ideal states of resources cannot be read.
    private var unreadableSince: [String: Duration] = [:]
    /// The partitions that were to be dropped somewhere since then.
    private var droppedUnread: [String: Set<String>] = [:]
    private var asks: [Ask: [Duration]] = [:]
    private var throttles = ThrottleRule()
    /// The resources about which the present transaction has messages of the leader.
    private var begun: Set<String> = []
    /// How often the same may be asked within a second.
    private let asksPerSecond = 12
    /// Sessions of somebody who may break every rule, to see what the others make of it.
    package var outsiders: Set<SessionID> = []

    /// - Parameters:
    ///   - chroot: the path on the server under which the cluster's znode is.
    ///   - isStrict: whether all of it was made here: then only its own session writes a current state, and the leader
    ///     asks for nothing that begins in a state that the replica is not in.
    package init(cluster: String, chroot: String = "", isStrict: Bool = true) {
        prefix = "\(chroot)/\(cluster)/"
        self.isStrict = isStrict
    }

    /// Takes in a transaction.
    /// - Returns: what does not hold after it.
    package mutating func take(_ transaction: CommittedTransaction) -> [Fault] {
        faults = []
        for operation in transaction.operations where operation.path.hasPrefix(prefix) {
            take(operation, of: transaction)
        }
        for text in world.check() { note("bounds", text) }
        judgeThrottled(at: transaction.time)
        return faults
    }

    private mutating func note(_ rule: String, _ text: String) { faults.append(Fault(rule: rule, text: text)) }

    private mutating func take(_ operation: WriteOperation, of transaction: CommittedTransaction) {
        let path = String(operation.path.dropFirst(prefix.count))
        let parts = path.split(separator: "/").map(String.init)
        if !transaction.endsSession, !outsiders.contains(transaction.session) {
            judge(operation, path, parts, by: transaction.session, at: transaction.time)
        }
        var owner: SessionID?
        if case .create(_, _, let mode, _) = operation, mode.isEphemeral { owner = transaction.session }
        if path == "CONTROLLER/LEADER" {
            if case .create = operation { elect(transaction.session, isEphemeral: owner != nil) }
            if case .delete = operation { leader = nil }
        }
        if parts.count == 3, parts[1] == "CLUSTER" {
            throttles.take(operation.data.flatMap { try? ZNRecord(decoding: $0, path: path) }, at: transaction.time)
        }
        if parts.count == 2, parts[0] == "IDEALSTATES" { noteIdealState(parts[1], operation, at: transaction.time) }
        world.take(parts: parts, data: operation.data, owner: owner, at: transaction.time)
    }

    private mutating func judgeThrottled(at time: Duration) {
        guard !begun.isEmpty else { return }
        defer { begun = [] }
        let limits = throttles.limits(at: time)
        if limits.isEmpty { return }
        let counts = world.transitionsUnderWay
        if let limit = limits.cluster, case let count = counts.values.reduce(0, +), count > limit {
            note("throttled", "\(count) transitions are under way, \(limit) may be")
        }
        for resource in begun.sorted() {
            guard let limit = limits.resource, let count = counts[resource], count > limit else { continue }
            note("throttled", "\(count) transitions of \(resource) are under way, \(limit) may be")
        }
    }

    /// Whoever takes an unreadable ideal state for none drops everything.
    private mutating func judgeFrozen(_ message: Message, _ instance: String, at time: Duration) {
        guard let resource = message.resource, let since = unreadableSince[resource] else { return }
        if message.toState == StateModel.dropped { droppedUnread[resource, default: []].formUnion(message.partitions) }
        let dropped = droppedUnread[resource]?.count ?? 0
        guard time > since + .seconds(10) || dropped > 5 else { return }
        note(
            "frozen",
            "\(instance) is asked to bring \(message.partitions) from \(message.fromState ?? "") to "
                + "\(message.toState ?? ""), the \(dropped)th to be dropped since the ideal state became unreadable at \(since)"
        )
    }

    private mutating func noteIdealState(_ resource: String, _ operation: WriteOperation, at time: Duration) {
        var isReadable = true
        if let data = operation.data {
            do { _ = try ZNRecord(decoding: data, path: operation.path) } catch { isReadable = false }
        }
        unreadableSince[resource] = isReadable ? nil : unreadableSince[resource] ?? time
        if isReadable { droppedUnread[resource] = nil }
    }

    private mutating func elect(_ session: SessionID, isEphemeral: Bool) {
        if let leader { note("deposed", "a second leader, \(session), beside \(leader)") }
        if !isEphemeral { note("deposed", "the office of \(session) is not ephemeral") }
        leader = session
        formerLeaders.insert(session)
    }

    // MARK: Who may do what

    private mutating func judge(
        _ operation: WriteOperation, _ path: String, _ parts: [String], by session: SessionID, at time: Duration
    ) {
        if path == "CONTROLLER/LEADER", case .create = operation { return }
        if formerLeaders.contains(session), leader != session {
            let holder = leader.map { "\($0) leads" } ?? "nobody leads"
            note("deposed", "\(session), which led before, wrote \(path) while \(holder)")
        } else if let leader, leader != session, let deed = leadersDeed(operation, parts),
            !isPassedOn(operation, parts, by: session)
        {
            note("deposed", "\(session) \(deed) \(path) while \(leader) leads")
        }
        if case .create = operation, leader == session, !mayCreate(parts) {
            note("resurrected", "the leader created \(path)")
        }
        guard isStrict else { return }
        if parts.count == 5, parts[2] == "CURRENTSTATES", parts[3] != session.description {
            // Whoever comes after a session tidies up, but not before it is gone.
            if case .delete = operation, !world.isLive(parts[1], parts[3]) { return }
            note("foreign-state", "session \(session) wrote \(path)")
        }
        judgeMessage(operation, parts, by: session, at: time)
    }

    /// Whether an instance passes on what the leader gave it to pass on (protocol reference 4.9.4).
    private func isPassedOn(_ operation: WriteOperation, _ parts: [String], by session: SessionID) -> Bool {
        guard case .create = operation, let message = message(operation, parts), message.isRelay,
            let carrier = message.relayFrom
        else { return false }
        return world.isLive(carrier, session.description)
    }

    /// What nobody does but the leader, in the past tense: administrators only reset replicas and set them to ERROR.
    private func leadersDeed(_ operation: WriteOperation, _ parts: [String]) -> String? {
        if parts.first == "EXTERNALVIEW", parts.count > 1 { return "wrote" }
        guard case .create = operation, let message = message(operation, parts),
            message.messageType == .stateTransition, message.fromState != StateModel.error,
            message.toState != StateModel.error
        else { return nil }
        return "sent"
    }

    private func message(_ operation: WriteOperation, _ parts: [String]) -> Message? {
        guard parts.count == 4, parts[2] == "MESSAGES", let data = operation.data else { return nil }
        do { return try Message(decoding: data, path: operation.path) } catch { return nil }  // somebody spoilt it
    }

    private func mayCreate(_ parts: [String]) -> Bool {
        switch (parts.first, parts.count) {
        case ("EXTERNALVIEW", 2...3), ("STATEMODELDEFS", 2), ("STATUS", 1...2): true
        case ("TARGETEXTERNALVIEW", 1...3), ("CUSTOMIZEDVIEW", 1...4): true
        case ("CONTROLLER", 2): ["HISTORY", "JOURNAL", "MAINTENANCE"].contains(parts[1])
        case ("INSTANCES", 4): parts[2] == "MESSAGES"
        default: false
        }
    }

    private mutating func judgeMessage(
        _ operation: WriteOperation, _ parts: [String], by session: SessionID, at time: Duration
    ) {
        guard session == leader, case .create = operation, let message = message(operation, parts),
            message.messageType == .stateTransition, let target = message.targetSession
        else { return }
        if message.fromState == StateModel.error, message.toState != StateModel.dropped {
            note(
                "error-driven",
                "\(parts[1]) is asked to bring \(message.partitions) out of ERROR, which only operators do")
        }
        judgeFrozen(message, parts[1], at: time)
        if let resource = message.resource { begun.insert(resource) }
        for partition in message.partitions {
            noteAsk(message, partition, parts[1], target, at: time)
            // Out of ERROR an operator may just have brought it, which the leader could not know yet.
            guard let state = world.state(of: message.resource ?? "", partition, on: parts[1], session: target),
                let from = message.fromState, from != Message.any, from != StateModel.error, from != state
            else { continue }
            note(
                "asked-again",
                "\(parts[1]) is asked to bring \(partition) from \(from) to \(message.toState ?? ""); it is \(state)")
        }
    }

    private mutating func noteAsk(
        _ message: Message, _ partition: String, _ instance: String, _ session: String, at time: Duration
    ) {
        let ask = Ask(
            instance: instance, session: session, partition: partition, from: message.fromState ?? "",
            to: message.toState ?? "")
        var times = (asks[ask] ?? []).filter { $0 > time - .seconds(1) }
        times.append(time)
        asks[ask] = times
        if times.count == asksPerSecond {
            note(
                "flood",
                "\(instance) is asked \(times.count) times a second to bring \(partition) from \(ask.from) to \(ask.to)"
            )
        }
    }
}
