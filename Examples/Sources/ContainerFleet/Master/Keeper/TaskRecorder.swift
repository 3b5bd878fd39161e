import FleetJobs
import FleetModel

/// Writes down what happens to tasks and hosts, as long as its master leads.
struct TaskRecorder {
    private var hasBegun = false

    /// Takes what a look found to be different. What the first look finds was there before.
    /// - Parameter jobs: what is not about any of these is not written down any more.
    mutating func take(
        _ changes: TaskBoard.Changes, of jobs: [String: Job], isLeading: Bool, _ store: FleetStore, now: Int64
    ) async throws {
        defer { hasBegun = true }
        guard hasBegun, isLeading else { return }
        let tasks =
            changes.tasks.map { TaskEvent($0, at: now) } + changes.gone.map { TaskEvent($0, at: now, isGone: true) }
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

    /// On one line.
    var text: String {
        let details = [
            phase.flatMap { $0 == state ? nil : $0 }, container, throttle, exit.map { "exit code \($0)" }, reason,
        ].compactMap { $0 }
        return ([state] + details).joined(separator: ", ")
    }
}
