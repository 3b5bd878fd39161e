public import FleetEngine

/// Which containers of a host are to go: those that nobody owns, and those that have ended long ago.
public struct ContainerSweep: Sendable, Hashable {
    /// They run without belonging to a task, and are killed.
    public private(set) var killed: [String] = []
    /// They do not run, and are deleted.
    public private(set) var removed: [String] = []

    /// What is to go.
    /// - Parameters:
    ///   - containers: those of the host, the newest first.
    ///   - tasks: those that the host has, or does not know well enough to judge.
    ///   - idle: for how long each has been seen not to run.
    public init(
        _ containers: [ContainerSummary], of configuration: HostConfiguration, tasks: Set<String>,
        idle: [String: Duration]
    ) {
        var kept: [String: Int] = [:]
        for container in containers {
            let isOwn = configuration.labels.allSatisfy { container.labels[$0] == $1 }
            // A name may be taken from an older life of the host, labels of another host or cluster may not.
            let isOurs = container.labels[FleetLabel.host] == nil && container.name.hasPrefix(configuration.prefix)
            guard isOwn || isOurs else { continue }
            let task = isOwn ? container.labels[FleetLabel.task] : nil
            let isRunning = ![.created, .exited, .dead, .removing].contains(container.status)
            let isOld = idle[container.id, default: .zero] >= configuration.retention
            guard let task, tasks.contains(task) else {
                if isRunning { killed.append(container.id) } else if isOld { removed.append(container.id) }
                continue
            }
            // What was made and never started is its task's business.
            guard container.status == .exited || container.status == .dead else { continue }
            let count = kept[task, default: 0]
            if count > 0 && (isOld || count >= configuration.keptContainers) {
                removed.append(container.id)
            } else {
                kept[task] = count + 1
            }
        }
    }
}
