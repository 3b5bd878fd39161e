/// A task's name is its partition's: the resource, `_`, and the place, which is the host or a number.
public enum TaskName {
    /// The resource that a task belongs to.
    /// - Parameter host: the host that has it. Its name may contain `_`, as may the names of deployments.
    /// - Returns: `nil` when it is no task's name.
    public static func resource(of task: String, on host: String) -> String? {
        if task.hasSuffix("_\(host)") { return String(task.dropLast(host.utf8.count + 1)) }
        guard let end = task.lastIndex(of: "_"), Int(task[task.index(after: end)...]) != nil else { return nil }
        return String(task[..<end])
    }
}
