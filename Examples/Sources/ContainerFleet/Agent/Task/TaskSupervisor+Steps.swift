import FleetEngine

extension TaskSupervisor {
    /// Compares what is with what should be.
    mutating func advance(at now: AgentTime) -> [TaskAction] {
        wakesAt = nil
        noteEnd(at: now)
        guard isListed else { return [] }
        guard flight == nil else { return watchHealth(at: now) }
        if let holdsUntil, now.elapsed < holdsUntil {
            wake(at: holdsUntil)
            return watchHealth(at: now)
        }
        switch record.goal {
        case .stopped, .removed: return windDown(at: now)
        case .pulled, .running: return keepUp(at: now)
        }
    }

    // MARK: Ending

    private mutating func windDown(at now: AgentTime) -> [TaskAction] {
        if let running = containers.first(where: { $0.status == .running }) {
            if report.phase != .stopping {
                enter(.stopping, at: now)
                tell { $0.container = running.id }
                let isAnnounced = run?.container == running.id && run?.health.isOpen == true
                graceEnds = now.elapsed + (isAnnounced ? record.spec.gracePeriod : .zero)
            }
            run = nil
            if let graceEnds, now.elapsed < graceEnds {
                wake(at: graceEnds)
                return []
            }
            return end(running.id)
        }
        run = nil
        restartsAt = nil
        if let left = containers.first(where: { record.goal == .removed || $0.status == .created }) {
            return ask(.remove(left.id))
        }
        if record.goal == .removed {
            enter(.removed, at: now)
        } else {
            if case .exited(let code?, _)? = containers.first?.status { tell { $0.exitCode = code } }
            enter(.stopped, at: now)
        }
        return []
    }

    /// Asks a container to end; if that did not help before, kills it.
    private mutating func end(_ container: String) -> [TaskAction] {
        stopsTried += 1
        return ask(stopsTried == 1 ? .stop(container, within: record.spec.stopTimeout) : .kill(container))
    }

    // MARK: Running

    private mutating func keepUp(at now: AgentTime) -> [TaskAction] {
        adopt(at: now)
        let stray = containers.first { $0.status == .running && $0.id != run?.container }
        if let stray, record.goal == .running { return end(stray.id) }
        if let run, run.verdict != nil, containers.contains(where: { $0.id == run.container && $0.status == .running })
        {
            return end(run.container)
        }
        if let stray = containers.first(where: { $0.status == .created && $0.id != fresh }) {
            return ask(.remove(stray.id)) + watchHealth(at: now)
        }
        if run != nil { return watchHealth(at: now) }
        stopsTried = 0
        countEndWhileAway(at: now)
        if let ending = record.ending {
            show(ending, at: now)
            return []
        }
        if let restartsAt, now.elapsed < restartsAt {
            wake(at: restartsAt)
            return []
        }
        let isRestart = report.phase == .exited || report.phase == .failed
        if !hasImage || (isRestart && fresh == nil && record.spec.pull == .always) {
            enter(.pullingImage, at: now)
            tell { $0.container = nil }
            return ask(.fetch)
        }
        if record.goal == .pulled {
            enter(.pulled, at: now)
            return []
        }
        if let fresh, containers.contains(where: { $0.id == fresh && $0.status == .created }) {
            enter(.starting, at: now)
            tell { $0.container = fresh }
            return ask(.start(fresh))
        }
        fresh = nil
        enter(.creating, at: now)
        tell { $0.container = nil }
        return ask(.create)
    }

    /// Takes over a container that runs already, made by this agent before it was restarted, or by a call whose answer
    /// was lost. It has to show anew that it is healthy.
    private mutating func adopt(at now: AgentTime) {
        guard run == nil, record.goal == .running, record.ending == nil else { return }
        let candidate = containers.first { $0.status == .running && $0.fingerprint == fingerprint }
        if let candidate { begin(candidate.id, at: now) }
    }

