import FleetJobs

/// How far a rollout is.
public struct RolloutStatus: Sendable, Hashable, Codable {
    /// The deployment.
    public var deployment: String
    /// How it stands.
    public var phase: Deployment.Phase
    /// What there is to say of that.
    public var message: String
    /// The generation that is to run.
    public var generation: Generation
    /// The generation that a rollback leads to, if there is one.
    public var stable: Int?
    /// The places that have it, healthy for long enough.
    public var done: [String]
    /// Those on their way.
    public var underWay: [String]
    /// Those that wait for their turn.
    public var waiting: [String]
    /// Those whose host is away.
    public var unreachable: [String]
    /// Those that failed, and why.
    public var failed: [String: String]
    /// The deployment's index.
    public var index: Int64
}

extension Fleet {
    /// Rolls another job out in a deployment, or the same one once more.
    /// - Parameters:
    ///   - policy: how; as the job says unless set.
    ///   - migrates: whether it takes over what other deployments have of the job on hosts that they name: the containers
    ///     run on.
    ///   - token: of the job that is there, which the new one must have too if it has any.
    ///   - index: the index of the plan that is carried out.
    public func rollOut(
        _ job: String, in reference: String, policy: RolloutPolicy? = nil, migrates: Bool = false,
        token: String? = nil, index: Int64? = nil, user: String, reason: String = ""
    ) async throws -> Deployment {
        try await request { store, _ in
            let (id, job) = try await store.resolve(job)
            if job.token != nil { try Self.check(token, of: job) }
            let name = try await self.deploymentName(reference, store)
            let time = now()
            let done = try await store.transact(name, index: index) { all, present in
                var deployment = try await self.changeable(present, name, token, store)
                guard deployment.phase != .removing else {
                    throw FleetError(
                        .deploymentConflict, "the deployment \(name) is being removed", cure: "deploy it anew")
                }
                Self.rollOut(id.description, policy ?? RolloutPolicy(job.rollout), in: &deployment, user, reason, time)
                return try await self.written(deployment, job, migrating: migrates, over: all, in: store)
            }
            try await note(store, "deployment", name, "\(user) rolls out \(id)")
            return done
        }
    }

    /// Everything that was stopped by hand runs again with what is rolled out.
    static func rollOut(
        _ job: String, _ policy: RolloutPolicy, in deployment: inout Deployment, _ user: String, _ reason: String,
        _ time: Int64
    ) {
        deployment.policy = policy
        deployment.isStopped = false
        deployment.stoppedPlaces = []
        deployment.rollOut(job, user: user, reason: reason, at: time)
    }

    /// Goes back to what ran before.
    /// - Parameter generation: its number; the last that was rolled out well before this one unless set.
    public func rollBack(
        _ reference: String, to generation: Int? = nil, token: String? = nil, user: String
    ) async throws -> Deployment {
        let store = try store
        return try await changing(reference, token, user, "rolls it back") { deployment, time in
            let present = deployment.latest
            let former =
                generation.map { number in deployment.generations.filter { $0.number == number } }
                ?? deployment.stable.flatMap { $0 == present.number ? nil : deployment.generation($0) }.map { [$0] }
                ?? deployment.generations.filter { $0.job != present.job }
            guard let target = former.last, let id = JobID(target.job) else {
                let known = deployment.generations.map { "\($0.number)" }.joined(separator: ", ")
                throw FleetError(
                    .invalidRequest, "there is nothing to go back to; generations \(known) are remembered",
                    cure: "name one of them, or roll out a job")
            }
            guard try await store.job(id) != nil else {
                throw FleetError(.jobNotFound, "the job \(target.job) was removed", cure: "create it again")
            }
            Self.rollOut(
                target.job, deployment.policy, in: &deployment, user, "back to generation \(target.number)", time)
        }
    }

    /// Holds a rollout where it is.
    public func pause(_ reference: String, token: String? = nil, user: String) async throws -> Deployment {
        try await changing(reference, token, user, "pauses it") { deployment, time in
            guard deployment.phase == .rollingOut || deployment.phase == .active || deployment.phase == .paused else {
                throw FleetError(
                    .invalidRequest, "\(deployment.name) is \(deployment.phase.rawValue)", cure: "look at its status")
            }
            deployment.move(to: .paused, "\(user) paused it", at: time)
        }
    }

    /// Lets a rollout go on that was paused, or has failed.
    public func resume(_ reference: String, token: String? = nil, user: String) async throws -> Deployment {
        try await changing(reference, token, user, "resumes it") { deployment, time in
            guard deployment.phase == .paused || deployment.phase == .failed else {
                throw FleetError(
                    .invalidRequest, "\(deployment.name) is \(deployment.phase.rawValue), nothing to resume",
                    cure: "look at its status")
            }
            if deployment.phase == .failed { deployment.assigned = deployment.assigned.mapValues { _ in time } }
            deployment.move(to: .rollingOut, "\(user) resumed it", at: time)
        }
    }

    /// How far the rollout of a deployment is.
    public func rolloutStatus(_ name: String) throws -> RolloutStatus {
        let view = view
        guard let found = view.deployments[name] else { throw Self.noDeployment(name) }
        let deployment = found.value
        var rooms = Rooms(view)
        let step = Reconciliation(
            deployment, hosts: view.standings(deployment), deployed: view.deployed(deployment),
            homeless: rooms.homeless(deployment), now: now()
        ).step
        return RolloutStatus(
            deployment: name, phase: deployment.phase, message: deployment.message, generation: deployment.latest,
            stable: deployment.stable, done: step?.done ?? [],
            underWay: (step?.underWay ?? []) + (step?.starting ?? []),
            waiting: step?.waiting ?? [], unreachable: step?.unreachable ?? [], failed: step?.failed ?? [:],
            index: found.index)
    }
}
