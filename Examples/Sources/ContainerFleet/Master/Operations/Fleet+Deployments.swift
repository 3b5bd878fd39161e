public import FleetJobs
import FleetModel
import HelixAdmin
import StateModels

/// A wish that a job runs somewhere.
public struct DeployRequest: Sendable, Hashable {
    /// The job: its id, or enough of it.
    public var job: String
    /// Where.
    public var target: DeploymentTarget
    /// The deployment's name; made of the job's unless set.
    public var name: String?
    /// Which hosts are considered, besides what the job says.
    public var selectors: [String] = []
    /// How later jobs take its place; as the job says unless set.
    public var policy: RolloutPolicy?
    /// Whether its tasks are started; they are not for the time being if false.
    public var isStarted = true
    /// Whether it takes over what other deployments have of the job on hosts that they name: the containers run on.
    public var migrates = false
    /// The job's token, if it has one.
    public var token: String?
    /// The index of the plan that is carried out.
    public var index: Int64?

    /// A wish.
    public init(_ job: String, on target: DeploymentTarget) {
        self.job = job
        self.target = target
    }
}

extension RolloutPolicy {
    /// As a job says.
    public init(_ rollout: Rollout) {
        self.init(
            parallelism: rollout.parallelism, overlaps: rollout.overlap,
            minimumHealthyTime: rollout.minHealthyTime.milliseconds, healthyDeadline: rollout.deadline.milliseconds,
            canaries: rollout.canary, failureRatio: Double(rollout.failureRatio.thousandths) / 1_000,
            onFailure: rollout.onFailure == .pause ? .pause : .rollback)
    }
}

extension Fleet {
    /// Deploys a job; to more hosts, if it is deployed to some.
    public func deploy(_ wish: DeployRequest, user: String) async throws -> Deployment {
        try await request { store, administrator in
            let (id, job) = try await store.resolve(wish.job)
            try Self.check(wish.token, of: job)
            try Self.check(wish)
            if case .hosts(let names) = wish.target {
                try await self.checkHosts(names, known: administrator.instances(in: cluster))
            }
            let name = wish.name ?? Self.name(for: id, wish.target)
            try FleetText.checkName(name, "deployment")
            let time = now()
            let done = try await store.transact(name, index: wish.index) { all, present in
                let deployment = try Self.deployed(wish, name: name, id, job, over: present, user: user, at: time)
                return try await self.written(deployment, job, migrating: wish.migrates, over: all, in: store)
            }
            try await note(store, "deployment", name, "\(user) deploys \(id)")
            return done
        }
    }

    /// The name of a deployment that was given none: as Helios's users expect it, two versions of a job may be on
    /// different hosts, while what is placed by the fleet has one name for all versions.
    static func name(for id: JobID, _ target: DeploymentTarget) -> String {
        var name = id.name
        if case .hosts = target { name += "-\(id.version)" }
        return String(name.map { $0 == "." ? "-" : $0 })
    }

    private static func check(_ wish: DeployRequest) throws {
        try check(wish.selectors)
        switch wish.target {
        case .hosts([]): throw FleetError(.invalidRequest, "no host is named", cure: "name one, or a selector")
        case .replicas(let count) where !(0...10_000).contains(count):
            throw FleetError(.invalidRequest, "\(count) replicas, expected 0 to 10000", cure: "ask for another number")
        default: break
        }
    }

    private func checkHosts(_ names: [String], known: [String]) throws {
        for name in names where !known.contains(name) {
            let near = known.filter { $0.hasPrefix(name) || name.hasPrefix($0) }.prefix(3).joined(separator: ", ")
            throw FleetError(
                .hostNotFound, "there is no host \(name)",
                cure: near.isEmpty ? "list the hosts, or register it first" : "is it \(near)?")
        }
    }

