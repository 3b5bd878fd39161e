import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

@Suite("What is not where it should be")
struct ConvergenceReportTests {
    private func world(partitions: Int = 2) -> World {
        var world = World()
        world.addInstances(["a", "b"])
        world.addResource("db", partitions: partitions, replicas: 2)
        world.settle()
        return world
    }

    private func lags(_ world: World) -> [Convergence.Lag] {
        world.rebalancer.convergence(of: world.snapshot, after: world.decision).groups.flatMap(\.lags)
    }

    @Test("Is nothing when all is well")
    func complete() {
        #expect(world().rebalancer.convergence(of: world().snapshot).isComplete)
    }

    @Test("A transition under way, with its message and since when")
    func underWay() {
        var world = world(partitions: 1)
        world.snapshot.time = 5_000
        let slave = world.map("db", "db_0").first { $0.value == "SLAVE" }!.key
        world.set(slave, "db", "db_0", "OFFLINE")
        world.pass()
        #expect(
            lags(world).map { [$0.partition, $0.instance, $0.current, $0.wanted] } == [
                ["db_0", slave, "OFFLINE", "SLAVE"]
            ])
        #expect(lags(world).map(\.cause) == [.underWay])
        #expect(lags(world).map(\.since) == [5_000])
    }

    @Test("Every cause is told apart")
    func causes() {
        var world = world()
        let slave = world.map("db", "db_0").first { $0.value == "SLAVE" }!.key
        world.set(slave, "db", "db_0", "ERROR")
        #expect(lags(world).map(\.cause) == [.error])

        world = self.world()
        world.kill("b")
        world.settle()
        #expect(lags(world).map(\.cause) == [.tooFewInstances, .tooFewInstances])

        world = self.world()
        world.snapshot.setResourceConfig("db", .unreadable(.corrupt))
        #expect(lags(world).map(\.cause) == [.frozen])

        world = self.world()
        world.set(slave, "db", "db_0", "OFFLINE")
        world.snapshot.setPaused(true)
        #expect(lags(world).map(\.cause) == [.paused])

        world = self.world()
        world.configureCluster { $0.throttles = [ThrottleConfig(.cluster, .any, limit: 0)] }
        world.set(slave, "db", "db_0", "OFFLINE")
        world.pass()
        #expect(lags(world).map(\.cause) == [.limited])

        world = World()
        world.addInstances(["a"])
        world.addList("list", ["a", "b"])
        world.configure("b") { $0.isEnabled = true }
        world.settle()
        #expect(lags(world).map(\.cause) == [.instanceAway])
        #expect(lags(world).map(\.instance) == ["b"])
    }

    @Test("What lasts the longest comes first")
    func order() {
        var world = world(partitions: 3)
        world.snapshot.time = 9_000
        for (partition, time) in [("db_1", Int64(7_000)), ("db_0", 8_000), ("db_2", 6_000)] {
            let slave = world.map("db", partition).first { $0.value == "SLAVE" }!.key
            world.set(slave, "db", partition, "OFFLINE")
            world.post(slave, "db", [partition], from: "OFFLINE", to: "SLAVE") { $0.createdAt = time }
        }
        #expect(lags(world).map(\.partition) == ["db_2", "db_1", "db_0"])
    }

    @Test("Is empty exactly when a cluster that can come to rest has", arguments: 0..<20 as Range<UInt64>)
    func random(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var world = World()
        world.addInstances(names(0..<5))
        world.addResource("db", partitions: 6, replicas: 3)
        var steps = 0
        repeat {
            if Int.random(in: 0..<15, using: &generator) == 0, steps < 100 {
                let node = names(0..<5).randomElement(using: &generator)!
                if world.states[node] == nil { world.start(node) } else if world.states.count > 3 { world.kill(node) }
            }
            world.pass()
            let isAtRest = world.counts("db").values.count { $0 == ["MASTER": 1, "SLAVE": 2] } == 6
            let report = world.rebalancer.convergence(of: world.snapshot, after: world.decision)
            if world.pending.isEmpty { #expect(report.isComplete == isAtRest, "seed \(seed), step \(steps)") }
            if !world.pending.isEmpty { #expect(!report.isComplete, "seed \(seed), step \(steps)") }
            if let next = world.pending.randomElement(using: &generator) { world.complete(next.instance, next.id) }
            steps += 1
        } while steps < 250
        #expect(world.rebalancer.convergence(of: world.snapshot).isComplete, "seed \(seed)")
    }
}
