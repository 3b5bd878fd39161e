import FleetEngine
import Testing

@testable import FleetAgent

@Suite("The end of a task")
struct EndingTests {
    static func once(_ restart: RestartPolicy) -> TaskSpec {
        var spec = TaskSpec(image: "job:1")
        spec.isRunOnce = true
        spec.restart = restart
        return spec
    }

    @Test("it is no longer announced, runs on for its grace period, and is asked to end (AC46)")
    func grace() {
        var spec = TaskSpec(image: "web:1")
        spec.gracePeriod = .seconds(5)
        spec.stopTimeout = .seconds(7)
        var stand = TaskStand(spec)
        stand.run()
        stand.send(.told(.stopped, spec))
        #expect(stand.report.phase == .stopping)
        #expect(stand.asked.isEmpty)
        stand.advance(by: .milliseconds(4_999))
        #expect(stand.asked.isEmpty)
        stand.advance(by: .milliseconds(1))
        #expect(stand.asked == [.stop("c1", within: .seconds(7))])
        stand.send(.changed(container: "c1", .exited(code: 143)))
        stand.answer()
        #expect(stand.report.phase == .stopped)
        #expect(stand.report.exitCode == 143)
        #expect(stand.asked.isEmpty)
        #expect(stand.supervisor.standing(towards: .stopped) == .reached)
    }

    @Test("a container that still runs after it was asked to end is killed")
    func kill() {
        var stand = TaskStand()
        stand.run()
        stand.send(.told(.stopped, TaskSpec(image: "web:1")))
        stand.answer(.timedOut)
        stand.list([FoundContainer(id: "c1", fingerprint: stand.supervisor.fingerprint, status: .running)])
        stand.advance(by: .seconds(1))
        #expect(stand.asked == [.kill("c1")])
        stand.answer()
        #expect(stand.report.phase == .stopped)
    }

    @Test("a pull is called off")
    func callOff() {
        var stand = TaskStand()
        stand.list()
        #expect(stand.asked == [.fetch])
        stand.send(.told(.stopped, TaskSpec(image: "web:1")))
        #expect(stand.asked.isEmpty)
        #expect(stand.report.phase == .stopped)
    }

    @Test("a container that was made meanwhile is not started")
    func stopWhileCreating() {
        var stand = TaskStand()
        stand.list()
        stand.answer()
        stand.send(.told(.stopped, TaskSpec(image: "web:1")))
        stand.answer()
        #expect(stand.asked == [.remove("c1")])
        stand.answer()
        #expect(stand.report.phase == .stopped)
    }

    @Test("a container that was started meanwhile is ended")
    func stopWhileStarting() {
        var stand = TaskStand()
        stand.list()
        stand.answer()
        stand.answer()
        stand.send(.told(.stopped, TaskSpec(image: "web:1")))
        stand.answer()
        #expect(stand.asked == [.stop("c1", within: .seconds(120))])
    }

    @Test("told to run again before it was asked to end, it runs on")
    func change() {
        var spec = TaskSpec(image: "web:1")
        spec.gracePeriod = .seconds(5)
        var stand = TaskStand(spec)
        stand.run()
        stand.send(.told(.stopped, spec))
        stand.send(.told(.running, spec))
        #expect(stand.report.phase == .running)
        stand.advance(by: .seconds(10))
        #expect(stand.asked.isEmpty)
    }

    @Test("all its containers are deleted when it is to be removed")
    func removal() {
        var stand = TaskStand()
        stand.list()
        stand.run()
        let old = FoundContainer(id: "old", fingerprint: "", status: .exited(code: 1, outOfMemory: false))
        stand.list([FoundContainer(id: "c1", fingerprint: stand.supervisor.fingerprint, status: .running), old])
        stand.send(.told(.removed, TaskSpec(image: "web:1")))
        stand.answer()
        #expect(stand.asked == [.remove("c1")])
        stand.answer()
        #expect(stand.asked == [.remove("old")])
        #expect(!stand.supervisor.isGone)
        stand.answer(.notFound)
        #expect(stand.supervisor.isGone)
    }

    @Test("what runs once is over when it ended with 0, and is not started again")
    func once() {
        var stand = TaskStand(Self.once(.always))
        stand.run()
        #expect(stand.supervisor.standing(towards: .running) == .underWay)
        stand.exit(0)
        #expect(stand.report.phase == .completed)
        #expect(stand.supervisor.standing(towards: .running) == .reached)
        stand.advance(by: .seconds(1_000))
        #expect(stand.asked.isEmpty)

        // Nor when the agent was restarted.
        var next = TaskStand(record: stand.supervisor.record)
        next.list()
        #expect(next.report.phase == .completed)
        #expect(next.asked.isEmpty)
    }

    @Test("what may fail so many times fails for good after the last")
    func attempts() {
        var stand = TaskStand(Self.once(.onFailure(attempts: 2)))
        stand.run()
        for _ in 0..<2 {
            stand.exit(3)
            stand.advance(by: .seconds(1))
            stand.answer()
            stand.answer()
        }
        #expect(stand.report.phase == .running)
        stand.exit(4)
        #expect(stand.report.phase == .failed)
        #expect(stand.report.exitCode == 4)
        let ending = TaskRecord.Ending(isSuccess: false, exitCode: 4, reason: "ended with exit code 4")
        #expect(stand.supervisor.standing(towards: .running) == .failed(ending))
        stand.advance(by: .seconds(1_000))
        #expect(stand.asked.isEmpty)
    }

    @Test("an end while the agent was away counts, once")
    func away() {
        var stand = TaskStand(Self.once(.onFailure(attempts: 1)))
        stand.run()
        let exited = FoundContainer(
            id: "c1", fingerprint: stand.supervisor.fingerprint, status: .exited(code: 1, outOfMemory: false))
        var next = TaskStand(record: stand.supervisor.record)
        next.list([exited])
        #expect(next.report.restarts == 1)
        #expect(next.supervisor.record.failures == 1)
        next.list([exited])
        var third = TaskStand(record: next.supervisor.record)
        third.list([exited])
        #expect(third.supervisor.record.failures == 1)
        #expect(third.asked == [.fetch])
    }

    @Test("after it was stopped, what is over begins anew")
    func anew() {
        let spec = Self.once(.never)
        var stand = TaskStand(spec)
        stand.run()
        stand.exit(1)
        stand.send(.told(.stopped, spec))
        #expect(stand.report.phase == .stopped)
        stand.send(.told(.running, spec))
        #expect(stand.asked == [.create])
    }

    @Test("a service that is restarted on failure only ends with 0")
    func service() {
        var spec = TaskSpec(image: "web:1")
        spec.restart = .onFailure(attempts: 3)
        var stand = TaskStand(spec)
        stand.run()
        stand.exit(0)
        #expect(stand.report.phase == .exited)
        stand.advance(by: .seconds(100))
        #expect(stand.asked.isEmpty)
    }
}
