import FleetEngine

/// When the container of a run is to be tried, and what came of it.
struct HealthWatch: Sendable, Hashable {
    /// What is to be done now.
    enum Step: Sendable, Hashable {
        /// Nothing before a moment, if ever.
        case wait(until: Duration?)
        case probe(Check, timeout: Duration)
        /// It is not to run on.
        case giveUp(String)
    }

    private let gate: HealthGate?
    private let liveness: Liveness?
    /// When the container is given up unless it was healthy before.
    let deadline: Duration
    private var nextTry: Duration
    private var isTrying = false
    private var failures = 0
    private var lastFailure: String?
    /// What the image's own check says.
    var verdict: ContainerState.Health?
    /// Whether it was healthy once.
    private(set) var isOpen: Bool

    /// A container that was started, or found, now.
    init(_ spec: TaskSpec, now: Duration) {
        gate = spec.gate
        liveness = spec.liveness
        deadline = now + (spec.gate?.deadline ?? .zero)
        isOpen = spec.gate == nil
        nextTry = spec.gate == nil ? now + (spec.liveness?.interval ?? .zero) : now
    }

    mutating func step(at now: Duration) -> Step {
        if !isOpen, let gate { return wait(for: gate, at: now) }
        guard let liveness else { return .wait(until: nil) }
        if liveness.check == .image {
            return verdict == .unhealthy
                ? .giveUp("the image's own check says that it is unhealthy") : .wait(until: nil)
        }
        if failures >= max(1, liveness.retries) {
            return .giveUp("not alive after \(failures) tries: \(lastFailure ?? "")")
        }
        return attempt(liveness.check, timeout: liveness.timeout, at: now)
    }

    private mutating func wait(for gate: HealthGate, at now: Duration) -> Step {
        if gate.check == .image, verdict == .healthy {
            open(at: now)
            return step(at: now)
        }
        if now >= deadline {
            return .giveUp("not healthy after \(gate.deadline)" + (lastFailure.map { ": \($0)" } ?? ""))
        }
        if gate.check == .image { return .wait(until: deadline) }
        switch attempt(gate.check, timeout: gate.timeout, at: now) {
        case .wait(let moment): return .wait(until: min(moment ?? deadline, deadline))
        case let step: return step
        }
    }

    private mutating func attempt(_ check: Check, timeout: Duration, at now: Duration) -> Step {
        if isTrying { return .wait(until: nil) }
        if now < nextTry { return .wait(until: nextTry) }
        isTrying = true
        return .probe(check, timeout: timeout)
    }

    /// Takes note of what came of a try.
    mutating func tried(_ failure: String?, at now: Duration) {
        isTrying = false
        lastFailure = failure
        if !isOpen, let gate {
            nextTry = now + gate.interval
            if failure == nil { open(at: now) }
        } else if let liveness {
            nextTry = now + liveness.interval
            failures = failure == nil ? 0 : failures + 1
        }
    }

    /// A try whose outcome will never be told.
    mutating func forget() { isTrying = false }

    private mutating func open(at now: Duration) {
        isOpen = true
        nextTry = now + (liveness?.interval ?? .zero)
    }
}
