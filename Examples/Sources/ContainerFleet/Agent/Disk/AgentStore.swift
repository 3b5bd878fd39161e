/// Where an agent remembers its tasks over its own end, and which cluster it belongs to.
public protocol AgentStore: Sendable {
    /// The id of the cluster that the agent belongs to; `nil` as long as it has not met one.
    func clusterID() throws -> String?

    /// Remembers the cluster.
    /// - Throws: ``AgentDiskError`` when the agent belongs to another one.
    func join(cluster id: String) throws

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

    /// What could not be read, and where it is kept now, for people.
    var spoiltFiles: [String] { get }
}
