import HelixSimulation
import TestSupport

/// Something that is done to somebody, for a while.
struct Fault: Sendable, Hashable {
    enum Kind: CaseIterable, Sendable {
        /// SIGKILL, and a restart afterwards.
        case killed
        /// SIGSTOP, and SIGCONT afterwards.
        case paused
        /// Its connections break, and it gets no others.
        case cut
        /// Nothing comes through its connections; what was held back arrives afterwards.
        case frozen
    }

    enum Role: CaseIterable, Sendable {
        case server, controller, participant, spectator

        /// Servers have no links of their own, and the spectator lives in the test.
        var kinds: [Kind] {
            switch self {
            case .server: [.killed, .paused]
            case .controller, .participant: Kind.allCases
            case .spectator: [.cut, .frozen]
            }
        }

        /// How many of them may be in trouble at once: somebody must be left to go on.
        var limit: Int {
            switch self {
            case .server, .spectator: 1
            case .controller: 2
            case .participant: 3
            }
        }
    }

    enum Aim: Sendable, Hashable {
        /// Whoever leads at that time: of the controllers, or of the ensemble.
        case leader
        /// One of them; the next that is not in trouble already.
        case number(Int)
    }

    let start: Duration
    let length: Duration
    let kind: Kind
    let role: Role
    let aim: Aim
    /// To which server the connections are concerned; `nil` for all of them.
    var link: Int?

    var end: Duration { start + length }
}

extension Fault: CustomStringConvertible {
    var description: String {
        let target = aim == .leader ? "leading \(role)" : "\(role)"
        let place = link.map { " to server \($0 + 1)" } ?? ""
        return "\(target) \(kind)\(place) for \(length.inSeconds) s"
    }
}

/// The faults of a run, drawn from a seed: the same seed and duration give the same plan.
///
/// An ensemble of three bears the loss of one server. Now and then two are taken at once, and the ensemble is gone for a
/// moment; then it is given time to find together again. And now and then nothing begins, so that the cluster comes to
/// rest in between.
struct FaultPlan: Sendable, Equatable {
    /// By the time they start.
    private(set) var faults: [Fault] = []

    private var random: SeededGenerator
    private let duration: Duration
    private let sessionTimeout: Duration
    private var serversRecoverUntil = Duration.zero

    /// How long the ensemble is left in peace after a server was.
    private static let recovery = Duration.seconds(4)
    private static let servers = 3

    init(seed: UInt64, duration: Duration, sessionTimeout: Duration) {
        random = SeededGenerator(seed: seed)
        (self.duration, self.sessionTimeout) = (duration, sessionTimeout)
        var now = Duration.seconds(1)
        var lull = Duration.seconds(25)
        while now < duration {
            if now > lull {
                now += .milliseconds(Int.random(in: 4000...8000, using: &random))
                lull = now + .milliseconds(Int.random(in: 15_000...30_000, using: &random))
            }
            draw(at: now)
            now += .milliseconds(Int.random(in: 200...1800, using: &random))
        }
    }

    static func == (one: FaultPlan, other: FaultPlan) -> Bool { one.faults == other.faults }

    private mutating func draw(at start: Duration) {
        let roles: [Fault.Role] = [.server, .server, .controller, .controller, .controller, .spectator]
        let dice = Int.random(in: 0..<10, using: &random)
        let role = dice < roles.count ? roles[dice] : .participant
        let kind = role.kinds.randomElement(using: &random) ?? .killed
        let length = length(of: kind)
        let aim = aim(at: role)
        let link = Int.random(in: 0..<2 * Self.servers, using: &random)
        let isOutage = Int.random(in: 0..<8, using: &random) == 0
        let underWay = faults.count { $0.role == role && $0.end > start }
        guard underWay < role.limit, start + length < duration else { return }
        guard role == .server else {
            let isPartial = (kind == .cut || kind == .frozen) && link < Self.servers
            return faults.append(
                Fault(start: start, length: length, kind: kind, role: role, aim: aim, link: isPartial ? link : nil))
        }
        guard start >= serversRecoverUntil else { return }
        for _ in 0..<(isOutage ? 2 : 1) {
            faults.append(Fault(start: start, length: length, kind: kind, role: role, aim: aim))
        }
        serversRecoverUntil = start + length + Self.recovery * (isOutage ? 2 : 1)
    }

    /// For less or for more than a session lives without a sign; a killed process may be back at once.
    private mutating func length(of kind: Fault.Kind) -> Duration {
        let isShort = Bool.random(using: &random)
        let shortest = kind == .killed ? 0.02 : 0.2
        let factor = Double.random(in: isShort ? shortest...0.8 : 1.2...2.5, using: &random)
        return .milliseconds(Int(factor * sessionTimeout.inSeconds * 1000))
    }

    private mutating func aim(at role: Fault.Role) -> Fault.Aim {
        let number = Int.random(in: 0..<6, using: &random)
        let hitsLeader = Bool.random(using: &random)
        return hitsLeader && (role == .server || role == .controller) ? .leader : .number(number)
    }
}

extension Duration {
    /// To the millisecond.
    var inSeconds: Double {
        Double(components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000) / 1000
    }
}
