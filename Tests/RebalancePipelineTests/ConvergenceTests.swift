import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

@Suite("The pipeline carries a cluster to where it should be")
struct ConvergenceTests {
    @Test(
        "A new resource comes up with the right number of replicas in each state, evenly",
        arguments: 0..<20 as Range<UInt64>)
    func bootstrap(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var world = World()
        world.addInstances(names(0..<5))
        world.addResource("db", partitions: 20, replicas: 3)
        let steps = world.settle(using: &generator) { $0.expectBounds("db") }
        #expect(steps != nil, "seed \(seed)")
        #expect(world.counts("db").count == 20)
        #expect(world.counts("db").values.allSatisfy { $0 == ["MASTER": 1, "SLAVE": 2] }, "seed \(seed)")
        #expect(world.load("db").values.allSatisfy { $0 == 12 }, "seed \(seed)")
        #expect(world.load("db", in: "MASTER").values.allSatisfy { $0 == 4 }, "seed \(seed)")
    }

    @Test("After the loss of an instance only what it had is replaced", arguments: 0..<20 as Range<UInt64>)
    func failover(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var world = World()
        world.addInstances(names(0..<6))
        world.addResource("db", partitions: 30, replicas: 3)
        world.settle(using: &generator)
        let before = world.states
        world.kill("node_102")
        world.settle(using: &generator) { $0.expectBounds("db") }
        #expect(world.counts("db").values.allSatisfy { $0 == ["MASTER": 1, "SLAVE": 2] }, "seed \(seed)")
        for (instance, reported) in before where instance != "node_102" {
            for (partition, state) in reported["db"] ?? [:] {
                let now = world.states[instance]?["db"]?[partition]
                #expect(
                    now == state || (state == "SLAVE" && now == "MASTER"), "\(partition) on \(instance), seed \(seed)")
            }
        }
    }

    @Test(
        "Whatever joins, dies and comes back, bounds hold at every step and it converges",
        arguments: 0..<40 as Range<UInt64>)
    func churn(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let models: [StateModel] = [.masterSlave, .leaderStandby, .onlineOffline]
        let model = models.randomElement(using: &generator)!
        let replicas = Int.random(in: 1...3, using: &generator)
        var world = World()
        let all = names(0..<7)
        world.addInstances(Array(all.prefix(4)))
        world.addResource("db", model: model, partitions: 12, replicas: replicas)
        for _ in 0..<12 {
            let name = all.randomElement(using: &generator)!
            if world.states[name] == nil {
                world.addInstances([name])
            } else if world.states.count > 2 {
                world.kill(name)
            }
            // Some of the way only: the next event meets a cluster in motion.
            world.settle(using: &generator, limit: Int.random(in: 1...40, using: &generator)) { $0.expectBounds("db") }
        }
        let steps = world.settle(using: &generator) { $0.expectBounds("db") }
        #expect(steps != nil, "seed \(seed) never comes to rest")
        let wanted = min(replicas, world.states.count)
        for (partition, counts) in world.counts("db") {
            #expect(counts.values.reduce(0, +) == wanted, "\(partition) \(counts), seed \(seed)")
            #expect(counts[model.topState, default: 0] == (model == .onlineOffline ? wanted : 1), "seed \(seed)")
        }
        #expect(world.pass().isEmpty, "it stays still, seed \(seed)")
    }
}
