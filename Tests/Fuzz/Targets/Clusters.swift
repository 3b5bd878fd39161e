import HelixRecords
import HelixSimulation
import RebalancePipeline
import StateModels
import TestSupport

extension FuzzTarget {
    /// Whole clusters of which records were spoilt, decided about and explained.
    ///
    /// The same input gives the same decision; only live instances are asked, in their session, for hops of the
    /// resource's model; and what is spoilt of one resource changes nothing for another.
    static let clusters = FuzzTarget(name: "clusters", share: 9) { generator in
        let healthy = try HostileCluster(using: &generator)
        var spoilt = healthy
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            try spoilt.spoil(generator.pick(healthy.sortedPaths), &generator)
        }
        try ClusterChecks.determinism(healthy, spoilt)
        try ClusterChecks.isolation(healthy, &generator)
        return .accepted
    }
}

enum ClusterChecks {
    /// The healthy cluster is decided about, then the spoilt one that it has become; twice the same.
    static func determinism(_ healthy: HostileCluster, _ spoilt: HostileCluster) throws {
        let first = try decisions(healthy, spoilt)
        let second = try decisions(healthy, spoilt)
        try require(first == second, "two decisions about one cluster: \(first) and \(second)")
        var fresh = ClusterSnapshot(cluster: "test")
        take(spoilt, into: &fresh)
        try check(Rebalancer().decide(fresh), fresh)
    }

    private static func decisions(_ healthy: HostileCluster, _ spoilt: HostileCluster) throws -> [DecisionText] {
        let rebalancer = Rebalancer()
        var snapshot = ClusterSnapshot(cluster: "test")
        var decision = Decision()
        var texts: [DecisionText] = []
        for cluster in [healthy, spoilt, healthy] {
            take(cluster, into: &snapshot)
            snapshot.forgetVanishedResources()
            rebalancer.update(&decision, with: snapshot, changes: snapshot.takeChanges())
            try check(decision, snapshot)
            texts.append(DecisionText(decision, explanations(snapshot, rebalancer, decision)))
            snapshot.time += 1000
        }
        return texts
    }

    private static func explanations(
        _ snapshot: ClusterSnapshot, _ rebalancer: Rebalancer, _ decision: Decision
    ) -> [PartitionExplanation] {
        snapshot.resources.keys.sorted().flatMap { name in
            // One partition of each: every explanation is a pass over everything.
            (snapshot.resources[name]?.partitions.names.prefix(1) ?? []).compactMap {
                rebalancer.explain(snapshot, resource: name, partition: $0, after: decision)
            }
        }
    }

    /// What must hold for any decision.
    private static func check(_ decision: Decision, _ snapshot: ClusterSnapshot) throws {
        for transition in decision.transitions {
            let live = snapshot.instanceIndex(transition.instance).flatMap { snapshot.instances[$0].live }
            try require(live?.id == transition.session, "asked of a session that is not live: \(transition)")
            let model = snapshot.stateModels[transition.stateModel]?.value
            let hop = model.flatMap { model in
                model.index(of: transition.from).flatMap { from in model.index(of: transition.to).map { (from, $0) } }
            }
            try require(
                hop.map { model?.rank(from: $0, to: $1) != .max } == true,
                "not a transition of the model: \(transition)")
        }
        for problem in decision.allProblems { try require(!problem.text.isEmpty, "a problem without a text") }
        for name in snapshot.resources.keys { _ = snapshot.externalView(of: name) }
    }

    /// What is spoilt of one resource changes nothing for another (design D5).
    static func isolation(_ healthy: HostileCluster, _ generator: inout SeededGenerator) throws {
        var spoilt = healthy
        for path in healthy.paths(of: HostileCluster.victim) where Bool.random(using: &generator) {
            try spoilt.spoil(path, &generator)
        }
        let texts = [healthy, spoilt].map { cluster in
            var snapshot = ClusterSnapshot(cluster: "test")
            take(cluster, into: &snapshot)
            return DecisionText(Rebalancer().decide(snapshot), []).of(HostileCluster.steady)
        }
        try require(
            texts[0] == texts[1], "what is spoilt of one resource changes another: \(texts[0]) becomes \(texts[1])")
    }