    /// A deployment with a wish fulfilled.
    static func deployed(
        _ wish: DeployRequest, name: String, _ id: JobID, _ job: Job, over present: Deployment?, user: String,
        at time: Int64
    ) throws -> Deployment {
        let policy = wish.policy ?? RolloutPolicy(job.rollout)
        guard var deployment = present else {
            var target = wish.target
            if case .hosts(let names) = target { target = .hosts(Set(names).sorted()) }
            var deployment = Deployment(
                name: name, job: id.description, target: target, selectors: wish.selectors, policy: policy,
                user: user, at: time)
            deployment.isStopped = !wish.isStarted
            return deployment
        }
        guard deployment.phase != .removing else {
            throw FleetError(
                .deploymentConflict, "the deployment \(name) is being removed",
                cure: "wait until it is gone, or choose another name")
        }
        guard deployment.latest.job == id.description else {
            throw FleetError(
                .deploymentConflict, "the deployment \(name) has \(deployment.latest.job)",
                cure: "roll the job out there, or choose another name")
        }
        guard case .hosts(let former) = deployment.target, case .hosts(let more) = wish.target else {
            throw FleetError(
                .jobAlreadyDeployed, "the deployment \(name) has \(id.short) already",
                cure: "scale it, or choose another name")
        }
        if let twice = more.first(where: former.contains) {
            throw FleetError(
                .jobAlreadyDeployed, "\(id.short) is on \(twice) already", cure: "leave that host out")
        }
        deployment.target = .hosts(Set(former + more).sorted())
        if !wish.isStarted { deployment.stoppedPlaces = Set(deployment.stoppedPlaces + more).sorted() }
        return deployment
    }

    /// Takes a deployment away, or some of its hosts.
    /// - Parameters:
    ///   - reference: its name, or a job that one deployment has.
    ///   - hosts: only these.
    public func undeploy(
        _ reference: String, hosts: [String]? = nil, token: String? = nil, user: String
    ) async throws -> Deployment {
        try await changing(reference, token, user, hosts == nil ? "undeploys it" : "undeploys it from hosts") {
            deployment, time in
            guard let hosts else {
                deployment.move(to: .removing, "\(user) undeploys it", at: time)
                return
            }
            let former = try Self.named(deployment, hosts)
            let left = former.filter { !hosts.contains($0) }
            deployment.stoppedPlaces.removeAll { hosts.contains($0) }
            if left.isEmpty {
                deployment.move(to: .removing, "\(user) undeploys it", at: time)
            } else {
                deployment.target = .hosts(left)
            }
        }
    }

    /// The hosts that a deployment names, among which these must be.
    private static func named(_ deployment: Deployment, _ hosts: [String]) throws -> [String] {
        guard case .hosts(let named) = deployment.target else {
            throw FleetError(
                .invalidRequest, "the deployment \(deployment.name) names no hosts",
                cure: "change its selectors or its size, or undeploy all of it")
        }
        if let other = hosts.first(where: { !named.contains($0) }) {
            throw FleetError(
                .jobNotDeployed, "the deployment \(deployment.name) is not on \(other)", cure: "leave that host out")
        }
        return named
    }

    /// Lets the tasks of a deployment run, or not, for the time being. Containers of stopped tasks are kept. Those that
    /// failed for good are tried again when they are started.
    /// - Parameter hosts: only there.
    public func setGoal(
        _ reference: String, started: Bool, hosts: [String]? = nil, token: String? = nil, user: String
    ) async throws -> Deployment {
        let done = try await changing(reference, token, user, started ? "starts it" : "stops it") { deployment, _ in
            guard let hosts else {
                deployment.isStopped = !started
                deployment.stoppedPlaces = []
                return
            }
            guard deployment.isPlacedByHost else {
                throw FleetError(
                    .invalidRequest, "the places of \(deployment.name) are no hosts",
                    cure: "stop all of it, or scale it")
            }
            if case .hosts = deployment.target { _ = try Self.named(deployment, hosts) }
            if started {
                deployment.stoppedPlaces.removeAll { hosts.contains($0) }
            } else {
                deployment.stoppedPlaces = Set(deployment.stoppedPlaces + hosts).sorted()
            }
        }
        if started { try await retryFailed(done, hosts: hosts) }
        return done
    }

    /// Takes tasks out of the state in which nothing is done for them.
    private func retryFailed(_ deployment: Deployment, hosts: [String]?) async throws {
        let view = view
        let failed = view.resources(of: deployment.name).flatMap { view.board.tasks(of: $0.name) }
            .filter { $0.state == StateModel.error && hosts?.contains($0.host) ?? true }
        try await request { _, administrator in
            for task in failed {
                do {
                    try await administrator.resetPartitions(
                        [task.resource.partition(task.place)], of: task.resource.name, on: task.host, in: cluster)
                } catch let error as AdministrationError
                    where [.notInError, .messagePending, .isNotAlive, .doesNotExist].contains(error.code)
                {
                    // It is on its way already, or gone.
                }
            }
        }
    }

