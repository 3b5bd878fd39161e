import Coordination
import HelixAdmin
import HelixParticipant
import HelixRecords
public import HelixSimulation
import HelixSpectator
import Synchronization

/// How large a scenario is, and how long it lasts.
public struct ScenarioSize: Sendable, Hashable {
    /// How many controllers run.
    public var controllers = 3
    /// How many participants run at first.
    public var participants = 50
    /// How many spectators run.
    public var spectators = 10
    /// How much goes wrong.
    public var faults = 16
    /// How long things go wrong, in simulated time.
    public var span = Duration.seconds(120)
    /// How long the cluster may take to be as it should be after that.
    public var settling = Duration.seconds(240)
    /// How long it has to be silent then.
    public var silence = Duration.seconds(60)

    /// The standard size.
    public init() {}
}

/// The cluster of a scenario, and what its parts share.
public final class ScenarioWorld: Sendable {
    /// What is to be, as far as operators have said.
    struct Wishes: Sendable {
        /// The processes that are to run.
        var running: Set<String> = []
        /// How long the next restart of a process waits.
        var restartDelays: [String: Duration] = [:]
        /// Faults are over: nothing goes wrong any more.
        var isHealing = false
    }

    /// The cluster.
    public let cluster: SimulatedCluster
    /// How large it is.
    public let size: ScenarioSize
    /// What the handlers do in reality, beside what the records say.
    let reality: Reality
    let wishes = Mutex(Wishes())
    /// What operators have spoilt, by path, to be put right.
    let spoilt = Mutex<[String: [UInt8]]>([:])
    /// How the handlers of an instance behave, and how often; the others are good.
    let behaviours = Mutex<[String: (Behaviour, Double)]>([:])
    let views = ViewHistory()
    /// The table that each spectator shows.
    let tables = Mutex<[String: RoutingTable]>([:])
    /// What waits for the leader to write.
    private let ambushes = Mutex<[(Duration, @Sendable () -> Void)]>([])
    let counts = Mutex<[String: Int]>([:])

    init(_ cluster: SimulatedCluster, _ size: ScenarioSize) {
        self.cluster = cluster
        self.size = size
        reality = Reality(cluster)
    }

    var simulation: Simulation { cluster.simulation }
    var paths: ClusterPaths { ClusterPaths(cluster: cluster.name) }
    var isHealing: Bool { wishes.withLock { $0.isHealing } }

    /// A record as the cluster has it now, `nil` when there is none or nobody can read it.
    func record(_ path: String) -> ZNRecord? {
        guard let data = simulation.ensemble.data(at: path) else { return nil }
        do { return try ZNRecord(decoding: data, path: path) } catch { return nil }
    }

    /// Whether a process that is to run does not.
    var someoneIsAway: Bool {
        !cluster.unsteady.isEmpty || wishes.withLock { $0.running }.contains { cluster.process($0)?.isAlive != true }
    }

    /// Counts that something happened.
    func count(_ name: String) { counts.withLock { $0[name, default: 0] += 1 } }

    /// Something that happens later, for example the end of a fault. It does not happen once faults are over: then all
    /// is healed at once.
    func later(_ delay: Duration, _ body: @escaping @Sendable () -> Void) {
        simulation.after(delay) { if !self.isHealing { body() } }
    }

    /// Does something at once, or, as often, in the middle of what the leader does next: just after its next write.
    func sometimesInMidWrite(_ random: inout SeededGenerator, _ body: @escaping @Sendable () -> Void) {
        guard random.chance(0.6) else { return body() }
        let delay = random.duration(in: .zero...(.milliseconds(4)))
        ambushes.withLock { $0.append((delay, body)) }
    }

    /// Faults are over.
    func beginHealing() {
        wishes.withLock { $0.isHealing = true }
        ambushes.withLock { $0 = [] }
    }

    /// A transaction was committed: what waits for the leader to write may happen now.
    func ambush(_ transaction: CommittedTransaction) {
        guard !ambushes.withLock({ $0.isEmpty }), transaction.session == cluster.judge.inspect({ $0.leader }),
            transaction.operations.contains(where: { $0.path.contains("/MESSAGES/") })
        else { return }
        let waiting = ambushes.withLock { ambushes in
            defer { ambushes = [] }
            return ambushes
        }
        for (delay, body) in waiting { later(delay, body) }
    }

    /// Performs an operation of an operator. What is refused, or fails because the service is away, is no fault.
    func operate(_ body: @escaping @Sendable (Administrator) async throws -> Void) async throws {
        try await cluster.attempt("operator") {
            try await self.cluster.administrate(body)
        }
    }
}

extension SimulatedCluster {
    /// Does something that may well fail while things go wrong; the timeline tells.
    func attempt(_ who: String, _ body: @Sendable () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as CancellationError {
            throw error
        } catch {
            timeline.note(who, "fails: \(error)")
        }
    }
}
