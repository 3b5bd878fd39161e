public import FleetModel
public import HelixSpectator

/// A task as it is: a replica, with what its agent says of it.
public struct FleetTask: Sendable, Hashable {
    /// The deployment and the job.
    public var resource: FleetResource
    /// The place: the host, or a number.
    public var place: String
    /// The host.
    public var host: String
    /// The state that its agent reported.
    public var state: String
    /// Since when, in milliseconds since 1970, if that is told.
    public var since: Int64?
    /// What its agent says beside the state.
    public var detail: TaskDetail

    /// How it is, as far as a rollout is concerned.
    public var health: TaskHealth {
        let since = since ?? 0
        switch state {
        case TaskState.running, TaskState.completed: return TaskHealth(.healthy, since: since)
        case "ERROR": return TaskHealth(.broken(detail.reason ?? "its last transition failed"), since: since)
        default:
            if let throttle = detail.throttle, throttle != "NO", !isFlappingYet {
                return TaskHealth(.broken(detail.reason.map { "\(throttle): \($0)" } ?? throttle), since: since)
            }
            return TaskHealth(.starting, since: since)
        }
    }
}

extension FleetTask {
    /// Whether a container of it has ended of which neither this says how nor did what was known before.
    fileprivate func hasUnseenEnd(after known: FleetTask?) -> Bool {
        guard let former = detail.former, former != known?.detail.former else { return false }
        return [detail, known?.detail].allSatisfy { $0?.container != former.container || $0?.exit == nil }
    }

    /// Whether it has ended a few times only: some wait like that for what they need. It has as long as any other to get
    /// healthy.
    private var isFlappingYet: Bool { detail.throttle == "FLAPPING" && detail.restarts ?? 0 < 10 }
}

/// The tasks of a fleet, from one look to the next: what did not change is not read again.
public struct TaskBoard: Sendable {
    private struct Entry {
        var task: FleetTask
        var remark: ReplicaRemark?
    }

    /// The tasks of a resource, as of an edition of what is known of it.
    private struct Shelf {
        var resource: FleetResource
        var edition: Int?
        /// By place.
        var keys: [String: [Key]] = [:]
    }

    private struct Key: Hashable {
        var resource: String
        var partition: String
        var host: String
    }

    /// By partition: the last moment at which something that was there was gone.
    private var lastGone: [String: Int64] = [:]
    /// By host: since when its agent has been there.
    private var upSince: [String: Int64] = [:]
    private var entries: [Key: Entry] = [:]
    private var shelves: [String: Shelf] = [:]
    private var hosts: Set<String> = []

    /// A board on which nothing is.
    public init() {}

    /// What a look found to be different.
    public struct Changes: Sendable {
        /// Tasks that are new, or in another state, or of which something else is said.
        public var tasks: [FleetTask] = []
        /// Tasks whose containers have ended without anybody having seen that: others run by now.
        public var ended: [FleetTask] = []
        /// Tasks that are no more.
        public var gone: [FleetTask] = []
        /// Hosts whose agents have come.
        public var hostsUp: [String] = []
        /// Hosts whose agents have gone.
        public var hostsDown: [String] = []
    }

    /// Takes what is now.
    /// - Parameter resources: the fleet's, by name.
    public mutating func take(_ table: RoutingTable, _ resources: [String: FleetResource], now: Int64) -> Changes {
        var changes = Changes()
        takeHosts(table, now, &changes)
        // A host that is no more takes its tasks along, whatever edition of them was seen.
        let known = Set(table.instances.map(\.name))
        let isAllNew = known != hosts
        hosts = known
        for (name, resource) in resources.sorted(by: { $0.key < $1.key }) {
            let edition = table.edition(of: name)
            if isAllNew || shelves[name]?.resource != resource || shelves[name]?.edition != edition {
                take(resource, edition, table, now, &changes)
            }
        }
        for name in shelves.keys where resources[name] == nil { clear(name, keeping: [], now, &changes) }
        shelves = shelves.filter { resources[$0.key] != nil }
        changes.gone.sort { ($0.resource.name, $0.place, $0.host) < ($1.resource.name, $1.place, $1.host) }
        if lastGone.count > 2 * entries.count + 1_000 { lastGone = [:] }
        return changes
    }

