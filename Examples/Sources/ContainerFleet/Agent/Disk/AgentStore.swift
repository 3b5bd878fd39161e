/// Where an agent remembers its tasks over its own end.
public protocol AgentStore: Sendable {
    /// What was saved, in the order of the tasks' names.
    /// - Throws: ``AgentDiskError``.
    func records() throws -> [TaskRecord]

    /// Saves a record. When this returns, it outlives the host.
    /// - Throws: ``AgentDiskError``; then what was saved before is still there.
    func save(_ record: TaskRecord) throws

    /// Forgets a task, if it was known.
    func forget(_ task: String) throws

    /// The tasks whose records could not be read. Something is known of them, only not what: their containers are left
    /// alone until somebody says what they are to come to.
    var unreadableTasks: Set<String> { get }
}
