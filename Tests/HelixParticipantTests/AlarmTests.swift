import Coordination
import Synchronization
import Testing

@testable import HelixParticipant

@Suite("Alarms")
struct AlarmTests {
    @Test(
        "the queue gives events in the order of their deadlines, equal ones in the order of insertion",
        arguments: 1...20)
    func order(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var queue = DeadlineQueue<Int>()
        var expected: [(Duration, Int)] = []
        for number in 0..<200 {
            let deadline = Duration.milliseconds(Int(random.next() % 50))
            queue.insert(number, at: deadline)
            expected.append((deadline, number))
        }
        expected.sort { $0 < $1 }
        var found: [Int] = []
        for time in stride(from: 0, through: 50, by: 7) {
            let due = queue.removeAll(upTo: .milliseconds(time))
            #expect(due.allSatisfy { event in expected.contains { $0.1 == event && $0.0 <= .milliseconds(time) } })
            found += due
            if let first = queue.first { #expect(first > .milliseconds(time)) }
        }
        found += queue.removeAll(upTo: .seconds(1))
        #expect(found == expected.map(\.1), "seed \(seed)")
        #expect(queue.first == nil)
    }

    /// Runs alarms on a clock that stands still, and gathers what rings.
    func running(
        _ body: @escaping @Sendable (Alarms<String>, TestClock, Rung) async throws -> Void
    ) async throws {
        let clock = TestClock()
        let alarms = Alarms<String>(clock: clock)
        let rung = Rung()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await alarms.run { rung.add($0) } }
            try await body(alarms, clock, rung)
            group.cancelAll()
        }
    }

    final class Rung: Sendable {
        private let events = Mutex<[String]>([])
        func add(_ new: [String]) { events.withLock { $0 += new } }
        var all: [String] { events.withLock { $0 } }
    }

    @Test("an alarm rings when its time has come, not before")
    func time() async throws {
        try await running { alarms, clock, rung in
            alarms.set("a", after: .seconds(2))
            try await eventually("somebody waits") { clock.sleeperCount == 1 }
            clock.advance(by: .milliseconds(1_999))
            await giveWay()
            #expect(rung.all == [])
            clock.advance(by: .milliseconds(1))
            try await eventually("it rings") { rung.all == ["a"] }
        }
    }

    @Test("an earlier alarm that is set later rings first")
    func earlier() async throws {
        try await running { alarms, clock, rung in
            alarms.set("late", after: .seconds(10))
            try await eventually("somebody waits") { clock.sleeperCount == 1 }
            alarms.set("early", after: .seconds(1))
            clock.advance(by: .seconds(1))
            try await eventually("it rings") { rung.all == ["early"] }
            clock.advance(by: .seconds(9))
            try await eventually("the other rings") { rung.all == ["early", "late"] }
        }
    }

    @Test("alarms that are due together ring together")
    func together() async throws {
        try await running { alarms, clock, rung in
            for name in ["a", "b", "c"] { alarms.set(name, after: .seconds(1)) }
            clock.advance(by: .seconds(1))
            try await eventually("all ring") { rung.all == ["a", "b", "c"] }
        }
    }

    @Test("an alarm without a delay rings at once")
    func immediate() async throws {
        try await running { alarms, _, rung in
            alarms.set("now", after: .zero)
            try await eventually("it rings") { rung.all == ["now"] }
        }
    }

    @Test("a bell that rang before anybody listened is heard, and several rings are one")
    func bell() async {
        let bell = Bell()
        bell.ring()
        bell.ring()
        #expect(await bell.isRung())
        bell.ring()
        #expect(await bell.isRung())
        let isHeard = await withTaskGroup(of: Bool.self) { group in
            group.addTask { await bell.isRung() }
            group.cancelAll()
            return await group.next()
        }
        #expect(isHeard == false, "a listener that is cancelled hears nothing")
    }

    @Test("a task that is cancelled before it runs is cancelled from the start; afterwards nothing happens")
    func cancellableTask() async {
        let early = CancellableTask()
        early.cancel()
        #expect(
            await withTaskGroup(of: Bool.self) {
                $0.addTask { await early.run { Task.isCancelled } }; return await $0.next()!
            })
        let late = CancellableTask()
        let wasCancelled = await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                let inside = await late.run { Task.isCancelled }
                late.cancel()
                return inside || Task.isCancelled
            }
            return await group.next()!
        }
        #expect(!wasCancelled)
    }

    @Test("a cancellation handler may cancel the same task again")
    func reentrantCancellation() async {
        let task = CancellableTask()
        let began = Bell()
        let gate = Gate()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await task.run {
                    await withTaskCancellationHandler {
                        began.ring()
                        do { try await gate.pass() } catch {}
                    } onCancel: {
                        task.cancel()
                    }
                }
            }
            _ = await began.isRung()
            task.cancel()
        }
    }
}
