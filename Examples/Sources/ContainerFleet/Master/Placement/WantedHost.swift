import FleetJobs
import FleetModel
import HelixRecords

/// What masters write into a host's configuration, besides what people and agents do.
struct WantedHost: Equatable {
    /// The tags of selectors that match it.
    var tags: [String] = []
    /// What tasks weigh that are there whatever the placement says.
    var fixedLoad: [String: Int] = [:]
    /// How many tasks it has that were placed there.
    var placedCount = 0
    /// By resource: the partitions that are not to run there.
    var stopped: [String: [String]] = [:]

    /// The configuration with it; equal to what it was when nothing is to be written.
    /// - Parameter isOwn: whether a resource is the fleet's.
    func apply(to config: inout InstanceConfig, isOwn: (String) -> Bool) {
        let description = HostDescription(config)
        config.tags = config.tags.filter { !$0.hasPrefix(SelectorTag.prefix) } + tags.sorted()
        if config.record.simpleFields["DOMAIN"] == nil { description.apply(to: &config) }
        config.capacity = capacity(description, isCordoned: config.isCordoned)
        applyStopped(to: &config, isOwn)
    }

    private func capacity(_ host: HostDescription, isCordoned: Bool) -> [String: Int] {
        var capacity: [String: Int] = [:]
        if let cpus = host.cpus { capacity[Loads.cpu] = max(0, cpus - fixedLoad[Loads.cpu, default: 0]) }
        if let memory = host.memory { capacity[Loads.memory] = max(0, memory - fixedLoad[Loads.memory, default: 0]) }
        for (dimension, _) in fixedLoad where dimension.hasPrefix("port-") { capacity[dimension] = 0 }
        if isCordoned { capacity[Loads.admitted] = placedCount }
        return capacity
    }

    private func applyStopped(to config: inout InstanceConfig, _ isOwn: (String) -> Bool) {
        let field = "HELIX_DISABLED_PARTITION"
        let known = (config.record.mapFields[field] ?? [:]).keys.filter(isOwn)
        for resource in Set(known).union(stopped.keys).sorted() {
            let present = config.disabledPartitions(resource: resource).partitions
            let wanted = Set(stopped[resource] ?? [])
            config.setPartitions(present.subtracting(wanted).sorted(), resource: resource, enabled: true)
            config.setPartitions(wanted.sorted(), resource: resource, enabled: false)
        }
    }
}

extension FleetView {
    /// What hosts are to be like, by name.
    func wantedHosts() -> [String: WantedHost] {
        let tagged = taggedSelectors()
        var wanted: [String: WantedHost] = [:]
        for host in hosts {
            var own = WantedHost()
            own.tags = tagged.filter { $0.value.match(host.description.labels) }.map(\.key).sorted()
            wanted[host.name] = own
        }
        for resource in identities.values.sorted(by: { $0.name < $1.name }) {
            addLoads(of: resource, to: &wanted)
        }
        return wanted
    }

    /// The selectors that placements go by, by their tags.
    private func taggedSelectors() -> [String: [HostSelector]] {
        var tagged: [String: [HostSelector]] = [:]
        func add(_ deployment: Deployment, _ job: Job?) {
            guard let job, !deployment.isPlacedByHost else { return }
            let selectors = selectors(of: deployment, job)
            if let tag = SelectorTag.tag(of: selectors) { tagged[tag] = selectors }
        }
        for deployment in deployments.values.map(\.value) { add(deployment, jobs[deployment.latest.job]) }
        // What former jobs of a deployment ask for counts as long as they are there.
        for resource in identities.values {
            if let deployment = deployments[resource.deployment]?.value {
                add(deployment, jobs[resource.job.description])
            }
        }
        return tagged
    }

    /// What a deployment asks of the hosts of one of its jobs.
    func selectors(of deployment: Deployment, _ job: Job) -> [HostSelector] {
        let own = deployment.selectors.compactMap { HostSelector($0) }
        return own + job.hosts.filter { !own.contains($0) }
    }

    private func addLoads(of resource: FleetResource, to wanted: inout [String: WantedHost]) {
        guard let deployment = deployments[resource.deployment]?.value, let job = jobs[resource.job.description]
        else { return }
        guard deployment.isPlacedByHost else {
            for task in board.tasks(of: resource.name) { wanted[task.host]?.placedCount += 1 }
            return
        }
        let weight = Loads.weight(of: job)
        for place in places(of: resource) {
            wanted[place]?.fixedLoad.merge(weight) { $0 + $1 }
            if deployment.stoppedPlaces.contains(place) {
                wanted[place]?.stopped[resource.name, default: []].append(resource.partition(place))
            }
        }
    }
}
