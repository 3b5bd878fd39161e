import FleetEngine
import Testing

@testable import FleetAgent

@Suite("A task on its way to running, and its failures")
struct RunningTests {
    @Test("asks for one call after the other, and tells each phase (AC40)")
    func order() {
        var stand = TaskStand()
        #expect(stand.supervisor.needsList)
        stand.list()
        #expect(stand.asked == [.fetch])
        stand.answer()
        #expect(stand.asked == [.create])
        stand.answer()
        #expect(stand.asked == [.start("c1")])
        stand.answer()
        #expect(stand.asked.isEmpty)
        #expect(stand.phases == ["UNKNOWN", "PULLING_IMAGE", "CREATING", "STARTING c1", "RUNNING c1"])
        #expect(stand.supervisor.standing(towards: .running) == .reached)
    }

    @Test("asks for nothing before it has seen a list")
    func nothingUnseen() {
        var stand = TaskStand()
        stand.send(.woke)
        stand.send(.listBegan)
        stand.send(.engineLost)
        stand.send(.listed([]))
        #expect(stand.asked.isEmpty)
        #expect(stand.supervisor.needsList)
    }

    @Test(
        "of a call whose answer is lost, the next list tells", arguments: [EngineError.Kind.connectionLost, .timedOut])
    func lostCreate(_ kind: EngineError.Kind) {
        var stand = TaskStand()
        stand.list()
        stand.answer()
        stand.answer(kind)
        #expect(stand.asked.isEmpty)
        stand.list([FoundContainer(id: "lost", fingerprint: "", status: .created)])
        stand.advance(by: .seconds(1))
        // It may be without its secrets.
        #expect(stand.asked == [.remove("lost")])
        stand.answer()
        #expect(stand.asked == [.create])
    }

    @Test("a list that was begun before an answer was lost does not tell")
    func staleList() {
        var stand = TaskStand()
        stand.list()
        stand.answer()
        stand.send(.listBegan)
        stand.answer(.timedOut)
        stand.send(.listed([]))
        stand.advance(by: .seconds(10))
        #expect(stand.asked.isEmpty)
        #expect(stand.supervisor.needsList)
    }

    @Test("a start that was carried out without an answer is adopted")
    func lostStart() {
        var stand = TaskStand()
        stand.list()
        stand.answer()
        stand.answer()
        stand.answer(.connectionLost)
        let fingerprint = stand.supervisor.fingerprint
        stand.list([FoundContainer(id: "c1", fingerprint: fingerprint, status: .running)])
        stand.advance(by: .seconds(1))
        #expect(stand.asked.isEmpty)
        #expect(stand.report.phase == .running)
    }

    @Test("a container that was made after the list is not forgotten by it")
    func olderList() {
        var stand = TaskStand()
        stand.list()
        stand.answer()
        stand.send(.listBegan)
        stand.answer()
        stand.send(.listed([]))
        #expect(stand.asked == [.start("c1")])
        stand.answer()
        #expect(stand.report.phase == .running)
    }

    @Test("a container of another spec ends before a new one is made")
    func otherSpec() {
        var stand = TaskStand()
        stand.list([FoundContainer(id: "old", fingerprint: "other", status: .running)])
        #expect(stand.asked == [.stop("old", within: .seconds(120))])
        stand.answer()
        #expect(stand.asked == [.fetch])
    }

    @Test("a second container that runs is ended")
    func second() {
        var stand = TaskStand()
        stand.run()
        let fingerprint = stand.supervisor.fingerprint
        stand.list(["c1", "c0"].map { FoundContainer(id: $0, fingerprint: fingerprint, status: .running) })
        #expect(stand.asked == [.stop("c0", within: .seconds(120))])
        stand.answer()
        #expect(stand.report.container == "c1")
        #expect(stand.report.phase == .running)
    }

    @Test("what a late call made beside the container that runs is removed")
    func lateCreate() {
        var stand = TaskStand()
        stand.run()
        let fingerprint = stand.supervisor.fingerprint
        stand.list([
            FoundContainer(id: "late", fingerprint: fingerprint, status: .created),
            FoundContainer(id: "c1", fingerprint: fingerprint, status: .running),
        ])
        #expect(stand.asked == [.remove("late")])
        stand.answer()
        #expect(stand.report.phase == .running)
        #expect(stand.asked.isEmpty)
    }

    @Test("when its spec changes, its container makes room for another")
    func changedSpec() {
        var stand = TaskStand()
        stand.run()
        stand.send(.told(.running, TaskSpec(image: "web:2")))
        #expect(stand.asked == [.stop("c1", within: .seconds(120))])
        stand.answer()
        #expect(stand.asked == [.fetch])
        #expect(stand.report.restarts == 0)
    }

    @Test("is started again when it ended, later each time")
    func restart() {
        var stand = TaskStand()
        stand.run()
        for delay in [100, 200, 400, 800] as [Int] {
            stand.exit(0)
            #expect(stand.report.phase == .exited)
            #expect(stand.report.exitCode == 0)
            stand.advance(by: .milliseconds(delay - 1))
            #expect(stand.asked.isEmpty)
            stand.advance(by: .milliseconds(1))
            #expect(stand.asked == [.create])
            stand.answer()
            stand.answer()
        }
        #expect(stand.report.restarts == 4)
    }

