import HelixRecords
import StateModels

/// What a settled cluster lacks, counted, so that two of them can be compared.
struct Shortcomings {
    /// Something that can be counted.
    fileprivate enum Kind: Hashable {
        /// Replicas of a resource that are wanted and not up.
        case replicas(resource: String)
        /// Partitions of a resource without a replica in the top state.
        case top(resource: String, state: String)
        /// Partitions of a resource with replicas in one fault zone.
        case zone(resource: String)
        /// Replicas that stay on an instance which should have none.
        case leftBehind(instance: String)
    }

    private var counts: [Kind: Int] = [:]

    /// What is wrong with a cluster and was not with a former one: what the pipeline says, and what is found here.
    static func new(_ before: SettledCluster, _ after: SettledCluster) -> [Problem] {
        let (former, latter) = (Shortcomings(before).counts, Shortcomings(after).counts)
        let told = told(before.decision.allProblems, after.decision.allProblems)
        let explained = Set(told.filter { $0.partition == nil }.compactMap(\.resource))
        let grown = latter.filter { kind, count in
            // The pipeline knows why a resource cannot be placed, which says more than how many replicas it lacks.
            switch kind {
            case .replicas(let resource), .zone(let resource):
                if explained.contains(resource) { return false }
            case .top, .leftBehind: break
            }
            return count > former[kind, default: 0]
        }
        .map { $0.key.problem(count: $0.value, before: former[$0.key, default: 0]) }
        return told + grown.sorted { $0.description < $1.description }
    }

    /// Problems that were not told before. One that reads the same but for a number has grown or shrunk, and is counted
    /// here if it matters.
    private static func told(_ former: [Problem], _ latter: [Problem]) -> [Problem] {
        let known = Set(former)
        var replaced: [String: Int] = [:]
        for problem in known.subtracting(latter) { replaced[problem.shape, default: 0] += 1 }
        return latter.filter { problem in
            if known.contains(problem) { return false }
            replaced[problem.shape, default: 0] -= 1
            return replaced[problem.shape]! < 0
        }
    }

    private init(_ cluster: SettledCluster) {
        guard let standing = cluster.decision.standing else { return }
        for (name, resource) in cluster.snapshot.resources {
            guard let own = cluster.decision.resources[name],
                let configuration = own.configuration?.configuration
            else { continue }
            for partition in resource.wanted.map(Int.init) {
                note(partition, of: resource, own, configuration, standing, cluster.snapshot)
            }
        }
        for share in cluster.snapshot.spread(standing).shares where share.replicas > 0 {
            guard share.absence == .draining || share.absence == .excluded else { continue }
            counts[.leftBehind(instance: share.instance)] = share.replicas
        }
    }

    private mutating func note(
        _ partition: Int, of resource: ClusterSnapshot.Resource, _ own: ResourceDecision,
        _ configuration: ResourceConfiguration, _ standing: ClusterStanding, _ snapshot: ClusterSnapshot
    ) {
        guard configuration.isEnabled, let wish = own.wish(for: partition, configuration, resource), wish.count > 0
        else { return }
        let (model, name) = (configuration.model, resource.name)
        let active = resource.current[partition].filter { replica in
            // What is there to replace another one does not count until it does.
            if standing[replica.instance].duty == .mirroring { return false }
            let state = configuration.modelState(replica.state)
            return state >= 0 && state != model.initialIndex && state != model.errorIndex
        }
        if active.count < wish.count { counts[.replicas(resource: name), default: 0] += wish.count - active.count }
        if let top = model.scarceTop, !active.contains(where: { configuration.modelState($0.state) == 0 }) {
            counts[.top(resource: name, state: top), default: 0] += 1
        }
        let zones = active.compactMap { standing[$0.instance].zone }
        if Set(zones).count < zones.count { counts[.zone(resource: name), default: 0] += 1 }
    }
}

extension Shortcomings.Kind {
    fileprivate func problem(count: Int, before: Int) -> Problem {
        let more = before == 0 ? "" : " (\(before) without the change)"
        switch self {
        case .replicas(let resource):
            return Problem(
                resource: resource,
                text: "\(replicas(count))\(more) fewer up than wanted; add instances")
        case .top(let resource, let state):
            return Problem(resource: resource, text: "\(partitions(count))\(more) without a \(state)")
        case .zone(let resource):
            return Problem(
                resource: resource,
                text:
                    "\(partitions(count))\(more) with several replicas in one fault zone; add instances in other zones")
        case .leftBehind(let instance):
            let replicas = count == 1 ? "1 replica" : "\(count) replicas"
            return Problem(
                text:
                    "\(replicas)\(more) cannot leave \(instance), for want of instances that could take over; add some")
        }
    }

    private func replicas(_ count: Int) -> String { count == 1 ? "1 replica" : "\(count) replicas" }

    private func partitions(_ count: Int) -> String { count == 1 ? "1 partition" : "\(count) partitions" }
}

extension Problem {
    /// What it reads like without its numbers.
    fileprivate var shape: String { String(description.map { $0.isASCII && $0.isNumber ? "#" : $0 }) }
}
