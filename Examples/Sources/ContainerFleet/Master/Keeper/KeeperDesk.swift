import Coordination
import FleetJobs
import FleetModel
import HelixRecords
import HelixSpectator
import Logging

/// What a leading master does: it looks at what is, and writes the little that brings it closer to what is to be.
struct KeeperDesk {
    let cluster: String
    /// What is written here is the leader's to decide: it lands as long as its term lasts.
    let store: FleetStore
    let configuration: MasterConfiguration
    let logger: Logger
    /// What it goes by in the next look.
    private(set) var memory: Memory
    private let paths: ClusterPaths

    /// What is remembered from one look to the next.
    struct Memory {
        var looks = 0
        /// When unused jobs are looked for again, in milliseconds since 1970.
        var nextRetention: Int64 = 0
    }

    init(
        cluster: String, store: FleetStore, configuration: MasterConfiguration, logger: Logger, memory: Memory
    ) {
        self.memory = memory
        self.cluster = cluster
        self.store = store
        self.configuration = configuration
        self.logger = logger
        paths = ClusterPaths(cluster: cluster)
    }

    /// One look.
    /// - Returns: when to look again even if nothing happens, in milliseconds since 1970.
    mutating func look(_ view: FleetView, now: Int64) async throws -> Int64? {
        var agenda = Agenda()
        // Before tasks are placed, it is known what hosts can carry.
        try await keepCluster(view)
        try await keepHosts(view)
        var rooms = Rooms(view)
        for name in view.deployments.keys.sorted() {
            try await keep(name, view, &rooms, now, &agenda)
        }
        try await expireJobs(view, now, &agenda)
        try await forgetTombstones(view, now, &agenda)
        try await forgetJobs(view, now, &agenda)
        if !agenda.events.isEmpty { try await store.append(agenda.events) }
        memory.looks += 1
        if memory.looks % 100 == 1 { try await store.trimJournals() }
        return agenda.deadline
    }

    /// What comes out of a look besides writes.
    private struct Agenda {
        var events: [FleetEvent] = []
        var deadline: Int64?

        mutating func meet(_ time: Int64?) {
            if let time { deadline = min(deadline ?? time, time) }
        }
    }

    private func keepCluster(_ view: FleetView) async throws {
        guard let present = view.cluster else { return }
        var wanted = present
        Loads.apply(view.jobs.values, to: &wanted)
        guard wanted != present, let (data, stat) = try await store.session.getIfPresent(paths.clusterConfig) else {
            return
        }
        var config = try ClusterConfig(decoding: data, path: paths.clusterConfig)
        Loads.apply(view.jobs.values, to: &config)
        // If somebody else was faster, that wakes this master.
        try await store.commit([.set(paths.clusterConfig, data: try config.encoded(), version: stat.version)])
    }

    /// Writes into the configurations of hosts what differs, all in one go, each on condition that it is what was read.
    private func keepHosts(_ view: FleetView) async throws {
        let isOwn: (String) -> Bool = { resource in
            view.identities[resource] != nil || view.tombstones[resource] != nil
        }
        let wanted = view.wantedHosts()
        let different = (view.table?.instances ?? []).filter { instance in
            var config = instance.config
            wanted[instance.name]?.apply(to: &config, isOwn: isOwn)
            return config != instance.config
        }.map(\.name)
        guard !different.isEmpty else { return }
        let found = await store.session.read(different.map { .get(paths.instanceConfig($0)) })
        var writes: [WriteOperation] = []
        for (name, result) in zip(different, found) {
            guard case .success(.data(let data, let stat)) = result else { continue }
            do {
                let write = try Self.write(paths.instanceConfig(name), data, stat.version) {
                    wanted[name]?.apply(to: &$0, isOwn: isOwn)
                }
                if let write { writes.append(write) }
            } catch {
                // One that cannot be read does not hinder the others.
                logger.notice("A host is left as it is", metadata: ["host": "\(name)", "error": "\(error)"])
            }
        }
        let results = try await store.write(writes)
        for result in results {
            if case .failure(let error) = result, error.code != .badVersion, error.code != .noNode { throw error }
        }
    }

    /// The write that changes a host's configuration; `nil` when there is nothing to change.
    private static func write(
        _ path: String, _ data: [UInt8], _ version: Int32, _ change: (inout InstanceConfig) -> Void
    ) throws -> WriteOperation? {
        let present = try InstanceConfig(decoding: data, path: path)
        var config = present
        change(&config)
        return config == present ? nil : .set(path, data: try config.encoded(path: path), version: version)
    }

