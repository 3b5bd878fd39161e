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
        if next.deployment != present { deployment = next.deployment }
        let existing = Dictionary(
            view.resources(of: present.name).map { ($0.job.description, $0) }, uniquingKeysWith: { first, _ in first })
        for (id, places) in next.places.sorted(by: { $0.key < $1.key }) {
            guard let job = view.jobs[id] else {
                events.append("there is no job \(id): its tasks are left as they are; create it again")
                continue
            }
            let resource = existing[id] ?? FleetResource(deployment: present.name, job: job.id)
            let idealState = view.resources[resource.name]?.value
            if places.isEmpty, idealState == nil { continue }
            let wanted = WantedResource(
                resource: resource, job: job, deployment: next.deployment, places: places,
                selectors: view.selectors(of: next.deployment, job))
            guard let idealState else {
                created.append((wanted.idealState(over: nil), wanted.config))
                continue
            }
            if places.isEmpty, idealState.partitions.isEmpty, !view.board.hasTasks(of: resource.name) {
                removed.append(resource.name)
                continue
            }
            let replacement = wanted.idealState(over: idealState)
            if replacement != idealState { changed.append(replacement) }
        }
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
