import HelixRecords
import MessageQueue
import StateModels
import Testing

@testable import HelixParticipant

@Suite("The table of replicas under random events")
struct ReplicaTablePropertyTests {
    /// The table, a model of what must hold, and a generator.
    struct Run {
        var stand: TableStand
        var random: SeededGenerator
        var timedOut: Set<Job.ID> = []
        var accepted: [String] = []
        var vanished: Set<String> = []
        var number = 0
        let limit = 3

        init(seed: Int) {
            random = SeededGenerator(seed: UInt64(seed))
            stand = TableStand(limit: 3)
        }

        mutating func pick<Element>(_ choices: [Element]) -> Element {
            choices[Int(random.next() % UInt64(choices.count))]
        }

        mutating func step() {
            number += 1
            let partition = pick(["a", "b", "c", "d", "e", "f"])
            let states = ["OFFLINE", "SLAVE", "MASTER", "DROPPED", "ERROR"]
            switch random.next() % 24 {
            case 0...7:
                let from = stand.state(partition) ?? "OFFLINE"
                let next = ["OFFLINE": ["SLAVE", "DROPPED"], "SLAVE": ["MASTER", "OFFLINE"], "MASTER": ["SLAVE"]]
                accept(
                    [partition], pick([from, from, from, pick(states)]), pick(next[from] ?? ["OFFLINE", "DROPPED"]))
            case 8: accept(["a", "c", partition], "OFFLINE", "SLAVE")
            case 9...14: if let (name, _) = anyCall() { stand.finish(name, pick(results)) }
            case 15: if let (_, job) = anyCall() { timeOut(job) }
            case 16: stand.cancel("m\(number)", partition, from: pick(states), to: pick(states))
            case 17: stand.perform(random.next() % 2 == 0 ? stand.table.suspend() : stand.table.resume())
            case 18:
                guard let id = accepted.last else { return }
                vanished.insert(id)
                stand.table.vanished([id])
            case 19: accept([partition], "*", "ERROR")
            case 20, 21:
                let key = ReplicaKey(resource: "db", partition: partition)
                let change = SelfChange(from: pick(states), to: pick(states), detail: "x")
                if let actions = try? stand.table.report(change, of: key, now: 1) { stand.perform(actions) }
            case 22:
                guard let pause = stand.pauses.popLast() else { return }
                stand.perform(stand.table.endPause(of: pause.key, number: pause.number))
            default:
                let key = ReplicaKey(resource: "db", partition: partition)
                if random.next() % 4 == 0 { stand.perform(stand.table.declareFailure(of: key, reason: "x", now: 1)) }
            }
        }

        let results: [TransitionResult] = [
            .completed, .completed, .completed, .rolledBack, .cancelled, .failed("x"),
            .unfinished(TransitionRetry(after: .seconds(1), reason: "x")),
            .unfinished(TransitionRetry(after: .zero, reason: "x")),
        ]

        mutating func accept(_ partitions: [String], _ from: String, _ to: String) {
            let message = stand.received("m\(number)", partitions, from, to, retries: pick([nil, 0, 2]))
            accepted.append(message.id)
            stand.perform(stand.table.accept(message, model: stand.model))
        }

        mutating func timeOut(_ job: Job) {
            timedOut.insert(job.id)
            stand.perform(stand.table.timedOut(job, start: 1, now: 2))
        }

        mutating func anyCall() -> (String, Job)? {
            let calls = stand.calls.sorted { $0.key < $1.key }
            return calls.isEmpty ? nil : calls[Int(random.next() % UInt64(calls.count))]
        }

        /// Lets every call return and everything that waits happen.
        mutating func settle() {
            stand.perform(stand.table.resume())
            for pause in stand.pauses { stand.perform(stand.table.endPause(of: pause.key, number: pause.number)) }
            while let (name, _) = anyCall() { stand.finish(name) }
        }
    }

    func check(_ run: Run, _ seed: Int) {
        let table = run.stand.table
        let entries = table.entries
        let counted = entries.values.filter { $0.call?.pool != nil }.count
        #expect(counted <= run.limit, "seed \(seed), step \(run.number): \(counted) transitions run")
        #expect(table.callCount == entries.values.filter { $0.call != nil }.count, "seed \(seed)")
        #expect(table.waitingCount == entries.values.filter { $0.waiting != nil }.count, "seed \(seed)")
        #expect(table.topCount == entries.values.filter { $0.state == "MASTER" }.count, "seed \(seed)")
        #expect(table.callCount == run.stand.calls.count, "seed \(seed)")
        let closed = run.stand.closed
        #expect(closed.count == Set(closed).count, "seed \(seed), step \(run.number): a message was closed twice")
    }

    @Test("limits hold, calls never overlap, and every message is closed exactly once", arguments: 1...60)
    func invariants(seed: Int) {
        var run = Run(seed: seed)
        for _ in 0..<300 {
            run.step()
            check(run, seed)
        }
        run.settle()
        check(run, seed)
        #expect(run.stand.table.pendingCount == 0, "seed \(seed): something waits for ever")
        #expect(run.stand.table.openMessages.isEmpty, "seed \(seed): \(run.stand.table.openMessages.keys)")
        let unclosed = Set(run.accepted).subtracting(run.stand.closed)
        #expect(
            unclosed.isSubset(of: run.vanished), "seed \(seed): \(unclosed.subtracting(run.vanished)) stay for ever")
    }

    @Test("tokens only grow for a replica", arguments: 1...50)
    func tokens(seed: Int) {
        var run = Run(seed: seed)
        var last: [String: Int64] = [:]
        var seen: Set<Job.ID> = []
        for _ in 0..<300 {
            run.step()
            for (partition, job) in run.stand.calls.sorted(by: { $0.key < $1.key }) where seen.insert(job.id).inserted {
                guard case .transition(let step) = job.work else { continue }
                // A step that is made again has the token it had.
                #expect(
                    step.attempt > 1 ? step.token == last[partition] : step.token > last[partition] ?? 0,
                    "seed \(seed)")
                last[partition] = step.token
            }
        }
    }

    @Test("whenever the session ends everything comes to rest in the initial state", arguments: 1...100)
    func endOfSession(seed: Int) {
        var run = Run(seed: seed)
        for _ in 0..<Int(run.random.next() % 200) { run.step() }
        run.stand.clearRecord()
        run.stand.perform(run.stand.table.endSession())
        run.settle()
        #expect(run.stand.table.entries.values.allSatisfy { $0.state == "OFFLINE" }, "seed \(seed)")
        #expect(run.stand.outcomes.isEmpty && run.stand.discarded.isEmpty, "seed \(seed): a dead session wrote")
        #expect(run.stand.table.pendingCount == 0)
        // And the table is as good as new.
        run.stand.perform(run.stand.table.beginSession(limits: TransitionLimits(shared: 3), recorded: []))
        #expect(run.stand.table.entries.isEmpty)
        run.stand.accept("new", "a", from: "OFFLINE", to: "SLAVE")
        run.stand.finish("a")
        #expect(run.stand.state("a") == "SLAVE")
    }

    @Test("a hand-over always comes to an end, with no replica in the top state", arguments: 1...100)
    func handover(seed: Int) {
        var run = Run(seed: seed)
        for _ in 0..<Int(run.random.next() % 200) { run.step() }
        run.stand.perform(run.stand.table.beginHandover())
        while let (name, _) = run.anyCall() { run.stand.finish(name, run.pick(run.results)) }
        #expect(run.stand.handedOverCount >= 1, "seed \(seed)")
        #expect(run.stand.table.topCount == 0, "seed \(seed)")
    }
}