    private mutating func begin(_ container: String, at now: AgentTime) {
        fresh = nil
        restartsAt = nil
        hasImage = true
        var health = HealthWatch(record.spec, now: now.elapsed)
        health.verdict = containers.first { $0.id == container }?.health
        run = Run(container: container, began: now.elapsed, health: health)
        tell {
            $0.container = container
            $0.exitCode = nil
        }
        enter(health.isOpen ? .running : .healthChecking, at: now)
    }

    /// Looks after the container that runs, whatever else is under way.
    private mutating func watchHealth(at now: AgentTime) -> [TaskAction] {
        guard let current = run, current.verdict == nil, record.goal == .running else { return [] }
        let step = run?.health.step(at: now.elapsed) ?? .wait(until: nil)
        if run?.health.isOpen == true, report.phase == .healthChecking { enter(.running, at: now) }
        let rest = history.flapping(after: now.elapsed - current.began)
        if rest > .zero { wake(at: now.elapsed + rest) }
        if run?.health.isOpen == true { tell { $0.throttle = rest > .zero ? .flapping : .none } }
        switch step {
        case .wait(let moment):
            if let moment { wake(at: moment) }
            return []
        case .probe(let check, let timeout):
            if let health = run?.health, !health.isOpen { wake(at: health.deadline) }
            return askForProbe(check, timeout: timeout, of: current.container)
        case .giveUp(let reason):
            run?.verdict = reason
            enter(.failed, reason: reason, at: now)
            return flight == nil && isListed ? end(current.container) : []
        }
    }

    // MARK: Ends

    /// Sees that the container of the run does not run any more.
    private mutating func noteEnd(at now: AgentTime) {
        guard let over = run else { return }
        let container = containers.first { $0.id == over.container }
        guard isListed || container?.status.isExited == true, container?.status != .running else { return }
        run = nil
        stopsTried = 0
        guard record.goal == .running else { return }
        var (code, outOfMemory): (Int?, Bool) = (nil, false)
        if case .exited(let itsCode, let itsMemory)? = container?.status { (code, outOfMemory) = (itsCode, itsMemory) }
        let how = code.map { "ended with exit code \($0)" } ?? "is gone"
        let reason = over.verdict ?? (outOfMemory ? "it used more memory than it may" : how)
        count(
            over.container, code: code, isFailure: over.verdict != nil || code != 0, reason: reason,
            phase: over.verdict == nil && over.health.isOpen ? .exited : .failed,
            length: now.elapsed - over.began, at: now)
    }

    /// Of a task that may run only so often, what ended while the agent was away counts too.
    private mutating func countEndWhileAway(at now: AgentTime) {
        guard record.goal == .running, record.countsEnds, record.ending == nil, let last = containers.first,
            last.fingerprint == fingerprint, case .exited(let code, let outOfMemory) = last.status,
            record.counted != last.id
        else { return }
        let how = code.map { "ended with exit code \($0)" } ?? "ended"
        count(
            last.id, code: code, isFailure: code != 0, reason: outOfMemory ? "it used more memory than it may" : how,
            phase: .exited, length: .zero, at: now)
    }

    private mutating func count(
        _ container: String, code: Int?, isFailure: Bool, reason: String, phase: TaskPhase, length: Duration,
        at now: AgentTime
    ) {
        tell {
            $0.container = container
            $0.exitCode = code
            $0.lastEnd = TaskEnd(container: container, exitCode: code, time: now.calendar)
        }
        if record.countsEnds { record.counted = container }
        if !isFailure, record.countsEnds {
            record.ending = .init(isSuccess: true, exitCode: code, reason: reason)
            if let ending = record.ending { show(ending, at: now) }
        } else {
            failed(reason, code: code, phase: phase, length: length, at: now)
        }
    }