    private func keep(
        _ name: String, _ view: FleetView, _ rooms: inout Rooms, _ now: Int64, _ agenda: inout Agenda
    ) async throws {
        guard let present = view.deployments[name]?.value, view.problems[name] == nil else { return }
        guard try await sees(present, view) else { return agenda.meet(now + 1_000) }
        let writes = DeploymentWrites(present, in: view, homeless: rooms.homeless(present), now: now)
        agenda.meet(writes.deadline)
        guard !writes.isEmpty else { return }
        var configured = Set(writes.removed)
        for (idealState, _) in writes.created
        where try await store.session.exists(paths.resourceConfig(idealState.id)) != nil {
            configured.insert(idealState.id)
        }
        let operations = try writes.operations(
            name, in: view, fleet: store.paths, cluster: paths, configured: configured)
        guard
            try await store.commit(operations, unless: { [.noNode, .nodeExists, .badVersion].contains($1) }) != nil
        else {
            // What it was decided upon has changed, which wakes this master; if it does not, time does.
            agenda.meet(now + 1_000)
            return
        }
        let texts = writes.isGone ? ["it is gone"] : writes.events
        agenda.events += texts.map { FleetEvent(topic: "deployment", subject: name, text: $0, time: now) }
    }

    /// Whether everything is seen that the deployment took over. What is no more, whoever deleted it, is not waited for.
    private func sees(_ deployment: Deployment, _ view: FleetView) async throws -> Bool {
        let unseen = (deployment.takenOver ?? []).filter { view.resources[$0] == nil }
        for resource in unseen where try await store.session.exists(paths.idealState(resource)) == nil {
            try await store.transact(deployment.name) { _, present in
                var left = present
                left?.takenOver?.removeAll { $0 == resource }
                return ((), left, [])
            }
        }
        return unseen.isEmpty
    }

    /// Takes jobs away whose time is over.
    private func expireJobs(_ view: FleetView, _ now: Int64, _ agenda: inout Agenda) async throws {
        for (id, job) in view.jobs.sorted(by: { $0.key < $1.key }) {
            guard let expires = job.expires.map({ $0.seconds * 1_000 }) else { continue }
            guard expires <= now else {
                agenda.meet(expires)
                continue
            }
            let users = view.deployments.values.filter { $0.value.latest.job == id }
            for user in users.map(\.value).sorted(by: { $0.name < $1.name }) where user.phase != .removing {
                try await store.change(user.name) { _, present in
                    var deployment = present ?? user
                    if deployment.latest.job == id { deployment.move(to: .removing, "\(id) has expired", at: now) }
                    return deployment
                }
            }
            guard users.isEmpty, !view.identities.values.contains(where: { $0.job == job.id }) else { continue }
            do {
                try await store.removeJob(job.id)
                agenda.events.append(FleetEvent(topic: "job", subject: id, text: "it has expired", time: now))
            } catch let error as FleetError where error.code == .stillInUse {
                agenda.meet(now + 1_000)
            }
        }
    }

    /// Forgets jobs that nobody has used for long, once an hour.
    private mutating func forgetJobs(_ view: FleetView, _ now: Int64, _ agenda: inout Agenda) async throws {
        guard let age = configuration.jobRetention?.milliseconds else { return }
        guard now >= memory.nextRetention else { return agenda.meet(memory.nextRetention) }
        memory.nextRetention = now + 3_600_000
        agenda.meet(memory.nextRetention)
        let retention = JobRetention(age: age)
        let used = Set(view.deployments.values.flatMap { $0.value.generations.map(\.job) })
            .union(view.identities.values.map(\.job.description))
        for (id, job) in view.jobs.sorted(by: { $0.key < $1.key }) where !used.contains(id) {
            let last = try await store.history(of: job.id).last?.time
            guard retention.forgets(job, isUsed: false, lastEvent: last, now: now) else { continue }
            do {
                try await store.removeJob(job.id)
                agenda.events.append(
                    FleetEvent(topic: "job", subject: id, text: "nobody has used it for long", time: now))
            } catch let error as FleetError where error.code == .stillInUse {}
        }
    }

    private func forgetTombstones(_ view: FleetView, _ now: Int64, _ agenda: inout Agenda) async throws {
        let age = configuration.tombstoneAge.milliseconds
        for (resource, tombstone) in view.tombstones.sorted(by: { $0.key < $1.key }) {
            guard now >= tombstone.value + age else {
                agenda.meet(tombstone.value + age)
                continue
            }
            try await store.commit([.delete(store.paths.tombstone(resource))], unless: { $1 == .noNode })
        }
    }
}

extension Duration {
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000 + attoseconds / 1_000_000_000_000_000
    }
}
