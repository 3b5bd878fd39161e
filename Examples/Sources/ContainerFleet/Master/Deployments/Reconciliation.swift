/// A host as far as deployments are concerned.
public struct HostStanding: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// Whether its agent is there.
    public var isUp: Bool
    /// Whether the deployment's selectors match it.
    public var isMatching: Bool
    /// Whether it gets nothing new: it is cordoned.
    public var isCordoned: Bool
    /// Whether all it has is to go elsewhere.
    public var isDraining: Bool

    /// A host.
    public init(
        name: String, isUp: Bool = true, isMatching: Bool = true, isCordoned: Bool = false, isDraining: Bool = false
    ) {
        self.name = name
        self.isUp = isUp
        self.isMatching = isMatching
        self.isCordoned = isCordoned
        self.isDraining = isDraining
    }
}

/// A job of a deployment as it is in the cluster: a resource, whose partitions are the places. Generations with the same
/// job have it in common, so that a rollback touches only what has left it.
public struct DeployedJob: Sendable, Hashable {
    /// Its places, in their order: hosts, or numbers from 0.
    public var places: [String]
    /// How its tasks are, by place.
    public var health: [String: TaskHealth]

    /// A job.
    public init(places: [String], health: [String: TaskHealth] = [:]) {
        self.places = places
        self.health = health
    }

    /// Adds places that have the job, too.
    public mutating func add(_ places: [String], _ health: [String: TaskHealth]) {
        self.places += places
        self.health.merge(health) { first, _ in first }
    }

    var healthyCount: Int { places.count { health[$0]?.kind == .healthy } }
}

/// What has to be done so that a deployment comes closer to what it should be: a pure function of what is.
public struct Reconciliation: Sendable, Hashable {
    /// The record afterwards.
    public private(set) var deployment: Deployment
    /// The places that each job is to have; those with none are to be deleted once nothing is left of them.
    public private(set) var places: [String: [String]] = [:]
    /// What happened, for people, in order.
    public private(set) var events: [String] = []
    /// How far the rollout is; `nil` for a deployment that is to go.
    public private(set) var step: RolloutStep?
    /// When to look again even if nothing happens, in milliseconds since 1970.
    public private(set) var nextDeadline: Int64?

    private let homeless: Set<String>

    /// Whether nothing is left of a deployment that is to go.
    public var isGone: Bool { deployment.phase == .removing && places.isEmpty }

    /// - Parameters:
    ///   - hosts: all hosts that are registered.
    ///   - deployed: the jobs of which there are resources, by id.
    ///   - homeless: places for which no host has room now.
    ///   - now: milliseconds since 1970.
    public init(
        _ deployment: Deployment, hosts: [HostStanding], deployed: [String: DeployedJob],
        homeless: Set<String> = [], now: Int64
    ) {
        self.deployment = deployment
        self.homeless = homeless
        if deployment.phase == .removing {
            places = deployed.mapValues { _ in [] }
            return
        }
        advance(hosts, deployed, now)
        if case .failed(let reason) = step?.verdict, self.deployment.policy.onFailure != .proceed {
            fail(reason, now)
        }
    }

    private mutating func advance(_ hosts: [HostStanding], _ deployed: [String: DeployedJob], _ now: Int64) {
        let job = deployment.latest.job
        let wanted = wantedPlaces(hosts, deployed)
        // What is there although the record does not say so was written by a master that could not finish.
        let present = deployed[job]?.places ?? []
        for place in present where deployment.assigned[place] == nil { deployment.assigned[place] = now }
        let wantedSet = Set(wanted)
        deployment.assigned = deployment.assigned.filter { wantedSet.contains($0.key) && !homeless.contains($0.key) }
        let step = RolloutStep(
            .init(
                places: wanted, unreachable: unreachable(hosts), assigned: deployment.assigned,
                health: deployed[job]?.health ?? [:], isPaused: deployment.phase == .paused, now: now),
            policy: deployment.policy)
        let before = deployment.assigned
        for place in step.starting { deployment.assigned[place] = now }
        places[job] = wanted.filter { deployment.assigned[$0] != nil }
        shrink(deployed, step, before, wanted.count)
        if !step.starting.isEmpty {
            events.append("\(deployment.latest.job) is told to \(step.starting.joined(separator: ", "))")
        }
        nextDeadline = step.nextDeadline
        self.step = step
        conclude(step, now)
    }