    @Test("flaps after three short runs, and no longer when it has run on (AC32)")
    func flapping() {
        var stand = TaskStand()
        stand.run()
        for run in 0..<10 {
            #expect(stand.report.throttle == (run < 3 ? TaskThrottle.none : .flapping))
            stand.advance(by: .seconds(1))
            stand.exit(1)
            stand.advance(by: .seconds(30))
            stand.answer()
            stand.answer()
        }
        #expect(stand.report.throttle == .flapping)
        #expect(stand.report.phase == .running)
        stand.advance(by: .seconds(49))
        #expect(stand.report.throttle == .flapping)
        stand.advance(by: .seconds(1))
        #expect(stand.report.throttle == .none)
    }

    @Test("runs that are long enough on the whole are no flapping", arguments: [1, 5, 6, 7])
    func longEnough(seconds: Int) {
        var history = RestartHistory()
        for run in 1...12 {
            _ = history.add(.seconds(seconds))
            #expect((history.flapping() > .zero) == (run >= 3 && seconds < 6), "run \(run)")
        }
        #expect(history.flapping(after: .seconds(60)) == .zero)
    }

    @Test("delays double to half a minute, and start over after a long run")
    func delays() {
        var history = RestartHistory()
        let delays = (0..<11).map { _ in history.add(.seconds(1)) }
        #expect(delays[8] == .milliseconds(25_600))
        #expect(delays[9] == .seconds(30) && delays[10] == .seconds(30))
        #expect(history.add(.seconds(60)) == .milliseconds(100))
    }

    @Test(
        "what holds it up has a name and a delay",
        arguments: [
            (EngineError.Kind.imageMissing, TaskThrottle.imageMissing, 120), (.pullFailed, .imagePullFailed, 30),
            (.timedOut, .imagePullFailed, 30), (.unauthorised, .imagePullFailed, 30),
        ])
    func throttle(_ kind: EngineError.Kind, _ throttle: TaskThrottle, _ seconds: Int) {
        var stand = TaskStand()
        stand.list()
        stand.answer(kind)
        #expect(stand.report.phase == .failed)
        #expect(stand.report.throttle == throttle)
        #expect(stand.report.reason?.contains("so it is") == true)
        stand.advance(by: .seconds(seconds) - .milliseconds(1))
        #expect(stand.asked.isEmpty)
        stand.advance(by: .milliseconds(1))
        #expect(stand.asked == [.fetch])
        stand.answer()
        #expect(stand.report.throttle == .none)
    }

    @Test("a port that somebody else has is waited for")
    func port() {
        var stand = TaskStand()
        stand.list()
        stand.answer()
        stand.answer()
        stand.answer(.portInUse)
        #expect(stand.report.throttle == .portConflict)
        #expect(stand.asked == [.remove("c1")])
        stand.answer()
        stand.advance(by: .milliseconds(9_999))
        #expect(stand.asked.isEmpty)
        stand.advance(by: .milliseconds(1))
        #expect(stand.asked == [.create])
        stand.answer()
        stand.answer()
        #expect(stand.report.throttle == .none)
    }

    @Test("an end that is told before the answer to the start counts")
    func earlyEnd() {
        var stand = TaskStand()
        stand.list()
        stand.answer()
        stand.answer()
        stand.send(.changed(container: "c1", .started))
        stand.send(.changed(container: "c1", .exited(code: 3)))
        stand.answer()
        #expect(stand.report.phase == .exited)
        #expect(stand.report.exitCode == 3)
        #expect(stand.report.restarts == 1)
    }

    @Test("to be told to have the image here does not stop what runs")
    func pullWhileRunning() {
        var stand = TaskStand()
        stand.run()
        stand.send(.told(.pulled, TaskSpec(image: "web:1")))
        #expect(stand.asked.isEmpty)
        #expect(stand.supervisor.record.goal == .running)
        #expect(stand.supervisor.standing(towards: .pulled) == .reached)
    }

    @Test("how far a pull has come is told twice a second at most, and no longer when it is over")
    func progress() {
        var stand = TaskStand()
        stand.list()
        let number = stand.open[0].number
        func step(_ layer: String, _ current: Int64) -> TaskEvent {
            .progressed(number, PullProgress(status: "Downloading", layer: layer, current: current, total: 100))
        }
        stand.send(step("a", 10))
        #expect(stand.report.pulled == PullShare(done: 10, total: 100))
        stand.advance(by: .milliseconds(499))
        stand.send(step("b", 50))
        #expect(stand.report.pulled == PullShare(done: 10, total: 100))
        stand.advance(by: .milliseconds(1))
        stand.send(step("a", 100))
        #expect(stand.report.pulled == PullShare(done: 150, total: 200))
        stand.answer()
        #expect(stand.report.pulled == nil)
    }

    @Test("that it ran out of memory is told")
    func memory() {
        var stand = TaskStand()
        stand.run()
        stand.send(.changed(container: "c1", .ranOutOfMemory))
        #expect(stand.report.phase == .running)
        stand.exit(137)
        #expect(stand.report.reason == "it used more memory than it may")
        #expect(stand.report.exitCode == 137)
    }
}
