internal import Coordination
internal import HelixRecords
internal import MessageQueue

/// Which message passes something on, and to whom.
struct Relay: Sendable, Hashable {
    let carrier: String
    let target: String
}

/// What is known of a resource's current state: one znode, or, where the resource is spread over buckets, a head and a
/// znode for each bucket (protocol reference 1.7).
struct ResourceAccount: Sendable {
    /// One znode of the record.
    struct Page: Sendable {
        var encoder: CurrentStateEncoder
        /// The znode's version, `nil` when there is no znode.
        var version: Int32?
        /// The first change that the znode does not show yet, `nil` when it shows all.
        var dirtySince: UInt64?
    }

    /// Something to be done once a change is recorded.
    struct Owed<Value: Sendable>: Sendable {
        var value: Value
        let revision: UInt64
    }

    /// The name of the record's own znode among its pages.
    static let head = ""
    /// The bucket of partitions whose names have no number at the end. Readers take the buckets by what is in them.
    private static let unnumbered = "unnumbered"

    /// The record without its partitions.
    private(set) var blank: CurrentState
    private let path: String
    var pages: [String: Page] = [:]
    /// Counts the changes.
    private(set) var revision: UInt64 = 0
    var states: [String: String] = [:]
    var messages: [Owed<String>] = []
    /// Messages that are deleted by themselves, once what came of them is recorded: while a message is there, the
    /// controller reckons with its effect.
    var apart: [String] = []
    /// Messages that are done, with what came of them: those that are answered, and those that carry others.
    var concluded: [Owed<Message>] = []
    /// Whether somebody may have written the znodes since we last saw their versions.
    var isUncertain = false
    /// How many messages of the present batch were gone already.
    var missing = 0
    var failures = 0
    var retryAt: Duration?
    /// When what replicas say of themselves is written at the latest; it goes with anything that is written before.
    var noteDueAt: Duration?
    /// The most bytes of current states in one transaction.
    var byteLimit = 400_000

    /// A record that holds no partition yet.
    init(_ blank: CurrentState, path: String) {
        self.blank = blank
        self.path = path
        pages[Self.head] = page(Self.head)
    }

    var bucketSize: Int { blank.bucketSize }
    var isDirty: Bool { pages.values.contains { $0.dirtySince != nil } }
    var isWritten: Bool { pages.values.contains { $0.version != nil } }

    /// The znode of a page.
    func path(of page: String) -> String { page == Self.head ? path : "\(path)/\(page)" }

    private func page(_ name: String) -> Page {
        var state = blank
        if name != Self.head { state.record.id = name }
        return Page(encoder: CurrentStateEncoder(state, path: path(of: name)))
    }

    private func pageName(of partition: String) -> String {
        bucketSize > 0 ? (try? blank.record.bucketName(of: partition)) ?? Self.unnumbered : Self.head
    }

    // MARK: Changes

    /// When there is something to do though nothing comes in: what failed waits also for what came after it.
    var dueAt: Duration? { retryAt ?? noteDueAt }

    /// What these messages carry is not passed on; the controller sends it when it sees that nobody did.
    mutating func dropRelays(of carriers: Set<String>) {
        for index in concluded.indices where carriers.contains(concluded[index].value.id) {
            for (target, _) in concluded[index].value.relayMessages { concluded[index].value.detach(relayTo: target) }
        }
    }

    /// The same for one that could not be passed on.
    mutating func drop(_ relay: Relay) {
        guard let index = concluded.firstIndex(where: { $0.value.id == relay.carrier }) else { return }
        concluded[index].value.detach(relayTo: relay.target)
    }

    /// Takes in what is to be written.
    mutating func apply(_ outcome: Outcome) {
        let partition = outcome.key.partition
        switch outcome.change {
        case .none: return
        case .correct(let state):
            guard let recorded = states[partition], recorded != state else { return }
            states[partition] = state
            revision += 1
            set(ReplicaState(currentState: state), for: partition)
        case .remove:
            guard states.removeValue(forKey: partition) != nil else { return }
            revision += 1
            set(nil, for: partition)
        case .set(let report):
            states[partition] = report.state
            revision += 1
            set(ReplicaState(report), for: partition)
        case .note(let detail, let state):
            var replica = pages[pageName(of: partition)]?.encoder[partition] ?? ReplicaState(currentState: state)
            guard replica.info ?? "" != detail else { return }
            replica.info = detail
            states[partition] = states[partition] ?? state
            revision += 1
            set(replica, for: partition)
        }
    }