    /// The places that are to have the latest generation.
    private func wantedPlaces(_ hosts: [HostStanding], _ deployed: [String: DeployedJob]) -> [String] {
        let holders = Set(deployed.values.flatMap(\.places))
        func mayHave(_ host: HostStanding) -> Bool {
            !host.isDraining && (!host.isCordoned || holders.contains(host.name))
        }
        switch deployment.target {
        case .replicas(let count): return (0..<max(0, count)).map(String.init)
        case .everyHost: return hosts.filter { $0.isMatching && mayHave($0) }.map(\.name).sorted()
        case .hosts(let names):
            let standing = Dictionary(hosts.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
            return names.filter { standing[$0].map(mayHave) ?? false }.sorted()
        }
    }

    private func unreachable(_ hosts: [HostStanding]) -> Set<String> {
        if case .replicas = deployment.target { return homeless }
        return Set(hosts.filter { !$0.isUp }.map(\.name))
    }

    private mutating func shrink(
        _ deployed: [String: DeployedJob], _ step: RolloutStep, _ assigned: [String: Int64], _ wanted: Int
    ) {
        let former = formerJobs(deployed)
        if case .replicas = deployment.target {
            let sizes = step.remaining(
                of: former.map { ($0.value.places.count, $0.value.healthyCount) }, wanted: wanted,
                assigned: assigned.count, policy: deployment.policy)
            for ((job, present), size) in zip(former, sizes) { places[job] = Array(present.places.prefix(size)) }
            return
        }
        // A place keeps one former job at most, the youngest.
        var taken: Set<String> = []
        for (job, present) in former {
            let kept = step.remaining(of: present.places, assigned: assigned, policy: deployment.policy)
                .filter { !taken.contains($0) }
            taken.formUnion(kept)
            places[job] = kept
        }
    }

    /// The jobs other than the latest one, the youngest first.
    private func formerJobs(_ deployed: [String: DeployedJob]) -> [(key: String, value: DeployedJob)] {
        func age(_ job: String) -> Int { -(deployment.generations.lastIndex { $0.job == job } ?? -1) }
        return deployed.filter { $0.key != deployment.latest.job }
            .sorted { (age($0.key), $0.key) < (age($1.key), $1.key) }
    }

    // MARK: What is to be said

    private mutating func conclude(_ step: RolloutStep, _ now: Int64) {
        let all = step.done.count + step.underWay.count + step.starting.count + step.waiting.count + step.failed.count
        var message = "\(step.done.count) of \(all) run \(deployment.latest.job)"
        if !step.failed.isEmpty { message += ", \(step.failed.count) failed" }
        let missing = step.unreachable.count
        if missing > 0 { message += homeless.isEmpty ? ", \(missing) down" : ", \(missing) without room on any host" }
        switch deployment.phase {
        case .paused, .failed, .removing: break
        case .rollingOut, .active:
            let isComplete = step.verdict == .complete && homeless.isEmpty
            if isComplete && deployment.stable != deployment.latest.number {
                deployment.stable = deployment.latest.number
                events.append("\(deployment.latest.job) is rolled out: \(message)")
            }
            deployment.move(to: isComplete ? .active : .rollingOut, message, at: now)
        }
    }

    /// More has failed than may.
    private mutating func fail(_ reason: String, _ now: Int64) {
        guard deployment.phase == .rollingOut || deployment.phase == .active else { return }
        let failed = deployment.latest
        // A generation that has been in order once is not left because hosts fail later.
        if deployment.stable == failed.number { return }
        guard deployment.policy.onFailure == .rollback, let stable = deployment.stable.flatMap(deployment.generation),
            stable.job != failed.job
        else {
            deployment.move(to: .failed, reason, at: now)
            events.append("\(failed.job) failed: \(reason)")
            return
        }
        events.append("\(failed.job) failed, back to \(stable.job): \(reason)")
        deployment.rollOut(stable.job, user: "fleet", reason: "\(failed.job) failed: \(reason)", at: now)
        nextDeadline = now
    }
}
