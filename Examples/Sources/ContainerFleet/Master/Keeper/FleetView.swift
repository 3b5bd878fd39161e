public import FleetJobs
public import FleetModel
public import HelixRecords
public import HelixSpectator

/// All that a master knows, as of a moment: a value.
public struct FleetView: Sendable {
    /// The jobs, by id.
    public var jobs: [String: Job] = [:]
    /// The deployments, by name.
    public var deployments: [String: Versioned<Deployment>] = [:]
    /// The resources that are the fleet's, by name.
    public var resources: [String: Versioned<IdealState>] = [:]
    /// When resources were removed, in milliseconds since 1970, by name.
    public var tombstones: [String: Versioned<Int64>] = [:]
    /// The cluster's settings.
    public var cluster: ClusterConfig?
    /// The instance that leads.
    public var leader: String?
    /// What each resource is.
    public private(set) var identities: [String: FleetResource] = [:]
    /// Where the tasks and hosts are; `nil` until that was read once.
    public var table: RoutingTable? {
        didSet { hosts = table?.instances.map(FleetHost.init) ?? [] }
    }
    /// The hosts, by name.
    public private(set) var hosts: [FleetHost] = []
    /// The tasks.
    public var board = TaskBoard()
    /// Records that could not be read, and why. What they are about is left as it is.
    public var problems: [String: String] = [:]

    /// Nothing known yet.
    public init() {}

    /// By resource: its places in their order, and the index at which they were read.
    private var placesRead: [String: (index: Int64, places: [String])] = [:]
    /// By deployment: its resources, by name.
    private var byDeployment: [String: [FleetResource]] = [:]

    mutating func identify() {
        identities = resources.compactMapValues { FleetResource($0.value) }
        for (name, deployment) in deployments {
            for resource in deployment.value.takenOver ?? [] { identities[resource]?.deployment = name }
        }
        byDeployment = Dictionary(grouping: identities.values.sorted { $0.name < $1.name }, by: \.deployment)
        placesRead = placesRead.filter { identities[$0.key] != nil }
        for (name, resource) in identities where placesRead[name]?.index != resources[name]?.index {
            guard let idealState = resources[name] else { continue }
            placesRead[name] = (idealState.index, idealState.value.partitions.compactMap(resource.place))
        }
    }

    /// The resources of a deployment, by name.
    public func resources(of deployment: String) -> [FleetResource] {
        byDeployment[deployment] ?? []
    }

    /// The places that a resource has, in their order.
    public func places(of resource: FleetResource) -> [String] {
        placesRead[resource.name]?.places ?? []
    }

    /// The jobs that a deployment has in the cluster, by id.
    public func deployed(_ deployment: Deployment) -> [String: DeployedJob] {
        var deployed: [String: DeployedJob] = [:]
        for resource in resources(of: deployment.name) {
            let places = places(of: resource)
            var health: [String: TaskHealth] = [:]
            for place in places {
                // What is not to run is as it should be.
                health[place] =
                    deployment.isStopped(at: place)
                    ? TaskHealth(.healthy, since: 0)
                    : board.health(of: resource, place: place, at: deployment.isPlacedByHost ? place : nil)
            }
            deployed[resource.job.description, default: DeployedJob(places: [])].add(places, health)
        }
        return deployed
    }

    /// The hosts as a deployment sees them.
    public func standings(_ deployment: Deployment) -> [HostStanding] {
        let selectors = selectors(of: deployment)
        return hosts.map { host in
            HostStanding(
                name: host.name, isUp: host.isUp, isMatching: selectors.match(host.description.labels),
                isCordoned: host.isCordoned, isDraining: host.isDraining)
        }
    }

    /// What a deployment asks of hosts: its own selectors, and those of the job that is to run.
    public func selectors(of deployment: Deployment) -> [HostSelector] {
        let own = deployment.selectors.compactMap { HostSelector($0) }
        return own + (jobs[deployment.latest.job]?.hosts.filter { !own.contains($0) } ?? [])
    }
}

extension Deployment {
    /// Whether its places are hosts.
    public var isPlacedByHost: Bool {
        if case .replicas = target { return false }
        return true
    }

    /// Whether the task of a place is not to run.
    public func isStopped(at place: String) -> Bool { isStopped || stoppedPlaces.contains(place) }
}

/// A host: an instance, as people see it.
public struct FleetHost: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// Whether its agent is there.
    public var isUp: Bool
    /// Whether it gets nothing new.
    public var isCordoned: Bool
    /// Whether all that it has is to go elsewhere.
    public var isDraining: Bool
    /// What it says of itself.
    public var description: HostDescription

    /// An instance's host.
    public init(_ instance: RoutableInstance) {
        name = instance.name
        isUp = instance.isLive
        isCordoned = instance.config.isCordoned
        isDraining = instance.config.isDraining
        description = HostDescription(instance.config)
    }
}
