import HelixSimulation
import Synchronization

/// What the handlers of all processes really do, which the records only tell of: who serves as the top state of which
/// partition, and what the partitions' storage has taken from whom.
final class Reality: Sendable {
    struct Key: Hashable, Comparable {
        let resource: String
        let partition: String

        static func < (a: Key, b: Key) -> Bool { (a.resource, a.partition) < (b.resource, b.partition) }
    }

    struct Server {
        let process: SimulatedProcess
        let token: Int64
        /// Whether somebody is told to wait: its session is uncertain.
        var isSuspended = false
    }

    /// A storage that refuses whoever comes with a smaller token than it has seen.
    struct Storage {
        var token: Int64 = 0
        var writer = ""
        var lastAccepted = Duration.zero
    }

    private struct Content {
        /// Those in the top state of each partition, by instance.
        var servers: [Key: [String: Server]] = [:]
        var storages: [Key: Storage] = [:]
        /// The largest token of a promotion, and whose it was.
        var promotions: [Key: (token: Int64, instance: String)] = [:]
    }

    private let cluster: SimulatedCluster
    private let content = Mutex(Content())

    init(_ cluster: SimulatedCluster) { self.cluster = cluster }

    // MARK: Top states

    /// A replica begins to serve as the only one of its partition.
    func serves(_ key: Key, _ instance: String, _ process: SimulatedProcess, token: Int64) {
        let (others, former) = content.withLock { content in
            let others = (content.servers[key] ?? [:]).filter { $0.key != instance }
            content.servers[key, default: [:]][instance] = Server(process: process, token: token)
            let former = content.promotions[key]
            if token > former?.token ?? 0 { content.promotions[key] = (token, instance) }
            return (others, former)
        }
        if cluster.judge.isExcused(process.name) { return }
        for (name, other) in others.sorted(by: { $0.key < $1.key })
        where other.process.isAlive && !other.isSuspended && !cluster.judge.isExcused(other.process.name) {
            cluster.judge.note("two-serve", "\(instance) serves \(key.partition) while \(name) does")
        }
        if let former, former.token >= token, former.instance != instance {
            cluster.judge.note(
                "token",
                "\(instance) was promoted for \(key.partition) with token \(token) after \(former.instance) with \(former.token)"
            )
        }
    }

    /// A replica serves on, since it was not demoted after all.
    func servesOn(_ key: Key, _ instance: String, _ process: SimulatedProcess, token: Int64) {
        content.withLock { $0.servers[key, default: [:]][instance] = Server(process: process, token: token) }
    }

    /// A replica does not serve any more.
    func stops(_ key: Key, _ instance: String, _ process: SimulatedProcess) {
        content.withLock { content in
            guard content.servers[key]?[instance]?.process === process else { return }
            content.servers[key]?[instance] = nil
        }
    }

    func suspends(_ key: Key, _ instance: String, _ isSuspended: Bool) {
        content.withLock { $0.servers[key]?[instance]?.isSuspended = isSuspended }
    }

    // MARK: Storage

    /// Everybody who believes to be in the top state writes, whether suspended or not: so does a bad service.
    func writeEverywhere() {
        let refused = content.withLock { content in
            var shared: [String] = []
            for key in content.servers.keys.sorted() {
                for (instance, server) in (content.servers[key] ?? [:]).sorted(by: { $0.key < $1.key })
                where server.process.isAlive && !server.process.isPaused {
                    var storage = content.storages[key] ?? Storage()
                    guard server.token >= storage.token else { continue }
                    if server.token == storage.token, storage.writer != instance, !storage.writer.isEmpty {
                        shared.append(
                            "\(instance) and \(storage.writer) both write \(key.partition) with \(server.token)")
                    }
                    storage = Storage(token: server.token, writer: instance, lastAccepted: cluster.clock.now.elapsed)
                    content.storages[key] = storage
                }
            }
            return shared
        }
        for text in refused { cluster.judge.note("two-write", text) }
    }

    /// Those who serve and whose writes are refused, though nothing is wrong any more.
    func refused() -> [String] {
        content.withLock { content in
            content.servers.keys.sorted().flatMap { key in
                (content.servers[key] ?? [:]).sorted { $0.key < $1.key }.compactMap { instance, server in
                    guard server.process.isAlive, server.token < content.storages[key]?.token ?? 0 else { return nil }
                    return "\(instance) serves \(key.partition) and may not write: its token \(server.token) is old"
                }
            }
        }
    }

    /// The instances that serve a partition.
    func servers(of key: Key) -> [String] {
        content.withLock { content in
            (content.servers[key] ?? [:]).filter { $0.value.process.isAlive && !$0.value.isSuspended }.keys.sorted()
        }
    }
}
