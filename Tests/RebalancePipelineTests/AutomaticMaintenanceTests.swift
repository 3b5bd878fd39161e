import HelixRecords
import Testing

@testable import RebalancePipeline

@Suite("The controller begins and ends maintenance by itself")
struct AutomaticMaintenanceTests {
    /// Five instances with ten partitions of two replicas, at rest.
    private func makeWorld(change: (inout ClusterConfig) -> Void) -> World {
        var world = World()
        world.snapshot.time = 1_000
        world.configureCluster(change)
        world.addInstances(["a", "b", "c", "d", "e"])
        world.addResource("db", partitions: 10, replicas: 2)
        world.settle()
        return world
    }

    private func change(_ world: World) -> MaintenanceChange? {
        world.rebalancer.maintenanceChange(
            in: world.snapshot, after: world.decision, changes: world.snapshot.changes)
    }

    private func signal(
        _ reason: MaintenanceSignal.AutoTriggerReason, by trigger: MaintenanceSignal.Trigger = .controller
    ) -> Found<MaintenanceSignal> {
        .present(MaintenanceSignal(reason: "", trigger: trigger, autoTriggerReason: reason, at: 1_000))
    }

    /// Something that happens to some instances, and how many of five cannot take replicas then.
    struct Loss: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var count: Int
        var text: String
        var happen: @Sendable (inout World) -> Void
    }

    static let losses: [Loss] = [
        Loss(testDescription: "nothing", count: 0, text: "0 of 5 instances cannot take replicas") { _ in },
        Loss(testDescription: "one dies", count: 1, text: "1 of 5 instances cannot take replicas (c)") { $0.kill("c") },
        Loss(testDescription: "two die", count: 2, text: "2 of 5 instances cannot take replicas (a, e)") {
            $0.kill("e")
            $0.kill("a")
        },
        Loss(
            testDescription: "one is disabled, one dies, one is evacuated", count: 3,
            text: "3 of 5 instances cannot take replicas (a, b, c)"
        ) {
            $0.operate("a", .disable)
            $0.kill("b")
            $0.operate("c", .evacuate)
        },
        Loss(
            testDescription: "those that are to have nothing do not count, nor those without a configuration", count: 0,
            text: "0 of 3 instances cannot take replicas"
        ) {
            $0.operate("a", .unknown)
            $0.operate("b", .swapIn)
            $0.kill("b")
            $0.start("stranger")
        },
        Loss(
            testDescription: "one that is about to replace another does not count", count: 0,
            text: "0 of 4 instances cannot take replicas"
        ) {
            $0.configure("b") { $0.setDomain([("INSTANCE", "a")]) }
            $0.operate("b", .swapIn)
        },
        Loss(testDescription: "all die", count: 5, text: "5 of 5 instances cannot take replicas (a, b, c, d, e)") {
            for name in ["a", "b", "c", "d", "e"] { $0.kill(name) }
        },
    ]

    @Test("It begins when more instances cannot take replicas than are allowed", arguments: losses, [nil, 0, 1, 2, 4])
    func enter(loss: Loss, limit: Int?) {
        var world = makeWorld { $0.maxOfflineInstances = limit }
        loss.happen(&world)
        let isDue = limit.map { loss.count > $0 } ?? false
        #expect(change(world)?.isEntering == (isDue ? true : nil))
        #expect(change(world)?.trigger == (isDue ? .maxInstancesUnableToAcceptReplicas : nil))
        #expect(change(world)?.text == (isDue ? "\(loss.text); MAX_OFFLINE_INSTANCES_ALLOWED is \(limit!)" : nil))
    }

    @Test("It ends when no more cannot than are allowed for that", arguments: losses, [nil, 0, 1, 2, 4])
    func exit(loss: Loss, limit: Int?) {
        for reason in [
            MaintenanceSignal.AutoTriggerReason.maxInstancesUnableToAcceptReplicas, .maxOfflineInstancesExceeded,
        ] {
            var world = makeWorld {
                $0.maxOfflineInstances = 4
                $0.offlineInstancesForAutoExit = limit
            }
            world.snapshot.setMaintenance(signal(reason))
            loss.happen(&world)
            let isDue = limit.map { loss.count <= $0 } ?? false
            #expect(change(world)?.isEntering == (isDue ? false : nil))
            #expect(
                change(world)?.text == (isDue ? "\(loss.text); NUM_OFFLINE_INSTANCES_FOR_AUTO_EXIT is \(limit!)" : nil))
        }
    }

    @Test("It does not end while it would begin again at once")
    func contradiction() {
        var world = makeWorld {
            $0.maxOfflineInstances = 1
            $0.offlineInstancesForAutoExit = 3
        }
        world.snapshot.setMaintenance(signal(.maxInstancesUnableToAcceptReplicas))
        world.kill("a")
        world.kill("b")
        #expect(change(world) == nil)
    }

    @Test("What the controller did not begin it does not end", arguments: 0..<4)
    func notOurs(way: Int) {
        var world = makeWorld {
            $0.maxOfflineInstances = 1
            $0.offlineInstancesForAutoExit = 1
        }
        switch way {
        case 0: world.snapshot.setMaintenance(signal(.maxInstancesUnableToAcceptReplicas, by: .user))
        case 1: world.snapshot.setMaintenance(signal(.maxInstancesUnableToAcceptReplicas, by: .unknown))
        case 2: world.snapshot.setMaintenance(signal(.notApplicable))
        default: world.snapshot.setMaintenance(.unreadable(.corrupt))
        }
        #expect(change(world) == nil)
        world.kill("a")
        world.kill("b")
        #expect(change(world) == nil)
    }

    @Test("While the controller is paused it does neither")
    func paused() {
        var world = makeWorld { $0.maxOfflineInstances = 0 }
        world.kill("a")
        world.snapshot.setPaused(true)
        #expect(change(world) == nil)
    }

    @Test("An instance that was away for too long counts as one that cannot take replicas")
    func timedOut() {
        var world = makeWorld {
            $0.maxOfflineInstances = 1
            $0.offlineInstancesForAutoExit = 0
            $0.offlineTimeoutInMaintenance = .seconds(10)
        }
        world.snapshot.setMaintenance(signal(.maxInstancesUnableToAcceptReplicas))
        world.kill("a")
        world.snapshot.time += 10_001
        world.start("a")
        #expect(change(world) == nil)
    }

    // MARK: Partitions on an instance

    private func overload(_ world: World) -> MaintenanceChange? {
        world.rebalancer.maintenanceChange(dueTo: world.decision, in: world.snapshot)
    }

    @Test("It begins when a decision brings too many partitions to an instance, whoever placed them", arguments: 0..<3)
    func overload(way: Int) throws {
        var world = makeWorld { $0.maxPartitionsPerInstance = 4 }
        #expect(overload(world) == nil)
        switch way {
        case 0: world.kill("e")
        case 1: world.addList("eb", ["b", "c"])
        default:
            world.addResource("eb", mode: .customized, replicas: 1) { $0.instanceStateMap["eb_0"] = ["d": "MASTER"] }
        }
        world.passWithoutSending()
        let change = try #require(overload(world))
        #expect(change.isEntering && change.trigger == .maxPartitionsPerInstanceExceeded)
        if way == 1 { #expect(change.text == "b would have 5 partitions; MAX_PARTITIONS_PER_INSTANCE is 4") }
        world.snapshot.setPaused(true)
        #expect(overload(world) == nil)
        world.snapshot.setPaused(false)
        world.enterMaintenance()
        #expect(overload(world) == nil)
    }

    @Test("It ends when placing goes on without bringing too many to any")
    func endOfOverload() {
        var world = makeWorld { $0.maxPartitionsPerInstance = 4 }
        world.snapshot.setMaintenance(signal(.maxPartitionsPerInstanceExceeded))
        world.settle()
        world.kill("e")
        // The holders have no more than they had, but those that are missing would be too many.
        world.pass()
        world.snapshot.changes.isEverything = true
        #expect(change(world) == nil)
        world.settle()
        world.start("f")
        world.configure("f") { _ in }
        #expect(change(world)?.isEntering == false)
        world.kill("f")
        #expect(change(world) == nil)
        world.configureCluster { $0.maxPartitionsPerInstance = nil }
        #expect(change(world)?.text == "MAX_PARTITIONS_PER_INSTANCE is not set any more")
    }

    @Test("A pass in which nothing may have changed is not looked at")
    func cheap() {
        var world = makeWorld { $0.maxPartitionsPerInstance = 3 }
        world.passWithoutSending()
        #expect(overload(world) == nil)
        world.snapshot.changes.isEverything = true
        world.passWithoutSending()
        #expect(overload(world) != nil)
    }
}
