import FleetJobs
import FleetModel

/// Writes down what happens to tasks and hosts.
enum TaskRecorder {
    /// Takes what a look found to be different.
    /// - Parameter jobs: what is not about any of these is not written down any more.
    static func take(
        _ changes: TaskBoard.Changes, of jobs: [String: Job], _ store: FleetStore, now: Int64
    ) async throws {
        let tasks =
            changes.ended.compactMap { TaskEvent(endOf: $0) } + changes.tasks.map { TaskEvent($0, at: now) }
            + changes.gone.map { TaskEvent($0, at: now, isGone: true) }
        let known = tasks.filter { jobs[$0.job] != nil }
        if !known.isEmpty { try await store.record(known) }
        var events = tasks.map { event in
            FleetEvent(
                topic: "task", subject: "\(event.deployment)/\(event.place)@\(event.host)", text: event.text, time: now)
        }
        events += changes.hostsUp.map { FleetEvent(topic: "host", subject: $0, text: "its agent is there", time: now) }
        events += changes.hostsDown.map { FleetEvent(topic: "host", subject: $0, text: "its agent is gone", time: now) }
        if !events.isEmpty { try await store.append(events) }
    }
}

extension TaskEvent {
    init(_ task: FleetTask, at now: Int64, isGone: Bool = false) {
        time = now
        job = task.resource.job.description
        deployment = task.resource.deployment
        host = task.host
        place = task.place
        state = isGone ? "GONE" : task.state
        phase = task.detail.phase
        container = task.detail.container
        throttle = task.detail.throttle
        reason = task.detail.reason
        exit = task.detail.exit
    }

    /// The end of the container before the present one.
    init?(endOf task: FleetTask) {
        guard let former = task.detail.former else { return nil }
        self.init(task, at: former.time)
        (state, phase, throttle, reason) = (TaskState.failed, nil, nil, nil)
        (container, exit) = (former.container, former.exit)
    }

    /// On one line.
    var text: String {
        let details = [
            phase.flatMap { $0 == state ? nil : $0 }, container, throttle, exit.map { "exit code \($0)" }, reason,
        ].compactMap { $0 }
        return ([state] + details).joined(separator: ", ")
    }
}
