import Coordination
import HelixRecords
import MessageQueue
import StateModels

@testable import HelixParticipant

/// A replica table and what it asked for, without any I/O.
struct TableStand {
    var table = ReplicaTable()
    let model: RegisteredModel
    /// Calls that were started and have not returned, by partition.
    var calls: [String: Job] = [:]
    var started: [String] = []
    var cancelled: Set<Job.ID> = []
    var outcomes: [Outcome] = []
    var discarded: [String] = []
    var forgotten: [ReplicaKey] = []
    var handedOverCount = 0
    var pauses: [(key: ReplicaKey, delay: Duration, number: UInt64)] = []
    private var token: Int64 = 0

    init(limit: Int = 40, model: StateModel = .masterSlave) {
        self.model = RegisteredModel(
            reference: ModelReference(model: model.name), model: model
        ) { _ in TransitionTable(initialState: model.initialState, actions: [:]) }
        perform(table.beginSession(limits: TransitionLimits(shared: limit), recorded: []))
    }

    mutating func perform(_ actions: [ReplicaTable.Action]) {
        for action in actions {
            switch action {
            case .start(let job):
                precondition(calls[job.key.partition] == nil, "two calls for \(job.key) overlap")
                calls[job.key.partition] = job
                started.append("\(job.key.partition) \(Self.name(of: job.work))")
            case .cancel(let id): cancelled.insert(id)
            case .record(let outcome): outcomes.append(outcome)
            case .discard(let ids): discarded += ids
            case .forget(let key): forgotten.append(key)
            case .pause(let key, let delay, let number): pauses.append((key, delay, number))
            case .handedOver: handedOverCount += 1
            }
        }
    }

    static func name(of work: Job.Work) -> String {
        switch work {
        case .transition(let step): "\(step.from)-\(step.to)"
        case .suspend: "suspend"
        case .resume: "resume"
        case .reset: "reset"
        }
    }

    mutating func received(
        _ id: String, _ partitions: [String], _ from: String, _ to: String, resource: String = "db",
        type: MessageType = .stateTransition, token given: Int64? = nil, retries: Int? = nil,
        correlation: String? = nil
    ) -> ReceivedMessage {
        token += 1
        var message = Message(id: id, type: type)
        message.resource = resource
        message.partitions = partitions
        message.fromState = from
        message.toState = to
        message.source = "controller"
        message.record.simpleFields["RETRY_COUNT"] = retries.map { String($0) }
        message.correlationID = correlation
        var stat = Stat()
        stat.createdZxid = given ?? token
        return ReceivedMessage(id: id, message: message, stat: stat)
    }

    mutating func accept(
        _ id: String, _ partitions: String..., from: String, to: String, resource: String = "db", token: Int64? = nil,
        retries: Int? = nil, correlation: String? = nil
    ) {
        let message = received(
            id, partitions, from, to, resource: resource, token: token, retries: retries, correlation: correlation)
        perform(table.accept(message, model: model))
    }

    mutating func cancel(_ id: String, _ partition: String, from: String, to: String) {
        let message = received(id, [partition], from, to, type: .cancellation)
        perform(table.cancel(message))
    }

    /// A partition's state changes by itself.
    mutating func report(_ partition: String, _ from: String, _ to: String, _ detail: String = "") throws(ReportError) {
        let change = SelfChange(from: from, to: to, detail: detail)
        perform(try table.report(change, of: ReplicaKey(resource: "db", partition: partition), now: 5))
    }

    /// The handler of a partition returns.
    mutating func finish(_ partition: String, _ result: TransitionResult = .completed) {
        guard let job = calls.removeValue(forKey: partition) else { preconditionFailure("\(partition) has no call") }
        perform(table.finished(job, result, start: 100, now: 200))
    }

    /// Brings a partition to a state and forgets how.
    mutating func bring(_ partition: String, to states: String..., resource: String = "db") {
        var state = model.initialState
        for next in states {
            accept("bring \(partition) \(next)", partition, from: state, to: next, resource: resource)
            finish(partition)
            state = next
        }
        clearRecord()
    }

    mutating func clearRecord() {
        started = []
        cancelled = []
        outcomes = []
        discarded = []
        forgotten = []
    }

    func state(_ partition: String, resource: String = "db") -> String? {
        table.entries[ReplicaKey(resource: resource, partition: partition)]?.state
    }

    /// All messages that were said to be done with.
    var closed: [String] { discarded + outcomes.flatMap(\.finished) }
}