    /// Goes on after a failure: later, or not at all.
    mutating func failed(_ reason: String, code: Int? = nil, phase: TaskPhase, length: Duration, at now: AgentTime) {
        let delay = history.add(length)
        enter(phase, reason: reason, at: now)
        if record.countsEnds {
            record.failures += 1
            if !mayRestart {
                record.ending = .init(isSuccess: false, exitCode: code, reason: reason)
                return enter(.failed, reason: reason, at: now)
            }
        }
        restartsAt = now.elapsed + delay
        let throttle: TaskThrottle = history.flapping() > .zero ? .flapping : .none
        tell {
            $0.restarts += 1
            $0.throttle = throttle
        }
    }

    private var mayRestart: Bool {
        switch record.spec.restart {
        case .always: true
        case .onFailure(let attempts): record.failures <= attempts
        case .never: false
        }
    }

    private mutating func show(_ ending: TaskRecord.Ending, at now: AgentTime) {
        tell { $0.exitCode = ending.exitCode }
        let phase: TaskPhase = !ending.isSuccess ? .failed : record.spec.isRunOnce ? .completed : .exited
        enter(phase, reason: ending.isSuccess ? nil : ending.reason, at: now)
    }

    // MARK: Outcomes

    mutating func finished(_ call: TaskAction.Call, _ outcome: CallOutcome, at now: AgentTime) {
        if case .failed(let error) = outcome { return failed(call, error, at: now) }
        answered()
        switch (call, outcome) {
        case (.fetch, _):
            hasImage = true
            tell { if [.imageMissing, .imagePullFailed].contains($0.throttle) { $0.throttle = .none } }
        case (.create, .created(let container)):
            setStatus(.created, of: container)
            fresh = container
        case (.start(let container), _):
            // It may have ended already.
            if containers.first(where: { $0.id == container })?.status == .created {
                setStatus(.running, of: container)
            }
            if record.goal == .running { begin(container, at: now) }
        case (.stop(let container, _), _), (.kill(let container), _):
            stopsTried = 0
            guard containers.first(where: { $0.id == container })?.status == .running else { return }
            // How it ended, its event or a list tells.
            setStatus(.exited(code: nil, outOfMemory: false), of: container)
        case (.remove(let container), _): setStatus(nil, of: container)
        default: break
        }
    }

    private mutating func failed(_ call: TaskAction.Call, _ error: EngineError, at now: AgentTime) {
        let isPull = call == .fetch
        let isUnclear = [.unreachable, .connectionLost, .malformedAnswer].contains(error.kind)
        if isUnclear || (error.kind == .timedOut && !isPull) {
            forgetContainers()
            return hold(at: now.elapsed)
        }
        switch (call, error.kind) {
        case (.fetch, _):
            let isMissing = error.kind == .imageMissing
            throttle(
                isMissing ? .imageMissing : .imagePullFailed, for: isMissing ? .seconds(120) : .seconds(30),
                error.description, at: now)
        case (.create, .imageMissing):
            // Somebody deleted it since.
            hasImage = false
            restartsAt = now.elapsed + .seconds(1)
        case (.create, .portInUse), (.start, .portInUse):
            fresh = nil
            throttle(.portConflict, for: .seconds(10), error.description, at: now)
        case (.create, _), (.start, _):
            fresh = nil
            if case .start(let container) = call, error.kind == .notFound { setStatus(nil, of: container) }
            failed(error.description, phase: .failed, length: .zero, at: now)
        case (.stop(let container, _), .notFound), (.kill(let container), .notFound),
            (.remove(let container), .notFound):
            setStatus(nil, of: container)
        default:
            // What stands against it, the containers tell.
            forgetContainers()
            hold(at: now.elapsed)
        }
    }

    /// Goes on later, without any run having been tried.
    private mutating func throttle(
        _ throttle: TaskThrottle, for delay: Duration, _ reason: String, at now: AgentTime
    ) {
        restartsAt = now.elapsed + delay
        enter(.failed, reason: reason, at: now)
        tell { $0.throttle = throttle }
    }
}
