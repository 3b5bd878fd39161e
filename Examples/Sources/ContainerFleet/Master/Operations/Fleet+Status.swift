import FleetJobs
public import FleetModel

/// A row of the table of all tasks.
public struct StatusRow: Sendable, Hashable, Codable {
    /// The job, `name:version:hash`.
    public var job: String
    /// The deployment.
    public var deployment: String
    /// The place: the host, or a number.
    public var place: String
    /// The host; `nil` while none was found.
    public var host: String?
    /// What its agent calls the task.
    public var task: String
    /// `START`, `STOP` or `UNDEPLOY`.
    public var goal: String
    /// What it does: what its agent says, else its state; `UNKNOWN` when nobody says anything.
    public var state: String
    /// Since when it has been in its state, in milliseconds since 1970.
    public var since: Int64?
    /// What its agent says.
    public var detail: TaskDetail
}

extension Fleet {
    /// All tasks that there are or are to be, from memory: by job, deployment and place.
    /// - Parameters:
    ///   - job: only those of jobs that this may mean.
    ///   - host: only those on hosts whose names begin so.
    ///   - deployment: only those of this one.
    public func status(job: String = "", host: String = "", deployment: String = "") -> [StatusRow] {
        let view = view
        let wantedJobs = job.isEmpty ? nil : Set(view.jobs.keys.compactMap { JobID($0) }.matching(job))
        var rows: [StatusRow] = []
        for resource in view.identities.values.sorted(by: { ($0.job, $0.name) < ($1.job, $1.name) }) {
            if !deployment.isEmpty, resource.deployment != deployment { continue }
            if let wantedJobs, !wantedJobs.contains(resource.job) { continue }
            rows += self.rows(of: resource, view)
        }
        return host.isEmpty ? rows : rows.filter { $0.host?.hasPrefix(host) ?? false }
    }

    private func rows(of resource: FleetResource, _ view: FleetView) -> [StatusRow] {
        let deployment = view.deployments[resource.deployment]?.value
        let tasks = Dictionary(grouping: view.board.tasks(of: resource.name), by: \.place)
        let places = view.places(of: resource)
        let wanted = Set(places)
        let job = resource.job.description
        var rows: [StatusRow] = []
        for place in places + tasks.keys.filter({ !wanted.contains($0) }).sorted() {
            let isStopped = deployment?.isStopped(at: place) ?? false
            let goal = wanted.contains(place) ? isStopped ? "STOP" : "START" : "UNDEPLOY"
            for task in tasks[place] ?? [] {
                rows.append(
                    StatusRow(
                        job: job, deployment: resource.deployment, place: place, host: task.host,
                        task: resource.partition(place), goal: goal, state: Self.state(task, isStopped: isStopped),
                        since: task.since, detail: task.detail))
            }
            if tasks[place] == nil {
                let host = deployment?.isPlacedByHost ?? false ? place : nil
                rows.append(
                    StatusRow(
                        job: job, deployment: resource.deployment, place: place, host: host,
                        task: resource.partition(place), goal: goal, state: "UNKNOWN", since: nil, detail: TaskDetail())
                )
            }
        }
        return rows
    }

    private static func state(_ task: FleetTask, isStopped: Bool) -> String {
        if let phase = task.detail.phase { return phase }
        return task.state == TaskState.offline && isStopped ? "STOPPED" : task.state
    }

    /// The deployments, by name.
    public func deployments() -> [Deployment] {
        view.deployments.values.map(\.value).sorted { $0.name < $1.name }
    }

    /// Waits until a deployment has come to an end: it is active, has failed or is gone; for jobs that run once, until all
    /// tasks have ended.
    /// - Parameters:
    ///   - generation: the end of this or a later one.
    ///   - timeout: how long at most.
    /// - Returns: how it ended.
    /// - Throws: `TIMED_OUT`.
    public func wait(_ name: String, generation: Int = 0, timeout: Duration) async throws -> WaitOutcome {
        let index = try await request { store, _ in try await store.deployment(name)?.index }
        guard let index else { return WaitOutcome(name, nil) }
        // What this master knows may be a little older than what was asked of it.
        let isKnown = try await awaiting(timeout) { view in
            view.deployments[name].map { $0.index >= index } ?? false ? true : nil
        }
        let outcome = try await awaiting(isKnown == nil ? .zero : timeout) { view in
            guard let deployment = view.deployments[name]?.value else { return WaitOutcome(name, nil) }
            guard deployment.latest.number >= generation else { return nil }
            let isOver = deployment.phase == .active || deployment.phase == .failed
            guard isOver else { return nil }
            var outcome = WaitOutcome(name, deployment)
            for resource in view.resources(of: name) where resource.job.description == deployment.latest.job {
                outcome.exits = view.board.tasks(of: resource.name).compactMap(\.detail.exit)
            }
            return outcome
        }
        if let outcome { return outcome }
        throw FleetError(
            .timedOut,
            "\(name) was not done after \(timeout): \(view.deployments[name]?.value.message ?? "nothing known")",
            cure: "look at its status, or wait longer")
    }
}

/// How a deployment ended.
public struct WaitOutcome: Sendable, Hashable, Codable {
    /// The deployment.
    public var deployment: String
    /// How it stands; `nil` when it is gone.
    public var phase: Deployment.Phase?
    /// What there is to say of that.
    public var message: String
    /// The exit codes of the tasks whose containers have ended.
    public var exits: [Int]

    init(_ name: String, _ deployment: Deployment?) {
        self.deployment = name
        phase = deployment?.phase
        message = deployment?.message ?? "it is gone"
        exits = []
    }
}
