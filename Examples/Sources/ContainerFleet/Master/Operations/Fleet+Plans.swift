import FleetJobs
import FleetModel

/// What a wish would change: nothing is changed by asking.
public struct FleetPlan: Sendable, Hashable, Codable {
    /// One change.
    public struct Change: Sendable, Hashable, Codable {
        /// What would be done at a place.
        public enum Action: String, Sendable, Hashable, Codable {
            /// It gets a task.
            case start
            /// Its task gives way to another.
            case replace
            /// Its task goes.
            case stop
            /// It waits until its host is there, or one has room.
            case wait
        }

        /// What would be done.
        public var action: Action
        /// The place: a host, or a number.
        public var place: String
        /// The host, where it is known: what the fleet places is placed when it begins.
        public var host: String?
        /// The job that is there.
        public var from: String?
        /// The job that would be there.
        public var to: String?
        /// In which step, from 1 on.
        public var step: Int
    }

    /// The deployment.
    public var deployment: String
    /// What the deployment's index must be when this is carried out; 0 where there is none yet.
    public var index: Int64
    /// The changes, in the order in which they would come.
    public var changes: [Change]
    /// How many places would stay as they are.
    public var unchanged: Int
}

extension Fleet {
    /// What deploying would change.
    public func plan(_ wish: DeployRequest, user: String = "") async throws -> FleetPlan {
        let (id, job) = try await request { store, _ in try await store.resolve(wish.job) }
        let name = wish.name ?? Self.name(for: id, wish.target)
        let view = view
        let present = view.deployments[name]
        let deployment = try Self.deployed(
            wish, name: name, id, job, over: present?.value, user: user, at: now())
        return try await plan(deployment, job, view, migrating: wish.migrates, index: present?.index ?? 0)
    }

    /// What rolling out would change.
    public func plan(
        rollOut job: String, in name: String, policy: RolloutPolicy? = nil, migrates: Bool = false
    ) async throws -> FleetPlan {
        let (id, job) = try await request { store, _ in try await store.resolve(job) }
        let view = view
        guard let present = view.deployments[name] else { throw Self.noDeployment(name) }
        var deployment = present.value
        Self.rollOut(id.description, policy ?? RolloutPolicy(job.rollout), in: &deployment, "", "", now())
        return try await plan(deployment, job, view, migrating: migrates, index: present.index)
    }

    /// What scaling would change.
    public func plan(scale name: String, to count: Int) throws -> FleetPlan {
        let view = view
        guard let present = view.deployments[name] else { throw Self.noDeployment(name) }
        var deployment = present.value
        deployment.target = .replicas(count)
        return plan(deployment, view.jobs[deployment.latest.job], view, index: present.index)
    }

    /// A plan with what would be taken over, which is there already.
    private func plan(
        _ deployment: Deployment, _ job: Job, _ view: FleetView, migrating: Bool, index: Int64
    ) async throws -> FleetPlan {
        var (view, deployment) = (view, deployment)
        let all = view.deployments.mapValues(\.value)
        let present = view.identities.values.sorted { $0.name < $1.name }.map { ($0, view.places(of: $0)) }
        let takeover = try migrating ? self.takeover(by: deployment, job, from: all, present) : .none
        for name in takeover.former { view.deployments[name] = nil }
        deployment = takeover.applied(to: deployment)
        try await PortClaims(view.deployments.mapValues(\.value), view, try store).check(deployment, job)
        return plan(deployment, job, view, index: index)
    }

    private func plan(_ deployment: Deployment, _ job: Job?, _ view: FleetView, index: Int64) -> FleetPlan {
        var view = view
        view.deployments[deployment.name] = Versioned(deployment, version: 0, index: index)
        if let job { view.jobs[job.id.description] = job }
        view.identify()
        return FleetPlan(rehearsing: deployment, in: view, index: index, now: now())
    }
}

extension FleetPlan {
    /// Rehearses a deployment in a world in which everything that is told to start does.
    init(rehearsing wanted: Deployment, in view: FleetView, index: Int64, now: Int64) {
        deployment = wanted.name
        self.index = index
        changes = []
        var rooms = Rooms(view)
        let homeless = rooms.homeless(wanted)
        let hosts = view.standings(wanted)
        let before = view.deployed(wanted)
        let here = Self.jobs(before)
        var (deployment, deployed, time, step) = (wanted, before, now, 0)
        let latest = wanted.latest.job
        while step < 100_000 {
            let next = Reconciliation(deployment, hosts: hosts, deployed: deployed, homeless: homeless, now: time)
            let known = Set(deployed[latest]?.places ?? [])
            let started = (next.places[latest] ?? []).filter { !known.contains($0) }
            let after = next.places.mapValues { places in
                DeployedJob(
                    places: places,
                    health: Dictionary(uniqueKeysWithValues: places.map { ($0, TaskHealth(.healthy, since: time)) }))
            }.filter { !$0.value.places.isEmpty }
            if started.isEmpty, next.deployment.phase == deployment.phase, Self.jobs(after) == Self.jobs(deployed) {
                if let waiting = next.step?.unreachable {
                    changes += waiting.filter { !known.contains($0) }.map { place in
                        Change(
                            action: .wait, place: place, host: wanted.isPlacedByHost ? place : nil, from: here[place],
                            to: latest, step: step + 1)
                    }
                }
                break
            }
            if !started.isEmpty { step += 1 }
            for place in started {
                changes.append(
                    Change(
                        action: here[place] == nil ? .start : .replace, place: place,
                        host: wanted.isPlacedByHost ? place : nil, from: here[place], to: latest, step: step))
            }
            (deployment, deployed) = (next.deployment, after)
            time += wanted.policy.minimumHealthyTime + 1
        }
        let there = Self.jobs(deployed)
        changes += here.keys.filter { there[$0] == nil }.sorted().map { place in
            Change(
                action: .stop, place: place, host: wanted.isPlacedByHost ? place : nil, from: here[place], to: nil,
                step: max(1, step))
        }
        unchanged = here.count { there[$0.key] == $0.value }
    }

    /// The job at each place; where there are several, the one that was there first.
    private static func jobs(_ deployed: [String: DeployedJob]) -> [String: String] {
        var jobs: [String: String] = [:]
        for (job, present) in deployed.sorted(by: { $0.key < $1.key }) {
            for place in present.places { jobs[place] = job }
        }
        return jobs
    }
}
