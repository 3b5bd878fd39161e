import FleetJobs
public import FleetMaster
import FleetModel

/// An error as it goes over the wire.
public struct ErrorBody: Sendable, Hashable, Codable {
    /// A field that is wrong.
    public struct Problem: Sendable, Hashable, Codable {
        /// Where it is.
        public var path: String
        /// What is there.
        public var found: String
        /// What may be there.
        public var expected: String
    }

    /// What kind of error it is.
    public var code: FleetError.Code
    /// What was found, and what was expected.
    public var reason: String
    /// What to do.
    public var cure: String
    /// Fields of a job that are wrong.
    public var problems: [Problem]?

    /// An error.
    public init(_ error: FleetError) {
        (code, reason, cure) = (error.code, error.reason, error.cure)
        let fields = error.problems.map { Problem(path: $0.path, found: $0.found, expected: $0.expected) }
        problems = fields.isEmpty ? nil : fields
    }

    /// The error that it was.
    public var error: FleetError {
        FleetError(
            code, reason, cure: cure,
            problems: (problems ?? []).map { FieldProblem($0.path, found: $0.found, expected: $0.expected) })
    }
}

/// The id of a job.
public struct JobReference: Sendable, Hashable, Codable {
    /// `name:version:hash`.
    public var id: String
}

/// How jobs take each other's place; what is left out is as the job says.
public struct PolicyBody: Sendable, Hashable, Codable {
    /// How many places at the same time.
    public var parallelism: Int?
    /// Whether the new one is healthy before the former one goes.
    public var overlaps: Bool?
    /// Milliseconds.
    public var minimumHealthyTime: Int64?
    /// Milliseconds.
    public var healthyDeadline: Int64?
    /// How many first.
    public var canaries: Int?
    /// Which part may fail, 0…1.
    public var failureRatio: Double?
    /// What is done when more do.
    public var onFailure: RolloutPolicy.FailureAction?

    /// As the job says.
    public init() {}

    /// With what is left out as it is in another.
    public func applied(to policy: RolloutPolicy) -> RolloutPolicy {
        RolloutPolicy(
            parallelism: parallelism ?? policy.parallelism, overlaps: overlaps ?? policy.overlaps,
            minimumHealthyTime: minimumHealthyTime ?? policy.minimumHealthyTime,
            healthyDeadline: healthyDeadline ?? policy.healthyDeadline, canaries: canaries ?? policy.canaries,
            failureRatio: failureRatio ?? policy.failureRatio, onFailure: onFailure ?? policy.onFailure)
    }
}

/// A wish that a job runs somewhere. One of `hosts`, `everyHost` and `replicas` says where.
public struct DeployBody: Sendable, Hashable, Codable {
    /// The job.
    public var job: String
    /// The deployment's name.
    public var name: String?
    /// On these.
    public var hosts: [String]?
    /// On every host that matches.
    public var everyHost: Bool?
    /// So many, where there is room.
    public var replicas: Int?
    /// Which hosts are considered.
    public var selectors: [String]?
    /// How later jobs take its place.
    public var policy: PolicyBody?
    /// Whether its tasks are started.
    public var started: Bool?
    /// Whether it takes over what other deployments have of the job on hosts that they name.
    public var migrate: Bool?
    /// The index of the plan that is carried out.
    public var index: Int64?

    /// A wish.
    public init(job: String) { self.job = job }

    /// The wish, if it says where.
    func request(_ token: String?, policy base: RolloutPolicy?) throws -> DeployRequest {
        let target: DeploymentTarget
        switch (hosts, everyHost, replicas) {
        case (let hosts?, nil, nil): target = .hosts(hosts)
        case (nil, true?, nil): target = .everyHost
        case (nil, nil, let count?): target = .replicas(count)
        default:
            throw FleetError(
                .invalidRequest, "it is not plain where it is to run",
                cure: "give exactly one of hosts, everyHost: true, and replicas")
        }
        var wish = DeployRequest(job, on: target)
        (wish.name, wish.selectors, wish.isStarted) = (name, selectors ?? [], started ?? true)
        (wish.token, wish.index, wish.migrates) = (token, index, migrate ?? false)
        if let policy, let base { wish.policy = policy.applied(to: base) }
        return wish
    }
}

