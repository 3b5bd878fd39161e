import Coordination
import FleetJobs
import FleetModel
import HelixRecords

/// What one look changes for a deployment: pure, from what is to what is to be written.
struct DeploymentWrites {
    /// The deployment's record; `nil` when it stays as it is, or goes.
    private(set) var deployment: Deployment?
    /// Whether nothing is left of the deployment, which is to go.
    private(set) var isGone = false
    /// Resources that begin, with what their tasks weigh.
    private(set) var created: [(idealState: IdealState, config: ResourceConfig)] = []
    /// Resources that change.
    private(set) var changed: [IdealState] = []
    /// Resources of which nothing is left.
    private(set) var removed: [String] = []
    /// What happened, for people.
    private(set) var events: [String] = []
    /// When to look again even if nothing happens, in milliseconds since 1970.
    private(set) var deadline: Int64?

    var isEmpty: Bool { deployment == nil && !isGone && created.isEmpty && changed.isEmpty && removed.isEmpty }

    /// - Parameter homeless: places for which no host has room.
    init(_ present: Deployment, in view: FleetView, homeless: Set<String>, now: Int64) {
        let next = Reconciliation(
            present, hosts: view.standings(present), deployed: view.deployed(present), homeless: homeless,
            now: now)
        events = next.events
        deadline = next.nextDeadline
        if next.isGone {
            isGone = true
            return
        }
        for (id, places) in next.places.sorted(by: { $0.key < $1.key }) {
            guard let job = view.jobs[id] else {
                events.append("there is no job \(id): its tasks are left as they are; create it again")
                continue
            }
            for (resource, own) in Self.shares(of: places, job, in: present.name, view) {
                write(
                    WantedResource(
                        resource: resource, job: job, deployment: next.deployment, places: own,
                        selectors: view.selectors(of: next.deployment, job)), in: view)
            }
        }
        var record = next.deployment
        // What says of itself whose it is need not be remembered, nor what is no more.
        let takenOver = (present.takenOver ?? []).filter { name in
            let said = view.resources[name].flatMap { FleetResource($0.value) }
            return !removed.contains(name) && said?.deployment != present.name
        }
        record.takenOver = takenOver.isEmpty ? nil : takenOver
        if record != present { deployment = record }
    }

    /// Which resources have which of the places of a job: those that are there keep what they have, and the first gets
    /// what is new.
    private static func shares(
        of places: [String], _ job: Job, in deployment: String, _ view: FleetView
    ) -> [(resource: FleetResource, places: [String])] {
        let present = view.resources(of: deployment).filter { $0.job == job.id }
        guard let first = present.first else {
            if places.isEmpty { return [] }
            // A name may belong to what another deployment has taken over.
            let free = (1...).lazy.map { FleetResource(deployment: deployment, job: job.id, number: $0) }
                .first { view.resources[$0.name] == nil }
            return free.map { [($0, places)] } ?? []
        }
        if present.count == 1 { return [(first, places)] }
        var owners: [String: String] = [:]
        for resource in present { for place in view.places(of: resource) { owners[place] = resource.name } }
        return present.map { resource in
            (resource, places.filter { owners[$0, default: first.name] == resource.name })
        }
    }

    private mutating func write(_ wanted: WantedResource, in view: FleetView) {
        let name = wanted.resource.name
        guard let idealState = view.resources[name]?.value else {
            created.append((wanted.idealState(over: nil), wanted.config))
            return
        }
        if wanted.places.isEmpty, idealState.partitions.isEmpty, !view.board.hasTasks(of: name) {
            removed.append(name)
            return
        }
        let replacement = wanted.idealState(over: idealState)
        if replacement != idealState { changed.append(replacement) }
    }

    /// The transaction, on condition that everything is still what it was when it was decided.
    /// - Parameter configured: the resources that have a configuration already.
    func operations(
        _ name: String, in view: FleetView, fleet: FleetPaths, cluster: ClusterPaths, configured: Set<String>
    ) throws -> [WriteOperation] {
        let version = view.deployments[name]?.version
        let path = fleet.deployment(name)
        if isGone { return [.delete(path, version: version)] }
        var operations: [WriteOperation] = []
        if let deployment {
            operations.append(.set(path, data: try FleetText.bytes(deployment), version: version))
        } else {
            operations.append(.check(path, version: version))
        }
        for (idealState, config) in created {
            let path = cluster.resourceConfig(config.id)
            let data = try config.encoded()
            operations.append(configured.contains(config.id) ? .set(path, data: data) : .create(path, data: data))
            operations.append(.create(cluster.idealState(idealState.id), data: try idealState.encoded()))
            if view.tombstones[idealState.id] != nil { operations.append(.delete(fleet.tombstone(idealState.id))) }
        }
        for idealState in changed {
            operations.append(
                .set(
                    cluster.idealState(idealState.id), data: try idealState.encoded(),
                    version: view.resources[idealState.id]?.version))
        }
        for resource in removed {
            if view.tombstones[resource] == nil { operations.append(.create(fleet.tombstone(resource))) }
            operations.append(
                .delete(cluster.idealState(resource), version: view.resources[resource]?.version))
            if configured.contains(resource) { operations.append(.delete(cluster.resourceConfig(resource))) }
        }
        return operations
    }
}
