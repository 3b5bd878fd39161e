import FleetEngine
import Testing

@testable import FleetAgent

@Suite("The health of a task")
struct HealthTests {
    static let gated: TaskSpec = {
        var spec = TaskSpec(image: "web:1")
        spec.gate = HealthGate(.tcp(port: "http"), interval: .seconds(1), deadline: .seconds(10))
        return spec
    }()

    static let alive: TaskSpec = {
        var spec = TaskSpec(image: "web:1")
        spec.liveness = Liveness(.exec(["true"]), interval: .seconds(5), retries: 2)
        return spec
    }()

    @Test("it runs when a try of its gate succeeds")
    func gate() {
        var stand = TaskStand(Self.gated)
        stand.run()
        #expect(stand.report.phase == .healthChecking)
        #expect(stand.asked == [.probe("c1", .tcp(port: "http"), timeout: .seconds(5))])
        stand.probe("refused")
        #expect(stand.asked.isEmpty)
        #expect(stand.report.reason == "refused")
        stand.advance(by: .seconds(1))
        stand.probe(nil)
        #expect(stand.report.phase == .running)
        #expect(stand.report.reason == nil)
    }

    @Test("a container that is not healthy in time is ended, and another one started")
    func deadline() {
        var stand = TaskStand(Self.gated)
        stand.run()
        for _ in 0..<9 {
            stand.probe("refused")
            stand.advance(by: .seconds(1))
        }
        stand.probe("refused")
        #expect(stand.report.phase == .healthChecking)
        stand.advance(by: .seconds(1))
        #expect(stand.report.phase == .failed)
        #expect(stand.report.reason == "not healthy after 10.0 seconds: refused")
        #expect(stand.asked == [.stop("c1", within: .seconds(120))])
        stand.answer()
        #expect(stand.report.phase == .failed)
        stand.advance(by: .milliseconds(100))
        #expect(stand.asked == [.create])
    }

    @Test("a try that does not come to an end does not hold the deadline up")
    func slowTry() {
        var stand = TaskStand(Self.gated)
        stand.run()
        stand.advance(by: .seconds(10))
        #expect(stand.report.phase == .failed)
    }

    @Test("a container that ends before it was healthy has failed (AC45)")
    func endInGate() {
        var stand = TaskStand(Self.gated)
        stand.run()
        stand.exit(1)
        #expect(stand.report.phase == .failed)
        #expect(stand.report.reason == "ended with exit code 1")
        stand.probe(nil)
        #expect(stand.report.phase == .failed)
    }

    @Test("a container that is not alive several times in a row is restarted")
    func liveness() {
        var stand = TaskStand(Self.alive)
        stand.run()
        for failure in ["no", nil, "no", "no"] {
            #expect(stand.report.phase == .running)
            stand.advance(by: .seconds(5))
            stand.probe(failure)
        }
        #expect(stand.report.phase == .failed)
        #expect(stand.report.reason == "not alive after 2 tries: no")
        #expect(stand.asked == [.stop("c1", within: .seconds(120))])
        stand.answer()
        #expect(stand.report.restarts == 1)
        stand.advance(by: .milliseconds(100))
        #expect(stand.asked == [.create])
    }

    @Test("a container that was adopted has to show anew that it is healthy")
    func adoption() {
        var stand = TaskStand(Self.gated)
        stand.list([FoundContainer(id: "c9", fingerprint: stand.supervisor.fingerprint, status: .running)])
        #expect(stand.report.phase == .healthChecking)
        #expect(stand.report.container == "c9")
        stand.probe(nil)
        #expect(stand.report.phase == .running)
        #expect(stand.asked.isEmpty)
    }

    @Test("the image's own check is heeded, as a gate and later")
    func image() {
        var spec = TaskSpec(image: "web:1")
        spec.gate = HealthGate(.image)
        spec.liveness = Liveness(.image)
        var stand = TaskStand(spec)
        stand.run()
        #expect(stand.report.phase == .healthChecking)
        #expect(stand.asked.isEmpty)
        stand.send(.changed(container: "c1", .health(.healthy)))
        #expect(stand.report.phase == .running)
        stand.send(.changed(container: "c1", .health(.unhealthy)))
        #expect(stand.report.phase == .failed)
        #expect(stand.asked == [.stop("c1", within: .seconds(120))])
    }

    @Test("tries go on after the Engine was away")
    func engineLost() {
        var stand = TaskStand(Self.gated)
        stand.run()
        stand.send(.engineLost)
        stand.probe("too late")
        stand.advance(by: .seconds(5))
        #expect(stand.asked.isEmpty)
        stand.list([FoundContainer(id: "c1", fingerprint: stand.supervisor.fingerprint, status: .running)])
        #expect(stand.asked.count == 1)
        stand.probe(nil)
        #expect(stand.report.phase == .running)
    }
}