    /// Takes in messages that are done with what was applied last.
    mutating func finish(_ messages: [String], concluding concluded: Message?) {
        self.messages += messages.map { Owed(value: $0, revision: revision) }
        if let concluded { self.concluded.append(Owed(value: concluded, revision: revision)) }
    }

    private mutating func set(_ replica: ReplicaState?, for partition: String) {
        let name = pageName(of: partition)
        if pages[name] == nil { pages[name] = page(name) }
        pages[name]?.encoder.set(replica, for: partition)
        touch(name)
    }

    private mutating func touch(_ name: String) {
        let since = min(pages[name]?.dirtySince ?? .max, max(revision, 1))
        pages[name]?.dirtySince = since
    }

    /// A resource whose last partition went may come back with another model.
    mutating func restart(_ blank: CurrentState) {
        guard states.isEmpty, blank != self.blank else { return }
        self.blank = blank
        revision += 1
        for name in pages.keys.sorted() {
            let empty = page(name).encoder
            pages[name]?.encoder = empty
            if pages[name]?.version != nil { touch(name) }
        }
    }

    /// The record is spread over buckets from now on. One that is spread already stays as it is while the session lasts.
    mutating func spread(bucketSize: Int) {
        guard self.bucketSize == 0, bucketSize > 0 else { return }
        let replicas = pages[Self.head]?.encoder.partitions ?? []
        let whole = pages[Self.head]
        blank.bucketSize = bucketSize
        pages[Self.head] = page(Self.head)
        pages[Self.head]?.version = whole?.version
        revision += 1
        for partition in replicas {
            let name = pageName(of: partition)
            if pages[name] == nil { pages[name] = page(name) }
            pages[name]?.encoder.move(partition, from: whole?.encoder)
            touch(name)
        }
        if whole?.version != nil { touch(Self.head) }
    }

    /// Takes note of what stands in the tree already; what came in before counts more.
    mutating func open(_ state: CurrentState, version: Int32, buckets: [String: Int32]) {
        let isNew = revision == 0
        if isNew { blank = state.withoutPartitions }
        if isNew { pages = [Self.head: page(Self.head)] }
        spread(bucketSize: state.bucketSize)
        for partition in state.partitions where states[partition] == nil {
            states[partition] = state[partition]?.currentState
            let name = pageName(of: partition)
            if pages[name] == nil { pages[name] = page(name) }
            pages[name]?.encoder.set(state[partition], for: partition)
        }
        let isFamiliar = isNew && (bucketSize == 0 || pages.keys.allSatisfy { $0 == Self.head || buckets[$0] != nil })
        found(version, buckets)
        if isFamiliar { return }
        revision += 1
        for name in pages.keys.sorted() where name != Self.head || bucketSize == 0 || state.bucketSize == 0 {
            touch(name)
        }
    }

    /// Which znodes there are, with their versions.
    mutating func found(_ version: Int32?, _ buckets: [String: Int32]) {
        isUncertain = false
        for name in pages.keys { pages[name]?.version = name == Self.head ? version : buckets[name] }
        // Nobody else writes here: what is there and unknown was left by a write whose answer was lost.
        for (name, version) in buckets.sorted(by: { $0.key < $1.key }) where pages[name] == nil {
            pages[name] = page(name)
            pages[name]?.version = version
            touch(name)
        }
    }
}

extension CurrentState {
    fileprivate var withoutPartitions: CurrentState {
        var blank = self
        blank.record.mapFields = [:]
        return blank
    }
}

extension ReplicaState {
    init(_ report: StateReport) {
        self.init(fields: [
            "CURRENT_STATE": report.state, "INFO": report.info, "START_TIME": String(report.startTime),
            "END_TIME": String(report.endTime), "PREVIOUS_STATE": report.previousState,
            "TRIGGERED_BY": report.triggeredBy,
        ])
    }
}
