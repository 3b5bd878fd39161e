/// What happened in a cluster and why, as its leaders have seen it: `/CONTROLLER/JOURNAL`. Java neither reads nor writes it.
///
/// It is bounded in number and in bytes: the oldest events go. Indices only grow, also from one leader to the next, so
/// that whoever has read up to one goes on from there.
public struct Journal: RecordView {
    /// The record behind the view.
    public var record: ZNRecord
    /// The view of a record.
    public init(record: ZNRecord) { self.record = record }

    /// A journal without events.
    public init() { self.init(id: "JOURNAL") }

    /// How many events are kept.
    public static let limit = 500
    /// How many bytes of events are kept.
    public static let byteLimit = 100_000

    /// NEXT_INDEX: the index of the next event; 1 for the first, and where it says what no leader can have come to.
    public var nextIndex: Int64 {
        get { record[timestamp: "NEXT_INDEX"].flatMap { (1...Int64.max / 2).contains($0) ? $0 : nil } ?? 1 }
        set { record[timestamp: "NEXT_INDEX"] = newValue }
    }

    /// The events, the newest last. What cannot be read, because a later version wrote it, is left out.
    public var events: [JournalEvent] { texts.compactMap(JournalEvent.init(text:)) }

    /// The texts of the events, as they stand in EVENTS.
    package var texts: [String] { record[list: "EVENTS"] }

    /// The events about what is still wrong, as far as the leader of now has told: those of kind `problem` that no
    /// `solved` has followed.
    public var openProblems: [JournalEvent] {
        var open: [JournalEvent] = []
        for event in events {
            switch event.kind {
            case .leader: open = []
            case .problem: open.append(event)
            case .solved:
                open.removeAll {
                    ($0.resource, $0.partition, $0.text) == (event.resource, event.partition, event.text)
                }
            default: continue
            }
        }
        return open
    }

    /// Adds events, which get the next indices, and lets the oldest go.
    public mutating func append(_ events: [JournalEvent]) {
        var index = nextIndex
        var texts = texts
        for var event in events {
            event.index = index
            texts.append(event.wireText)
            index += 1
        }
        nextIndex = index
        var (kept, bytes) = (0, 0)
        for text in texts.reversed() {
            bytes += text.utf8.count
            if kept == Self.limit || bytes > Self.byteLimit { break }
            kept += 1
        }
        record[list: "EVENTS"] = Array(texts.suffix(kept))
    }
}

/// One thing that happened in a cluster.
public struct JournalEvent: Sendable, Hashable {
    /// What kind of thing.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A controller took office.
        case leader
        /// An instance joined.
        case came
        /// An instance went.
        case went
        /// What an instance is there for changed: it was enabled, disabled, evacuated and so on.
        case operation
        /// An instance was dropped from the cluster.
        case dropped
        /// An instance was dropped by the controller, because it was offline for too long.
        case deregistered
        /// Maintenance began or ended.
        case maintenance
        /// The controller was paused, or set free.
        case paused
        /// A resource was added or dropped.
        case resource
        /// Replicas got other places.
        case moved
        /// A transition failed.
        case failed
        /// A transition takes longer than such transitions did before, or came to its end after that.
        case late
        /// A transition under way was called off.
        case cancelled
        /// Something is wrong that an operator should know.
        case problem
        /// It is not wrong any more.
        case solved
        /// Transitions have to wait for the limits of the cluster, or no more do.
        case limited
        /// A partition had more top states than it may.
        case tops
    }

    /// Its place in the journal; 0 until it has one.
    public var index: Int64 = 0
    /// When, in milliseconds since 1970.
    public var time: Int64
    /// What kind of thing.
    public var kind: Kind
    /// The resource concerned, if it is one.
    public var resource: String?
    /// The partition concerned, if it is one.
    public var partition: String?
    /// The instance concerned, if it is one.
    public var instance: String?
    /// What happened, and why.
    public var text: String

    /// The longest text that is kept, in bytes.
    public static let textLimit = 1_000

    /// An event.
    public init(
        at time: Int64, _ kind: Kind, resource: String? = nil, partition: String? = nil, instance: String? = nil,
        _ text: String
    ) {
        self.time = time
        self.kind = kind
        self.resource = resource
        self.partition = partition
        self.instance = instance
        self.text = text.utf8.count <= Self.textLimit ? text : text.prefix(Self.textLimit / 4) + "…"
    }

    /// An event of a journal; `nil` when the text is none.
    init?(text: String) {
        guard let members = try? FlatObject.decode(text, of: "JOURNAL"), let index = members["I"].flatMap(Int64.init),
            let time = members["T"].flatMap(Int64.init), let kind = members["K"].flatMap(Kind.init),
            let words = members["X"]
        else { return nil }
        self.init(
            at: time, kind, resource: members["RESOURCE"], partition: members["PARTITION"],
            instance: members["INSTANCE"], words)
        self.index = index
    }

    var wireText: String {
        var members = [(key: "I", value: String(index)), ("T", String(time)), ("K", kind.rawValue)]
        for (key, value) in [("RESOURCE", resource), ("PARTITION", partition), ("INSTANCE", instance)] {
            if let value { members.append((key, value)) }
        }
        return FlatObject.encode(members + [("X", text)])
    }
}
