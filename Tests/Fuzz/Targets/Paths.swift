import Coordination
import HelixController
import HelixRecords
import HelixSimulation
import HelixSpectator
import TestSupport

extension FuzzTarget {
    /// Paths of znodes and what they mean to a controller and to spectators.
    ///
    /// A path that means something is the path of what it means; parent and name make a path up again.
    static let paths = FuzzTarget(name: "paths", share: 70) { generator in
        try PathChecks.follows(Vocabulary.word(&generator))
        let path = PathChecks.make(&generator)
        let fault = ZnodePath.fault(in: path)
        try require(fault == nil || fault?.isEmpty == false, "a refusal without a reason")
        guard fault == nil, path != "/" else { return .refused }
        let (parent, name) = (ZnodePath.parent(of: path), ZnodePath.name(of: path))
        try require(
            Array((parent == "/" ? "/\(name)" : "\(parent)/\(name)").utf8) == Array(path.utf8),
            "\(path.debugDescription) is taken apart into \(parent.debugDescription) and \(name.debugDescription)")
        try require(ZnodePath.fault(in: parent) == nil, "\(path.debugDescription) is a path, and its parent is none")
        return try PathChecks.places(path) ? .accepted : .refused
    }
}

enum PathChecks {
    private static let segments = [
        "test", "CONFIGS", "CLUSTER", "PARTICIPANT", "RESOURCE", "IDEALSTATES", "STATEMODELDEFS", "LIVEINSTANCES",
        "INSTANCES", "MESSAGES", "CURRENTSTATES", "CONTROLLER", "EXTERNALVIEW", "TARGETEXTERNALVIEW", "PAUSE", "LEADER",
        "MAINTENANCE",
    ]

    static func make(_ generator: inout SeededGenerator) -> String {
        var path = generator.once(in: 8) ? "" : "/test"
        if generator.once(in: 3) {
            let paths = ClusterPaths(cluster: "test")
            path = generator.pick([
                paths.currentState("node_1", session: "s", resource: "db"), paths.idealState("db"),
                paths.externalView("db"), paths.liveInstance("node_1"), paths.messages("node_1"), paths.clusterConfig,
                paths.instanceConfig("node_1"), paths.stateModel("M"), paths.resourceConfig("db"),
            ])
        }
        for _ in 0..<Int.random(in: 0...5, using: &generator) {
            path += "/" + (generator.once(in: 3) ? Vocabulary.word(&generator) : generator.pick(segments))
        }
        return path
    }

    /// Places that have this name are found again by their paths, if it can be the name of a znode.
    static func follows(_ name: String) throws {
        guard !name.isEmpty, !name.utf8.contains(UInt8(ascii: "/")), ZnodePath.fault(in: "/\(name)") == nil else {
            return
        }
        let paths = ClusterPaths(cluster: "test")
        for place in [
            CachePlace.idealState(name), .instanceConfig(name), .liveInstance(name), .messages(name), .stateModel(name),
            .currentState(name, session: name, resource: name), .bucket(.idealState(name), name),
        ] {
            let found = CachePlace(path: place.path(paths), paths)
            try require(found == place, "the controller takes the path of \(place) for \(found as Any)")
        }
    }

    /// Whether the path means something to anybody.
    static func places(_ path: String) throws -> Bool {
        let paths = ClusterPaths(cluster: "test")
        var isKnown = false
        if let place = CachePlace(path: path, paths) {
            isKnown = true
            let own = place.path(paths)
            try require(own == path, "to the controller \(path.debugDescription) is \(place), which is at \(own)")
            if let (list, name) = place.parent {
                try require(list.isList && list.child(name) == place, "\(place) is no child of \(list)")
            }
        }
        for source in [RoutingSource.externalView, .targetExternalView, .currentStates] {
            let places = RoutingPlaces(paths: paths, source: source)
            guard let place = places.place(WatchEvent(path: path, kind: .dataChanged)) else { continue }
            isKnown = true
            let own = places.path(place)
            try require(own == path, "to a spectator \(path.debugDescription) is \(place), which is at \(own)")
        }
        return isKnown
    }
}
