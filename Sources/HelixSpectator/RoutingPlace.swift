package import Coordination
package import HelixRecords

/// A record that says where replicas of a resource are.
package enum RoutingRecord: Sendable, Hashable {
    case view(resource: String)
    case currentState(instance: String, session: String, resource: String)

    var resource: String {
        switch self {
        case .view(let resource), .currentState(_, _, let resource): resource
        }
    }
}

/// A znode that a spectator follows: what its path means.
package indirect enum RoutingPlace: Sendable, Hashable {
    case instanceConfigs
    case instanceConfig(String)
    case liveInstances
    case liveInstance(String)
    case views
    case currentStates(instance: String, session: String)
    case record(RoutingRecord)
    /// The children of a record that is spread over several znodes.
    case buckets(RoutingRecord)
    case bucket(RoutingRecord, String)
    /// A list that does not exist yet: it is watched for its creation.
    case creation(of: RoutingPlace)

    /// Whether the list of its children is what counts; else it is its data, or, of a creation, its existence.
    var isList: Bool {
        switch self {
        case .instanceConfigs, .liveInstances, .views, .currentStates, .buckets: true
        case .instanceConfig, .liveInstance, .record, .bucket, .creation: false
        }
    }

    /// The record that the place is a part of.
    var record: RoutingRecord? {
        switch self {
        case .record(let record), .buckets(let record), .bucket(let record, _): record
        default: nil
        }
    }
}

/// The places of a cluster that a spectator with a certain source follows, and their paths.
package struct RoutingPlaces: Sendable {
    let paths: ClusterPaths
    let source: RoutingSource

    package init(paths: ClusterPaths, source: RoutingSource) {
        self.paths = paths
        self.source = source
    }

    /// The places from which all others are found.
    var roots: [RoutingPlace] {
        source == .currentStates
            ? [.instanceConfigs, .liveInstances] : [.instanceConfigs, .liveInstances, .views]
    }

    private var views: String {
        switch source {
        case .targetExternalView: paths.targetExternalViews
        case .customizedView(let type): paths.customizedViews(type)
        case .externalView, .currentStates: paths.externalViews
        }
    }

    package func path(_ place: RoutingPlace) -> String {
        switch place {
        case .instanceConfigs: paths.instanceConfigs
        case .instanceConfig(let name): paths.instanceConfig(name)
        case .liveInstances: paths.liveInstances
        case .liveInstance(let name): paths.liveInstance(name)
        case .views: views
        case .currentStates(let instance, let session): paths.currentStates(instance, session: session)
        case .record(let record), .buckets(let record): path(record)
        case .bucket(let record, let name): "\(path(record))/\(name)"
        case .creation(let place): path(place)
        }
    }

    private func path(_ record: RoutingRecord) -> String {
        switch record {
        case .view(let resource): "\(views)/\(resource)"
        case .currentState(let instance, let session, let resource):
            paths.currentState(instance, session: session, resource: resource)
        }
    }

    /// The place of a child of a list.
    func child(_ name: String, of list: RoutingPlace) -> RoutingPlace? {
        switch list {
        case .instanceConfigs: .instanceConfig(name)
        // That an instance is live is in the list; its record tells only where its current states are.
        case .liveInstances: source == .currentStates ? .liveInstance(name) : nil
        case .views: .record(.view(resource: name))
        case .currentStates(let instance, let session):
            .record(.currentState(instance: instance, session: session, resource: name))
        case .buckets(let record): .bucket(record, name)
        default: nil
        }
    }

    /// What is to be read because of an event; `nil` for a znode that is not followed.
    package func place(_ event: WatchEvent) -> RoutingPlace? {
        guard let parts = ZnodePath.components(of: event.path, below: paths.root) else { return nil }
        if let below = viewParts(parts) {
            guard let resource = below.first else { return .views }
            return below.count > 2 ? nil : part(.view(resource: resource), below.dropFirst().first, event.kind)
        }
        switch (parts.first, parts.count) {
        case ("CONFIGS", 2) where parts[1] == "PARTICIPANT": return .instanceConfigs
        case ("CONFIGS", 3) where parts[1] == "PARTICIPANT": return .instanceConfig(parts[2])
        case ("LIVEINSTANCES", 1): return .liveInstances
        case ("LIVEINSTANCES", 2): return .liveInstance(parts[1])
        case ("INSTANCES", 4) where parts[2] == "CURRENTSTATES":
            return .currentStates(instance: parts[1], session: parts[3])
        case ("INSTANCES", 5...6) where parts[2] == "CURRENTSTATES":
            return part(
                .currentState(instance: parts[1], session: parts[3], resource: parts[4]), parts.dropFirst(5).first,
                event.kind)
        default: return nil
        }
    }

    /// What comes after the znode below which the views are; `nil` for a path elsewhere.
    private func viewParts(_ parts: [String]) -> [String]? {
        let folder: [String] =
            switch source {
            case .targetExternalView: ["TARGETEXTERNALVIEW"]
            case .customizedView(let type): ["CUSTOMIZEDVIEW", type]
            case .externalView, .currentStates: ["EXTERNALVIEW"]
            }
        return parts.starts(with: folder) ? Array(parts.dropFirst(folder.count)) : nil
    }

    private func part(_ record: RoutingRecord, _ bucket: String?, _ kind: WatchEvent.Kind) -> RoutingPlace {
        if let bucket { return .bucket(record, bucket) }
        return kind == .childrenChanged ? .buckets(record) : .record(record)
    }
}
