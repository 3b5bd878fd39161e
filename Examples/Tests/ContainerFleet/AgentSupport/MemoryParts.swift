public import FleetAgent
import Synchronization

/// What an agent remembers, in memory, as long as the value is there.
public final class MemoryStore: AgentStore {
    /// That the disk is full.
    public struct FullError: Error {}

    private let saved = Mutex<[String: TaskRecord]>([:])
    private let isFull = Mutex(false)
    private let cluster = Mutex<String?>(nil)
    /// See ``AgentStore/unreadableTasks``.
    public let unreadableTasks: Set<String>

    /// Nothing is remembered.
    public init(unreadableTasks: Set<String> = []) { self.unreadableTasks = unreadableTasks }

    /// Whether nothing can be saved.
    public func setFull(_ full: Bool) { isFull.withLock { $0 = full } }

    /// See ``AgentStore/clusterID()``.
    public func clusterID() -> String? { cluster.withLock { $0 } }

    /// See ``AgentStore/join(cluster:)``.
    public func join(cluster id: String) throws {
        let known = cluster.withLock { cluster in
            cluster = cluster ?? id
            return cluster
        }
        guard known != id else { return }
        throw AgentDiskError(description: "this host belongs to the cluster \(known ?? "none"), not to \(id)")
    }

    /// See ``AgentStore/spoiltFiles``.
    public var spoiltFiles: [String] { [] }

    /// See ``AgentStore/records()``.
    public func records() -> [TaskRecord] { saved.withLock { $0.values.sorted { $0.id < $1.id } } }
    /// See ``AgentStore/save(_:)``.
    public func save(_ record: TaskRecord) throws {
        if isFull.withLock({ $0 }) { throw FullError() }
        saved.withLock { $0[record.id] = record }
    }

    /// See ``AgentStore/forget(_:)``.
    public func forget(_ task: String) { saved.withLock { $0[task] = nil } }
}

/// Tries the containers of an Engine in memory.
public struct MemoryProber: Prober {
    private let engine: MemoryEngine

    /// A prober.
    public init(_ engine: MemoryEngine) { self.engine = engine }

    /// See ``Prober/http(host:port:path:timeout:)``.
    public func http(host: String, port: Int, path: String, timeout: Duration) async -> String? {
        await tcp(host: host, port: port, timeout: timeout)
    }

    /// See ``Prober/tcp(host:port:timeout:)``.
    public func tcp(host: String, port: Int, timeout: Duration) async -> String? {
        try? await engine.clock.sleep(.milliseconds(2))
        let now = engine.clock.now
        let isHealthy = engine.containers().contains { $0.address == host && $0.isHealthy(at: now) }
        return isHealthy ? nil : "connection refused"
    }

    /// See ``Prober/isFree(_:isTCP:)``.
    public func isFree(_ port: Int, isTCP: Bool) -> Bool { engine.state.withLock { !$0.foreignPorts.contains(port) } }
}