/// A deployment.
public struct DeploymentBody: Sendable, Hashable, Codable {
    /// Its name.
    public var name: String
    /// The job that is to run.
    public var job: String
    /// Where: on these …
    public var hosts: [String]?
    /// … on every host that matches …
    public var everyHost: Bool?
    /// … or so many.
    public var replicas: Int?
    /// Which hosts are considered.
    public var selectors: [String]
    /// How later jobs take its place.
    public var policy: RolloutPolicy
    /// How it stands.
    public var phase: Deployment.Phase
    /// What there is to say of that.
    public var message: String
    /// Since when, in milliseconds since 1970.
    public var since: Int64
    /// What is remembered of the jobs that it had, the latest last.
    public var generations: [Generation]
    /// The last generation that was rolled out well.
    public var stable: Int?
    /// Whether all of it is stopped.
    public var stopped: Bool
    /// Where it is stopped.
    public var stoppedPlaces: [String]

    /// A deployment.
    public init(_ deployment: Deployment) {
        (name, job) = (deployment.name, deployment.latest.job)
        switch deployment.target {
        case .hosts(let names): hosts = names
        case .everyHost: everyHost = true
        case .replicas(let count): replicas = count
        }
        (selectors, policy) = (deployment.selectors, deployment.policy)
        (phase, message, since) = (deployment.phase, deployment.message, deployment.phaseSince)
        (generations, stable) = (deployment.generations, deployment.stable)
        (stopped, stoppedPlaces) = (deployment.isStopped, deployment.stoppedPlaces)
    }
}

/// What is to be different about a deployment; what is left out stays.
public struct EditBody: Sendable, Hashable, Codable {
    /// Which hosts are considered.
    public var selectors: [String]?
    /// All that it is to have, where it names hosts.
    public var hosts: [String]?
    /// How later jobs take the present one's place.
    public var policy: PolicyBody?
}

/// Whether tasks are to run.
public struct GoalBody: Sendable, Hashable, Codable {
    /// Whether they are.
    public var started: Bool
    /// Only there.
    public var hosts: [String]?
}

/// How many replicas there are to be.
public struct ScaleBody: Sendable, Hashable, Codable {
    /// So many.
    public var replicas: Int
}

/// A job that is to take the place of another.
public struct RolloutBody: Sendable, Hashable, Codable {
    /// The job.
    public var job: String
    /// How.
    public var policy: PolicyBody?
    /// Why.
    public var reason: String?
    /// Whether it takes over what other deployments have of the job on hosts that they name.
    public var migrate: Bool?
    /// The index of the plan that is carried out.
    public var index: Int64?

    /// A rollout.
    public init(job: String) { self.job = job }
}

/// Where a rollback leads.
public struct RollbackBody: Sendable, Hashable, Codable {
    /// A generation; the last that was rolled out well unless set.
    public var generation: Int?
}

/// A host.
public struct HostBody: Sendable, Hashable, Codable {
    /// Its name.
    public var name: String
    /// Whether its agent is there.
    public var up: Bool
    /// Whether it gets nothing new.
    public var cordoned: Bool
    /// Whether everything leaves it.
    public var draining: Bool
    /// Its labels.
    public var labels: [String: String]
    /// Thousandths of processors.
    public var cpus: Int?
    /// MiB of memory.
    public var memory: Int?
    /// What fails together with it.
    public var zone: String?
    /// How many tasks it has, and how many of them run; where that was asked for.
    public var tasks: Int?
    /// How many run.
    public var running: Int?

    /// A host.
    public init(_ host: FleetHost) {
        (name, up, cordoned, draining) = (host.name, host.isUp, host.isCordoned, host.isDraining)
        (labels, cpus) = (host.description.labels, host.description.cpus)
        (memory, zone) = (host.description.memory, host.description.zone)
    }
}

/// What a host is to be like.
public struct HostSettings: Sendable, Hashable, Codable {
    /// Its labels.
    public var labels: [String: String]?
    /// Thousandths of processors.
    public var cpus: Int?
    /// MiB of memory.
    public var memory: Int?
    /// What fails together with it.
    public var zone: String?
}

/// A change of labels.
public struct LabelsBody: Sendable, Hashable, Codable {
    /// Labels that it gets.
    public var set: [String: String]?
    /// Labels that it loses.
    public var remove: [String]?
}

/// Somebody who may call.
public struct CallerBody: Sendable, Hashable, Codable {
    /// Who.
    public var name: String
    /// What they may do.
    public var role: Role
    /// What they say when they call; told once, when it is made.
    public var token: String?
}

/// What somebody may do.
public struct RoleBody: Sendable, Hashable, Codable {
    /// What.
    public var role: Role
}

/// The master that answers.
public struct MasterBody: Sendable, Hashable, Codable {
    /// The cluster.
    public var cluster: String
    /// The master's name.
    public var master: String
    /// The master that acts.
    public var leader: String?
    /// Whether it knows the whole fleet by now.
    public var ready: Bool
}
