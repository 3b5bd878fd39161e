import Coordination
import HelixRecords
import StateModels

/// The replicas of a cluster and the messages under way, as the wire tells of them.
package struct ReplicaWorld: Sendable {
    private struct Place: Hashable {
        let instance: String
        let session: String
    }

    struct Row: Hashable {
        let resource: String
        let partition: String
    }

    private var live: [String: String] = [:]
    /// Sessions that were frozen, and what instances had when their last session ended: that may be kept in between.
    private var frozen: Set<String> = []
    private var left: [String: [String: CurrentState]] = [:]
    private var states: [Place: [String: CurrentState]] = [:]
    /// The znodes of these: the records' own, and their buckets.
    private var heads: [Place: [String: ZNRecord]] = [:]
    private var buckets: [Place: [String: [String: ZNRecord]]] = [:]
    private var messages: [String: [String: Message]] = [:]
    private var models: [String: StateModel] = [:]
    private var idealStates: [String: IdealState] = [:]
    /// How many replicas were wanted before, and until when.
    private var formerReplicas: [String: [(count: Int, until: Duration)]] = [:]
    private var now = Duration.zero
    private var touched: Set<Row> = []
    private var orders = TransitionOrders()
    private var found: [String] = []
    /// How many times a replica has changed its state.
    package private(set) var transitions = 0
    /// How many replicas were or could be in each state after the last transaction that touched the row: what an operator
    /// makes too many by wanting fewer is nobody's fault.
    private var formerCounts: [Row: [String: Int]] = [:]

    /// Takes in a znode that was written, or is gone: by the parts of its path below the cluster's.
    mutating func take(parts: [String], data: [UInt8]?, owner: SessionID?, at time: Duration) {
        now = time
        let path = parts.joined(separator: "/")
        var record: ZNRecord? {
            guard let data else { return nil }
            do { return try ZNRecord(decoding: data, path: path) } catch { return nil }  // somebody spoilt it
        }
        switch (parts.first, parts.count) {
        case ("LIVEINSTANCES", 2):
            if data == nil, let session = live[parts[1]] {
                orders.end(session)
                left[parts[1]] = states[Place(instance: parts[1], session: session)]
            }
            live[parts[1]] =
                data == nil
                ? nil : record?.simpleFields["SESSION_ID"] ?? owner?.description ?? live[parts[1]] ?? ""
            if let session = live[parts[1]], let record, LiveInstance(record: record).isFrozen {
                frozen.insert(session)
            }
            touchAll(of: parts[1])
        case ("STATEMODELDEFS", 2): models[parts[1]] = record.flatMap { try? StateModel(record: $0) }
        case ("IDEALSTATES", 2):
            if case .count(let count)? = idealStates[parts[1]]?.replicas {
                formerReplicas[parts[1], default: []].append((count, time))
            }
            idealStates[parts[1]] = record.map { IdealState(record: $0) }
        case ("INSTANCES", 4) where parts[2] == "MESSAGES":
            touch(messages[parts[1]]?[parts[3]])
            let message = record.map { Message(record: $0) }
            messages[parts[1], default: [:]][parts[3]] = message
            touch(message)
            if let message { orders.note(message, to: parts[1]) }
        case ("INSTANCES", 5) where parts[2] == "CURRENTSTATES":
            heads[Place(instance: parts[1], session: parts[3]), default: [:]][parts[4]] = record
            takeState(of: parts[4], at: Place(instance: parts[1], session: parts[3]), isReport: record != nil)
        case ("INSTANCES", 6) where parts[2] == "CURRENTSTATES":
            let place = Place(instance: parts[1], session: parts[3])
            buckets[place, default: [:]][parts[4], default: [:]][parts[5]] = record
            takeState(of: parts[4], at: place, isReport: record != nil)
        default: break
        }
    }

    /// A current state has changed, or one of its buckets (protocol reference 1.7).
    /// - Parameter isReport: whether somebody wrote it; who tidies up after a session reports nothing.
    private mutating func takeState(of resource: String, at place: Place, isReport: Bool) {
        touch(states[place]?[resource], of: resource)
        var found = heads[place]?[resource]
        if let head = found, head.isBucketized {
            found = head.joined(buckets: (buckets[place]?[resource] ?? [:]).values)
        }
        if let found, isReport { judge(found, of: resource, at: place) }
        states[place, default: [:]][resource] = found.map { CurrentState(record: $0) }
        touch(states[place]?[resource], of: resource)
    }

    /// What a session may report of its replicas, and when.
    private mutating func judge(_ record: ZNRecord, of resource: String, at place: Place) {
        if orders.hasEnded(place.session) {
            found.append(
                "\(place.instance) reports on \(resource) in session \(place.session), which is not live any more")
        }
        let before = states[place]?[resource]?.record.mapFields ?? [:]
        guard let model = CurrentState(record: record).stateModel.flatMap({ models[$0] }) else { return }
        for (partition, fields) in record.mapFields.sorted(by: { $0.key < $1.key }) {
            let former = before[partition]?["CURRENT_STATE"] ?? model.initialState
            guard let state = fields["CURRENT_STATE"], state != former else { continue }
            transitions += 1
            let row = Row(resource: resource, partition: partition)
            let isAsked = orders.covers(row, on: place.instance, in: place.session, to: state)
            let kept = left[place.instance]?[resource]?.record.mapFields[partition]?["CURRENT_STATE"]
            if frozen.contains(place.session), kept == state { continue }
            if !isAsked, model.isUpward(from: former, to: state) {
                found.append(
                    "\(row): \(place.instance) went from \(former) to \(state), which nobody asked of its session")
            }
        }
    }

    private mutating func touch(_ message: Message?) {
        guard let message, let resource = message.resource else { return }
        for partition in message.partitions { touched.insert(Row(resource: resource, partition: partition)) }
    }

    private mutating func touch(_ state: CurrentState?, of resource: String) {
        for partition in (state?.record.mapFields ?? [:]).keys {
            touched.insert(Row(resource: resource, partition: partition))
        }
    }

    private mutating func touchAll(of instance: String) {
        for (place, resources) in states where place.instance == instance {
            for (resource, state) in resources { touch(state, of: resource) }
        }
    }

    /// The state of a replica in a session, `nil` when the session has none or is not live.
    func state(of resource: String, _ partition: String, on instance: String, session: String) -> String? {
        guard live[instance] == session else { return nil }
        return states[Place(instance: instance, session: session)]?[resource]?.record.mapFields[partition]?[
            "CURRENT_STATE"]
    }

    /// Whether an instance is live in a session.
    func isLive(_ instance: String, _ session: String) -> Bool { live[instance] == session }

    package func replicas(of resource: String) -> [String: [String: String]] {
        var replicas: [String: [String: String]] = [:]
        for (instance, session) in live {
            let state = states[Place(instance: instance, session: session)]?[resource]
            for (partition, fields) in state?.record.mapFields ?? [:] {
                replicas[partition, default: [:]][instance] = fields["CURRENT_STATE"]
            }
        }
        return replicas
    }

    /// A replica in ERROR.
    package struct Failure: Sendable, Hashable {
        package let instance: String
        package let partition: String
    }

    /// The replicas of live instances that are in ERROR, by instance and partition.
    package var failedReplicas: [Failure] {
        var failures: [Failure] = []
        for (instance, session) in live.sorted(by: { $0.key < $1.key }) {
            for state in (states[Place(instance: instance, session: session)] ?? [:]).values {
                for (partition, fields) in state.record.mapFields where fields["CURRENT_STATE"] == StateModel.error {
                    failures.append(Failure(instance: instance, partition: partition))
                }
            }
        }
        return failures.sorted { ($0.instance, $0.partition) < ($1.instance, $1.partition) }
    }

    // MARK: Checking

    /// What does not hold where something changed since the last check.
    mutating func check() -> [String] {
        defer { (touched, found) = ([], []) }
        return found
            + touched.sorted { ($0.resource, $0.partition) < ($1.resource, $1.partition) }.flatMap { faults(of: $0) }
    }

    private mutating func faults(of row: Row) -> [String] {
        guard let model = model(of: row.resource) else { return [] }
        var faults: [String] = []
        var present: [String: [String]] = [:]
        var possible: [String: [String]] = [:]
        for (instance, session) in live.sorted(by: { $0.key < $1.key }) {
            let found = states[Place(instance: instance, session: session)]?[row.resource]?.record.mapFields[
                row.partition]
            let current = found?["CURRENT_STATE"]
            if let current {
                present[current, default: []].append(instance)
                possible[current, default: []].append(instance)
            }
            let pending = pending(on: instance, session, row, current ?? model.initialState).filter {
                current != nil || $0.toState != StateModel.dropped  // of a batch this part is done
            }
            for message in pending { possible[message.toState ?? "", default: []].append(instance) }
            let leaders = pending.count { !$0.isOperators }
            if leaders > 1 { faults.append("\(row): \(instance) has \(leaders) transitions under way") }
        }
        let former = formerCounts[row] ?? [:]
        formerCounts[row] = possible.mapValues(\.count)
        for state in model.states {
            guard let bound = bound(of: state, row), let holders = possible[state.name], holders.count > bound,
                holders.count > former[state.name] ?? 0
            else { continue }
            let isPresent = present[state.name]?.count ?? 0 > bound
            faults.append(
                "\(row): \(holders) \(isPresent ? "are" : "could all become") \(state.name), at most \(bound) may be")
        }
        return faults
    }

    private func pending(on instance: String, _ session: String, _ row: Row, _ current: String) -> [Message] {
        (messages[instance] ?? [:]).values.filter { message in
            message.messageType == .stateTransition && message.targetSession == session
                && message.resource == row.resource && message.partitions.contains(row.partition)
                && (message.fromState == current || message.fromState == Message.any) && message.toState != current
        }
    }

    /// How many transitions are under way, by resource; of those that the controller places, which are all that throttles
    /// are about.
    var transitionsUnderWay: [String: Int] {
        var counts: [String: Int] = [:]
        for (instance, session) in live {
            for message in (messages[instance] ?? [:]).values {
                guard message.messageType == .stateTransition, message.targetSession == session,
                    let resource = message.resource, let idealState = idealStates[resource],
                    [.fullAuto, .userDefined].contains(idealState.rebalanceMode)
                else { continue }
                let reported = states[Place(instance: instance, session: session)]?[resource]?.record.mapFields ?? [:]
                counts[resource, default: 0] += message.partitions.count { partition in
                    let current = reported[partition]?["CURRENT_STATE"]
                    // Of a batch this part is done.
                    if current == nil, message.toState == StateModel.dropped { return false }
                    return current != message.toState
                }
            }
        }
        return counts
    }

    /// One replica more than wanted is how a replica moves without a gap.
    private func bound(of state: State, _ row: Row) -> Int? {
        switch state.bound {
        case .atMost(let count): count
        case .replicas:
            replicaBound(of: row.resource)
        case .participants, .unbounded: nil
        }
    }

    /// A leader may still act on what was wanted a moment ago.
    private func replicaBound(of resource: String) -> Int? {
        guard case .count(let count)? = idealStates[resource]?.replicas else { return nil }
        let former = (formerReplicas[resource] ?? []).filter { $0.until > now - .seconds(15) }.map(\.count)
        return ([count] + former).max().map { $0 + 1 }
    }

    private func model(of resource: String) -> StateModel? {
        let reported = states.values.lazy.compactMap { $0[resource]?.stateModel }.first
        return (idealStates[resource]?.stateModel ?? reported).flatMap { models[$0] }
    }
}

extension ReplicaWorld.Row: CustomStringConvertible {
    var description: String { "\(resource)/\(partition)" }
}

extension Message {
    /// Whether only operators send the like: into ERROR, and out of it unless to drop the replica. What they ask and what
    /// the leader asks may cross on their way; the participant carries out one of the two.
    fileprivate var isOperators: Bool {
        toState == StateModel.error || fromState == StateModel.error && toState != StateModel.dropped
    }
}

extension StateModel {
    /// Whether a transition leads to a state of higher priority. A participant goes the other way by itself when it
    /// leaves, or fails.
    fileprivate func isUpward(from: String, to: String) -> Bool {
        guard let from = states.firstIndex(where: { $0.name == from }),
            let to = states.firstIndex(where: { $0.name == to })
        else { return false }
        return to < from
    }
}
