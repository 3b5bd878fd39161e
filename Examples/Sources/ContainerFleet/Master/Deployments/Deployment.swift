/// Where the tasks of a deployment are.
public enum DeploymentTarget: Sendable, Hashable, Codable {
    /// One on each of these hosts.
    case hosts([String])
    /// One on every host that its selectors match, also on those that come later.
    case everyHost
    /// So many, on hosts that its selectors match and that have room.
    case replicas(Int)
}

/// One version of a deployment: a job, since a certain moment. A rollback makes another one.
public struct Generation: Sendable, Hashable, Codable {
    /// Counts up from 1.
    public var number: Int
    /// The job's id, `name:version:hash`.
    public var job: String
    /// When it was asked for, in milliseconds since 1970.
    public var since: Int64
    /// Who asked for it.
    public var user: String
    /// Why, for people; empty when nobody said.
    public var reason: String

    /// A generation.
    public init(number: Int, job: String, since: Int64, user: String, reason: String = "") {
        self.number = number
        self.job = job
        self.since = since
        self.user = user
        self.reason = reason
    }
}

/// A job that is to run on hosts, and what has become of that: a record of the fleet, and all that masters remember.
///
/// It holds no plan. Who rolls out next follows from it, from the hosts and from the tasks.
public struct Deployment: Sendable, Hashable, Codable {
    /// How it stands.
    public enum Phase: String, Sendable, Hashable, Codable, CaseIterable {
        /// A generation is being rolled out.
        case rollingOut = "ROLLING_OUT"
        /// All of it runs the present generation.
        case active = "ACTIVE"
        /// It waits for somebody to resume it.
        case paused = "PAUSED"
        /// The present generation failed; it waits for somebody to decide.
        case failed = "FAILED"
        /// It is to go, with all its tasks.
        case removing = "REMOVING"
    }

    /// Its name: letters, digits, `-` and `_`.
    public var name: String
    /// Where it is to be.
    public var target: DeploymentTarget
    /// Which hosts are considered, as text; all that match every one.
    public var selectors: [String]
    /// How another generation takes the place of a former one.
    public var policy: RolloutPolicy
    /// The generations, the latest last, which is the one that is to run. At most ``generationLimit``.
    public var generations: [Generation]
    /// The number of the last generation that was rolled out well; where a rollback leads.
    public var stable: Int?
    /// The places that have been told to have the latest generation, and when, in milliseconds since 1970.
    public var assigned: [String: Int64]
    /// Whether none of its tasks is to run for the time being.
    public var isStopped = false
    /// The places whose tasks are not to run for the time being, sorted.
    public var stoppedPlaces: [String] = []
    /// Resources that were another deployment's before, as long as these do not say yet whose they are; `nil` where there
    /// are none. This record goes before what resources say of themselves.
    public var takenOver: [String]?
    /// How it stands.
    public var phase: Phase
    /// What there is to say of that, for people.
    public var message: String
    /// Since when it has stood like that, in milliseconds since 1970.
    public var phaseSince: Int64

    /// How many generations are remembered.
    public static let generationLimit = 20

    /// A deployment of a first job, not rolled out yet.
    public init(
        name: String, job: String, target: DeploymentTarget, selectors: [String] = [], policy: RolloutPolicy = .init(),
        user: String, at time: Int64
    ) {
        self.name = name
        self.target = target
        self.selectors = selectors
        self.policy = policy
        generations = [Generation(number: 1, job: job, since: time, user: user)]
        stable = nil
        assigned = [:]
        phase = .rollingOut
        message = ""
        phaseSince = time
    }

    /// The generation that is to run.
    public var latest: Generation { generations[generations.count - 1] }

    /// The generation with a number, if it is remembered.
    public func generation(_ number: Int) -> Generation? { generations.last { $0.number == number } }

    /// Makes another job the one that is to run.
    public mutating func rollOut(_ job: String, user: String, reason: String = "", at time: Int64) {
        generations.append(
            Generation(number: latest.number + 1, job: job, since: time, user: user, reason: reason))
        if generations.count > Self.generationLimit {
            let surplus = generations.count - Self.generationLimit
            // Where a rollback leads is never forgotten.
            generations = generations.enumerated().filter { $0.offset >= surplus || $0.element.number == stable }
                .map(\.element)
        }
        assigned = [:]
        move(to: .rollingOut, "", at: time)
    }

    /// Changes how it stands.
    public mutating func move(to phase: Phase, _ message: String, at time: Int64) {
        if phase != self.phase { phaseSince = time }
        (self.phase, self.message) = (phase, message)
    }
}
