import Coordination
import HelixRecords
import Testing

@testable import HelixSpectator

let cluster = "orders-cluster"
let paths = ClusterPaths(cluster: cluster)

/// A record of an instance named `host_port`.
func instance(_ name: String, _ change: (inout InstanceConfig) -> Void = { _ in }) -> InstanceConfig {
    var config = InstanceConfig(id: name)
    change(&config)
    return config
}

/// A view from `["orders_0": ["n1": "LEADER"]]`.
func view(_ resource: String, _ replicas: [String: [String: String]], bucketSize: Int = 0) -> ExternalView {
    var record = ZNRecord(id: resource, mapFields: replicas)
    if bucketSize > 0 { record.simpleFields["BUCKET_SIZE"] = "\(bucketSize)" }
    return ExternalView(record: record)
}

func currentState(_ resource: String, session: String, _ states: [String: String]) -> CurrentState {
    var state = CurrentState(resource: resource, sessionID: session, stateModel: "LeaderStandby")
    for (partition, name) in states { state[partition] = ReplicaState(currentState: name) }
    return state
}

/// What a spectator knows, as an object, so that an expectation may change it.
final class Knowledge {
    private var state: RoutingState

    init(_ source: RoutingSource = .externalView) { state = RoutingState(cluster: cluster, source: source) }

    var places: RoutingPlaces { state.places }

    func take(_ result: ReadResult?, at place: RoutingPlace) -> [RoutingPlace] { state.take(result, at: place) }

    func take(_ error: CoordinationError, at place: RoutingPlace) throws(CoordinationError) -> [RoutingPlace] {
        try state.take([.failure(error)], at: [place], readingAll: false)
    }

    /// The children of a list, as if read in transaction `zxid`.
    @discardableResult
    func list(
        _ names: [String], at place: RoutingPlace, zxid: Int64 = 1, readingAll: Bool = false
    ) -> [RoutingPlace] {
        var stat = Stat()
        stat.childrenModifiedZxid = zxid
        return state.take(.children(names, stat), at: place, readingAll: readingAll)
    }

    /// A record, as if written in transaction `zxid`.
    @discardableResult
    func record(
        _ view: some RecordView, at place: RoutingPlace, zxid: Int64, owner: Int64? = nil, readingAll: Bool = false
    ) throws -> [RoutingPlace] {
        data(try view.encoded(), at: place, zxid: zxid, owner: owner, readingAll: readingAll)
    }

    /// Data, as if written in transaction `zxid` at that time.
    @discardableResult
    func data(
        _ data: [UInt8], at place: RoutingPlace, zxid: Int64, owner: Int64? = nil, readingAll: Bool = false
    ) -> [RoutingPlace] {
        var stat = Stat()
        stat.modifiedZxid = zxid
        stat.modifiedAt = zxid * 1000
        stat.ephemeralOwner = owner.map(SessionID.init(rawValue:))
        return state.take(.data(data, stat), at: place, readingAll: readingAll)
    }

    func table(at now: Int64 = 0) -> RoutingTable? { state.takeTable(at: now, staleSince: nil) }

    /// Instances with plain configurations, all live.
    func join(_ names: String..., zxid: Int64 = 1) throws {
        list(names, at: .instanceConfigs)
        for name in names { try record(instance(name), at: .instanceConfig(name), zxid: zxid) }
        list(names, at: .liveInstances)
    }
}

extension RoutingPlace {
    static func view(_ resource: String) -> RoutingPlace { .record(.view(resource: resource)) }
}

extension RoutingTable {
    /// The replicas of a resource as `partition: [instance: state]`.
    func map(of resource: String) -> [String: [String: String]] {
        var map: [String: [String: String]] = [:]
        for partition in partitions(of: resource) {
            for (instance, state) in replicas(of: resource, partition: partition) {
                map[partition, default: [:]][instance.name] = state
            }
        }
        return map
    }

    func names(serving resource: String, partition: String, in state: String) -> [String] {
        instances(serving: resource, partition: partition, in: state).map(\.name)
    }
}
