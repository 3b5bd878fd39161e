/// What a rollout does next: a function of what is, with no plan that could grow stale.
///
/// A place is where one task of a deployment runs: a host, or one of N numbered replicas. Whatever happens in between,
/// a host that comes back, a container removed by hand, another master that leads, the next step follows from the
/// state of all places, and leads to the same end.
public struct RolloutStep: Sendable, Hashable {
    /// What is known of the version that is rolled out.
    public struct Situation: Sendable {
        /// All places that are to have it, in the order in which they get it.
        public var places: [String]
        /// Those that cannot get it now, because their host is down: they wait, and nobody waits for them.
        public var unreachable: Set<String>
        /// The places that have been told to have it, and when, in milliseconds since 1970.
        public var assigned: [String: Int64]
        /// How its tasks are. A place that reports nothing is on its way since it was told.
        public var health: [String: TaskHealth]
        /// Whether nothing is to be started.
        public var isPaused: Bool
        /// The time, in milliseconds since 1970.
        public var now: Int64

        /// A situation.
        public init(
            places: [String], unreachable: Set<String> = [], assigned: [String: Int64] = [:],
            health: [String: TaskHealth] = [:], isPaused: Bool = false, now: Int64
        ) {
            self.places = places
            self.unreachable = unreachable
            self.assigned = assigned
            self.health = health
            self.isPaused = isPaused
            self.now = now
        }
    }

    /// What is to be said of the whole.
    public enum Verdict: Sendable, Hashable {
        /// Every place that can be reached is done, or has failed within what is allowed.
        case complete
        /// Something is on its way, or waits.
        case underWay
        /// More has failed than may; the text says what.
        case failed(String)
    }

    /// The places that get the version now.
    public private(set) var starting: [String] = []
    /// Those that have had it, healthy, for long enough.
    public private(set) var done: [String] = []
    /// Those on their way, the ones that start now not among them.
    public private(set) var underWay: [String] = []
    /// Those that failed, and why.
    public private(set) var failed: [String: String] = [:]
    /// Those that wait for their turn.
    public private(set) var waiting: [String] = []
    /// Those that wait for their host to come back.
    public private(set) var unreachable: [String] = []
    /// What is to be said of the whole.
    public private(set) var verdict = Verdict.underWay
    /// When time alone will change something, in milliseconds since 1970.
    public private(set) var nextDeadline: Int64?

    /// The next step of a rollout.
    public init(_ situation: Situation, policy: RolloutPolicy) {
        sort(situation, policy)
        let reachable = situation.places.count - unreachable.count
        judge(reachable: reachable, policy)
        if case .failed = verdict, policy.onFailure != .proceed { return }
        guard !situation.isPaused else { return }
        starting = Array(waiting.prefix(room(policy)))
        waiting.removeFirst(starting.count)
        if !starting.isEmpty { meet(situation.now + policy.healthyDeadline) }
    }

    private mutating func sort(_ situation: Situation, _ policy: RolloutPolicy) {
        for place in situation.places {
            guard let told = situation.assigned[place] else {
                if situation.unreachable.contains(place) { unreachable.append(place) } else { waiting.append(place) }
                continue
            }
            if situation.unreachable.contains(place) {
                unreachable.append(place)
                continue
            }
            let health = situation.health[place] ?? TaskHealth(.starting, since: told)
            switch health.kind {
            case .healthy where situation.now >= health.since + policy.minimumHealthyTime: done.append(place)
            case .healthy:
                meet(health.since + policy.minimumHealthyTime)
                underWay.append(place)
            case .broken(let reason): failed[place] = reason
            case .starting:
                // A container that was healthy once has as long again.
                let deadline = max(told, health.since) + policy.healthyDeadline
                if situation.now < deadline {
                    meet(deadline)
                    underWay.append(place)
                } else {
                    failed[place] = "not healthy after \(Duration.milliseconds(policy.healthyDeadline))"
                }
            }
        }
    }

    private mutating func judge(reachable: Int, _ policy: RolloutPolicy) {
        let first = failed.min { $0.key < $1.key }.map { "\($0.key): \($0.value)" } ?? ""
        if !failed.isEmpty && done.count < policy.canaries {
            verdict = .failed("a canary failed: \(first)")
        } else if Double(failed.count) > policy.failureRatio * Double(reachable) {
            let allowed = Int(policy.failureRatio * Double(reachable))
            verdict = .failed("\(failed.count) of \(reachable) failed, \(allowed) may: \(first)")
        } else if waiting.isEmpty && underWay.isEmpty {
            verdict = .complete
        }
    }

    /// How many more may be on their way.
    private func room(_ policy: RolloutPolicy) -> Int {
        guard done.count < policy.canaries else { return max(0, policy.parallelism - underWay.count) }
        return max(0, min(policy.parallelism, policy.canaries - done.count) - underWay.count)
    }

    private mutating func meet(_ deadline: Int64) { nextDeadline = min(nextDeadline ?? deadline, deadline) }
}