    /// Changes how many replicas there are.
    public func scale(
        _ reference: String, to count: Int, token: String? = nil, user: String
    ) async throws -> Deployment {
        try await changing(reference, token, user, "scales it to \(count)") { deployment, _ in
            guard case .replicas = deployment.target else {
                throw FleetError(
                    .invalidRequest, "the deployment \(deployment.name) has no number of replicas",
                    cure: "change its hosts or selectors")
            }
            guard (0...10_000).contains(count) else {
                throw FleetError(
                    .invalidRequest, "\(count) replicas, expected 0 to 10000", cure: "ask for another number")
            }
            deployment.target = .replicas(count)
        }
    }

    /// Changes where a deployment is to be, or how later jobs take the present one's place; what is not said stays.
    /// - Parameter hosts: all that it is to have, where it names hosts.
    public func edit(
        _ reference: String, selectors: [String]? = nil, hosts: [String]? = nil, policy: RolloutPolicy? = nil,
        token: String? = nil, user: String
    ) async throws -> Deployment {
        if let hosts {
            try await request { _, administrator in
                try await self.checkHosts(hosts, known: administrator.instances(in: cluster))
            }
        }
        let (store, view) = (try store, view)
        return try await changing(reference, token, user, "changes it") { deployment, _ in
            if let selectors {
                try Self.check(selectors)
                deployment.selectors = selectors
            }
            if let hosts {
                guard case .hosts = deployment.target, !hosts.isEmpty else {
                    throw FleetError(
                        .invalidRequest, "\(deployment.name) names no hosts, or is to have none",
                        cure: "change its selectors or its size, or undeploy it")
                }
                deployment.target = .hosts(Set(hosts).sorted())
                deployment.stoppedPlaces.removeAll { !hosts.contains($0) }
            }
            if let policy { deployment.policy = policy }
            if let id = JobID(deployment.latest.job), let job = try await store.job(id) {
                let all = try await store.deployments()
                try await PortClaims(all.mapValues(\.value), view, store).check(deployment, job)
            }
        }
    }

    private static func check(_ selectors: [String]) throws {
        for selector in selectors where HostSelector(selector) == nil {
            throw FleetError(
                .invalidRequest, "“\(selector)” is no selector", cure: "write “role = web”, “zone in (a, b)” or alike")
        }
    }

    /// Changes a deployment that exists.
    func changing(
        _ reference: String, _ token: String?, _ user: String, _ what: String, index: Int64? = nil,
        _ change: (_ deployment: inout Deployment, _ time: Int64) async throws -> Void
    ) async throws -> Deployment {
        try await request { store, _ in
            let name = try await self.deploymentName(reference, store)
            let time = now()
            let done = try await store.change(name, index: index) { _, present in
                var deployment = try await self.changeable(present, name, token, store)
                try await change(&deployment, time)
                return deployment
            }
            try await note(store, "deployment", name, "\(user) \(what)")
            return done
        }
    }

    /// A deployment that is there, and that who says this token may change.
    func changeable(
        _ present: Deployment?, _ name: String, _ token: String?, _ store: FleetStore
    ) async throws -> Deployment {
        guard let deployment = present else { throw Self.noDeployment(name) }
        if let id = JobID(deployment.latest.job), let job = try await store.job(id) { try Self.check(token, of: job) }
        return deployment
    }

    static func noDeployment(_ name: String) -> FleetError {
        FleetError(.deploymentNotFound, "there is no deployment “\(name)”", cure: "list the deployments")
    }

    /// The name of the deployment that a person means: its own, or a job that only one has.
    func deploymentName(_ reference: String, _ store: FleetStore) async throws -> String {
        let all = try await store.deployments()
        if all[reference] != nil { return reference }
        guard let id = try? await store.resolve(reference).id else { throw Self.noDeployment(reference) }
        let users = all.values.filter { $0.value.latest.job == id.description }.map(\.value.name).sorted()
        if users.count == 1 { return users[0] }
        if users.isEmpty {
            throw FleetError(.jobNotDeployed, "no deployment has \(id.short)", cure: "deploy it first")
        }
        throw FleetError(
            .ambiguousReference, "\(id.short) is in \(users.joined(separator: ", "))", cure: "name the deployment")
    }
}
