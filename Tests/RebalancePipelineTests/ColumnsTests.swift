import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

@Suite("Names and replicas in columns")
struct ColumnsTests {
    @Test("A name keeps its number")
    func names() {
        var table = NameTable(["x", "y", "x"])
        #expect(table.count == 2)
        #expect(table.intern("z") == 2)
        #expect(table.intern("y") == 1)
        #expect(table[2] == "z")
        #expect(table.index(of: "nobody") == nil)
    }

    @Test("A table of replicas answers as a dictionary would", arguments: 0..<20 as Range<UInt64>)
    func replicas(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var table = ReplicaTable()
        var oracle: [Int: [Int32: UInt16]] = [:]
        for _ in 0..<400 {
            table.grow(to: Int.random(in: 0...8, using: &generator))
            guard table.partitionCount > 0 else { continue }
            let partition = Int.random(in: 0..<table.partitionCount, using: &generator)
            let instance = Int32.random(in: 0..<12, using: &generator)
            let state: UInt16? = Bool.random(using: &generator) ? .random(in: 0..<4, using: &generator) : nil
            let former = oracle[partition]?[instance]
            #expect(table.set(partition: partition, instance: instance, state: state) == (former != state))
            oracle[partition, default: [:]][instance] = state
            #expect(table.state(partition: partition, instance: instance) == state)
            let found = Dictionary(uniqueKeysWithValues: table[partition].map { ($0.instance, $0.state) })
            #expect(found == oracle[partition], "seed \(seed)")
        }
    }

    @Test("What is placed adds up, and comes off again")
    func load() {
        let one = PlacedLoad(lists: [[3, 0], [0, 3], []], topCount: 1)
        #expect(one.replicas == [2, 0, 0, 2])
        #expect(one.tops == [1, 0, 0, 1])
        var total = PlacedLoad()
        total += one
        total += PlacedLoad(lists: [[5]], topCount: 0)
        #expect(total.replicas(of: 5) == 1)
        #expect(total.tops(of: 5) == 0)
        total -= one
        #expect(total.replicas == [0, 0, 0, 0, 0, 1])
        #expect(total.replicas(of: 99) == 0)
        #expect(total.tops(of: 99) == 0)
    }

    @Test("Small resources do not all put their remainder on the same instances, also after some are gone")
    func otherLoads() {
        var world = World()
        world.addInstances(["a", "b", "c", "d"])
        for index in 0..<8 { world.addResource("r\(index)", model: .onlineOffline, replicas: 1) }
        world.settle()
        #expect(world.totals == ["a": 2, "b": 2, "c": 2, "d": 2])
        for index in [0, 4] { world.drop("r\(index)") }
        world.edit("r1") { $0.rebalanceMode = .semiAuto }
        world.settle()
        #expect(world.decision.load.replicas.reduce(0, +) == 5)
        for index in 8..<11 { world.addResource("r\(index)", model: .onlineOffline, replicas: 1) }
        world.settle()
        #expect(world.totals.values.max()! <= 3)
        #expect(world.decision.load.replicas.max() == 2)
    }

    @Test("What was found knows whether it is there")
    func found() {
        #expect(Found<Int>.absent.isAbsent)
        #expect(Found.present(3).value == 3)
        #expect(!Found.present(3).isAbsent)
        #expect(Found<Int>.unreadable(.corrupt).error == .corrupt)
        #expect(Found<Int>.unreadable(.corrupt).value == nil)
        #expect(Found.present(3) != .absent)
    }
}

extension World {
    /// Replicas of all resources by instance.
    fileprivate var totals: [String: Int] {
        states.mapValues { $0.values.reduce(0) { $0 + $1.count } }
    }
}