    private mutating func take(
        _ resource: FleetResource, _ edition: Int?, _ table: RoutingTable, _ now: Int64, _ changes: inout Changes
    ) {
        let name = resource.name
        var shelf = Shelf(resource: resource, edition: edition)
        for partition in table.partitions(of: name) {
            guard let place = resource.place(partition) else { continue }
            for (instance, state) in table.replicas(of: name, partition: partition) where state != "DROPPED" {
                let key = Key(resource: name, partition: partition, host: instance.name)
                shelf.keys[place, default: []].append(key)
                let remark = table.remark(on: name, partition: partition, by: instance.name)
                if let known = entries[key]?.task, known.state == state, entries[key]?.remark == remark,
                    known.resource == resource
                {
                    continue
                }
                let task = FleetTask(
                    resource: resource, place: place, host: instance.name, state: state, since: remark?.since,
                    detail: TaskDetail(text: remark?.detail ?? ""))
                if task.hasUnseenEnd(after: entries[key]?.task) { changes.ended.append(task) }
                entries[key] = Entry(task: task, remark: remark)
                changes.tasks.append(task)
            }
        }
        clear(name, keeping: Set(shelf.keys.values.joined()), now, &changes)
        shelves[name] = shelf
    }

    /// Takes away what is no more.
    private mutating func clear(_ resource: String, keeping kept: Set<Key>, _ now: Int64, _ changes: inout Changes) {
        for key in (shelves[resource]?.keys ?? [:]).values.joined() where !kept.contains(key) {
            guard let entry = entries.removeValue(forKey: key) else { continue }
            lastGone[key.partition] = now
            changes.gone.append(entry.task)
        }
    }

    private mutating func takeHosts(_ table: RoutingTable, _ now: Int64, _ changes: inout Changes) {
        var up: [String: Int64] = [:]
        for instance in table.instances where instance.isLive {
            up[instance.name] = upSince[instance.name] ?? now
            if upSince[instance.name] == nil { changes.hostsUp.append(instance.name) }
        }
        changes.hostsDown = upSince.keys.filter { up[$0] == nil }.sorted()
        upSince = up
    }

    /// How many tasks there are.
    public var count: Int { entries.count }

    /// All tasks, by resource, place and host.
    public var tasks: [FleetTask] {
        shelves.keys.sorted().flatMap { resource in
            (shelves[resource]?.keys ?? [:]).values.flatMap { $0 }.sorted {
                ($0.partition, $0.host) < ($1.partition, $1.host)
            }
            .compactMap { entries[$0]?.task }
        }
    }

    /// The tasks of a resource.
    public func tasks(of resource: String) -> [FleetTask] {
        (shelves[resource]?.keys ?? [:]).values.flatMap { $0 }.compactMap { entries[$0]?.task }
            .sorted { ($0.place, $0.host) < ($1.place, $1.host) }
    }

    /// Whether anything is left of a resource.
    public func hasTasks(of resource: String) -> Bool { shelves[resource]?.keys.isEmpty == false }

    /// How the task of a place is. One that is there twice, because it moves, is as the better of the two.
    /// - Returns: `nil` for one that never was there.
    public func health(of resource: FleetResource, place: String, at host: String?) -> TaskHealth? {
        let tasks = (shelves[resource.name]?.keys[place] ?? []).compactMap { entries[$0]?.task }
        if let best = tasks.map(\.health).min(by: { Self.rank($0) < Self.rank($1) }) { return best }
        // Where a task was and is not, it is on its way again from that moment on, or from when its host came back.
        let gone = lastGone[resource.partition(place)]
        let up = host.flatMap { upSince[$0] }
        guard let since = [gone, up].compactMap({ $0 }).max() else { return nil }
        return TaskHealth(.starting, since: since)
    }

    private static func rank(_ health: TaskHealth) -> Int {
        switch health.kind {
        case .healthy: 0
        case .starting: 1
        case .broken: 2
        }
    }
}
