import ServiceLifecycle
import Shared

/// Runs the jobs of the shards that this node leads.
///
/// Tick *n* of a job is due *n* intervals after 1970. The log tells which tick was the last, so a new leader makes up
/// for those that nobody ran while there was no leader.
actor Scheduler: Service {
    private let node: String
    private let log: FencedLog
    private let interval: Int64
    private var led: [String: Lead] = [:]

    private struct Lead {
        let token: Int64
        var isPaused = false
    }

    init(node: String, log: FencedLog, interval: Int64) {
        self.node = node
        self.log = log
        self.interval = interval
    }

    /// From the entry that is written here on, the log refuses all former leaders.
    func lead(_ shard: String, token: Int64) throws {
        try log.append(to: shard, by: node, token: token) { [("leads", $0?.number ?? dueTick - 1)] }
        led[shard] = Lead(token: token)
        say("LEADER \(shard) token=\(token)")
    }

    /// Nothing is under way when this returns, since an actor does one thing at a time.
    func stop(_ shard: String) {
        if led.removeValue(forKey: shard) != nil { say("STOPPED-LEADING \(shard)") }
    }

    func pause(_ shard: String) {
        led[shard]?.isPaused = true
        say("PAUSED \(shard)")
    }

    func resume(_ shard: String) {
        led[shard]?.isPaused = false
        say("RESUMED \(shard)")
    }

    func run() async throws {
        try await cancelWhenGracefulShutdown { try await self.runTicks() }
    }

    private func runTicks() async throws {
        while !Task.isCancelled {
            for (shard, lead) in led.sorted(by: { $0.key < $1.key }) where !lead.isPaused {
                try runDueTicks(of: shard, lead.token)
            }
            let untilNext = Duration.milliseconds(interval - now() % interval)
            do { try await ContinuousClock().sleep(for: untilNext) } catch { return }
        }
    }

    private func runDueTicks(of shard: String, _ token: Int64) throws {
        do {
            // This line is the whole job. A real one would hand the token to every storage that it writes to.
            try log.append(to: shard, by: node, token: token) { last in
                let first = (last?.number).map { $0 + 1 } ?? dueTick
                return first > dueTick ? [] : (first...dueTick).map { ("ran", $0) }
            }
        } catch let refusal as FencedLog.Fenced {
            say("REFUSED \(refusal)")
            led[shard] = nil
        }
    }

    private var dueTick: Int64 { now() / interval }
}