    // MARK: Reading

    /// Decodes what is there as the controller does.
    static func take(_ cluster: HostileCluster, into snapshot: inout ClusterSnapshot) {
        let paths = HostileCluster.paths
        for path in cluster.sortedPaths {
            guard let data = cluster.znodes[path] else { continue }
            let parts = path.split(separator: "/").map(String.init)
            switch (parts[1], parts.last ?? "") {
            case ("CONTROLLER", _): snapshot.setMaintenance(found(data, path))
            case ("CONFIGS", "test"): snapshot.setClusterConfig(found(data, path))
            case ("CONFIGS", let name) where path.hasPrefix(paths.instanceConfigs):
                snapshot.setInstanceConfig(name, found(data, path))
            case ("CONFIGS", let name): snapshot.setResourceConfig(name, found(data, path))
            case ("IDEALSTATES", let name): snapshot.setIdealState(name, found(data, path))
            case ("STATEMODELDEFS", let name): snapshot.setStateModel(name, model(data, path))
            default: break
            }
        }
        takeInstances(cluster, into: &snapshot)
    }

    private static func takeInstances(_ cluster: HostileCluster, into snapshot: inout ClusterSnapshot) {
        let paths = HostileCluster.paths
        for instance in HostileCluster.instances {
            let path = paths.liveInstance(instance)
            let live = cluster.znodes[path].map { found($0, path) as Found<LiveInstance> }
            snapshot.setLiveInstance(
                instance,
                live?.value.map { .init(id: $0.sessionID ?? "", acceptsBatchMessages: $0.acceptsBatchMessages) })
        }
        for path in cluster.sortedPaths where path.hasPrefix(paths.instances) {
            guard let data = cluster.znodes[path] else { continue }
            let parts = path.split(separator: "/").map(String.init)
            if parts[3] == "CURRENTSTATES" {
                snapshot.setCurrentState(parts[2], parts[5], found(data, path))
            } else if let message = (found(data, path) as Found<Message>).value {
                snapshot.addMessage(parts[2], id: parts[4], message)
            }
        }
    }

    private static func found<Record: RecordView>(_ data: [UInt8], _ path: String) -> Found<Record> {
        do throws(RecordError) {
            return .present(try Record(decoding: data, path: path))
        } catch {
            return .unreadable(error)
        }
    }

    private static func model(_ data: [UInt8], _ path: String) -> Found<StateModel> {
        do {
            return .present(try StateModel(record: try ZNRecord(decoding: data, path: path)))
        } catch {
            return .unreadable(RecordError(path: path, reason: "\(error)"))
        }
    }
}

/// What a decision says, to be compared.
struct DecisionText: Equatable {
    var transitions: [PlannedTransition]
    var problems: [Problem]
    var held: [String: [Int: [HeldTransition]]]
    var preferenceLists: [String: [[Int32]]]
    var obsolete: [ObsoleteMessage]
    var deadline: Int64?
    var explanations: [PartitionExplanation]

    init(_ decision: Decision, _ explanations: [PartitionExplanation]) {
        transitions = decision.transitions
        problems = decision.allProblems
        held = decision.resources.mapValues(\.held)
        preferenceLists = decision.resources.mapValues(\.preferenceLists)
        obsolete = decision.obsoleteMessages
        deadline = decision.nextDeadline
        self.explanations = explanations
    }

    /// What it says of one resource.
    func of(_ resource: String) -> DecisionText {
        var own = self
        own.transitions.removeAll { $0.resource != resource }
        own.problems.removeAll { $0.resource != resource }
        own.held = held.filter { $0.key == resource }
        own.preferenceLists = preferenceLists.filter { $0.key == resource }
        own.obsolete = []
        own.deadline = nil
        return own
    }
}
