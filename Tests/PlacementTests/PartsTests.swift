import Testing

@testable import Placement

@Suite("The parts of the balanced placement")
struct PartsTests {
    @Test("A mixed order meets every number once", arguments: [0, 1, 2, 3, 4, 7, 8, 60, 97, 100, 4_096])
    func mixedOrder(count: Int) {
        #expect(MixedOrder(count: count).sorted() == Array(0..<count))
    }

    @Test("A mixed order does not go in sequence")
    func mixedOrderIsMixed() {
        let order = Array(MixedOrder(count: 1_000))
        #expect(zip(order, order.dropFirst()).allSatisfy { abs($1 - $0) > 100 })
    }

    @Test("A pool has as many places as are needed, and neighbours are distinct where they can be")
    func slotPool() {
        var pool = SlotPool(needs: [4, 0, 4, 2, 4], seed: 0)
        var taken: [Int32] = []
        while let place = pool.take(isChoosy: false, rating: { _ in 0 }) { taken.append(place) }
        #expect(taken.count { $0 == 0 } == 4)
        #expect(taken.count { $0 == 3 } == 2)
        #expect(!taken.contains(1))
        #expect(taken.count == 14)
        #expect(pool.isEmpty)
        #expect(Set(taken.prefix(3)) == [0, 2, 4])
    }

    @Test("A pool gives the place with the lowest rating, and none where all are refused")
    func slotPoolRating() {
        var pool = SlotPool(needs: [1, 1, 1, 1], seed: 0)
        #expect(pool.take(isChoosy: false, rating: { _ in nil }) == nil)
        #expect(pool.take(isChoosy: false, rating: { 10 - $0 }) == 3)
        #expect(pool.take(isChoosy: false, rating: { $0 == 2 ? nil : 10 - $0 }) == 1)
    }

    @Test("Extras go to those that would have to give up one, then to the least loaded, then to the lower number")
    func shares() {
        let shares = EvenShares(total: 11, among: 4)
        #expect(shares.base == 2)
        #expect(shares.extras == 3)
        #expect(shares.quotas(holding: [0, 0, 0, 9], elsewhere: []) == [3, 3, 2, 3])
        #expect(shares.quotas(holding: [2, 2, 2, 2], elsewhere: [5, 0, 5, 1]) == [3, 3, 2, 3])
        #expect(shares.quotas(holding: [0, 1, 2, 2], elsewhere: []) == [2, 3, 3, 3])
    }

    @Test("A row of a table keeps its order when one is taken out")
    func table() {
        var table = AssignmentTable(rows: 2, width: 3)
        for instance: Int32 in [4, 1, 9] { table.append(instance, to: 1) }
        table.remove(1, from: 1)
        table.remove(7, from: 1)
        #expect(Array(table.row(1)) == [4, 9])
        #expect(table.row(0).isEmpty)
        #expect(table.contains(9, in: 1) && !table.contains(1, in: 1))
    }

    /// Row 0 lacks one; only instance 2 has room, and row 0 is there already: another row must make way.
    @Test("A flow completes by a chain of exchanges where no direct place is left")
    func chain() {
        var present = InstanceLists(reservingRows: 2, instances: 4)
        var table = AssignmentTable(rows: 3, width: 2)
        for (row, instances) in [[Int32(2)], [0, 1], [0, 1]].enumerated() {
            for instance in instances {
                present.append(instance)
                table.append(instance, to: row)
            }
            present.endRow()
        }
        var flow = ExchangeFlow(
            choices: .init(listed: present, elsewhere: 1),
            sections: [.init(endRow: 3, wanted: 2, zones: ZoneRule(zones: [], width: 2))], table: table,
            load: [2, 2, 1], shares: SharePools(EvenShares(total: 6, among: 3), instanceCount: 3))
        flow.run(upTo: 1)
        #expect(flow.openRows == [0], "one move cannot do it")
        flow.run()
        #expect(flow.openRows.isEmpty)
        #expect(flow.load == [2, 2, 2])
        #expect((0..<3).allSatisfy { Set(flow.table.row($0)).count == 2 })
    }

    /// Rows 0 and 1 would rather have each other's place, so that going in circles pays.
    @Test("A flow that begins with more than it need have cost comes to an end")
    func circle() {
        var listed = InstanceLists(reservingRows: 3, instances: 6)
        var table = AssignmentTable(rows: 3, width: 1)
        for instance in [Int32(0), 1, 0, 1, 0, 1] {
            listed.append(instance)
            if listed.instances.count.isMultiple(of: 2) { listed.endRow() }
        }
        table.append(0, to: 0)
        table.append(1, to: 1)
        var flow = ExchangeFlow(
            choices: .init(listed: listed, costs: [5, 0, 0, 5, 1, 1]),
            sections: [.init(endRow: 3, wanted: 1, zones: ZoneRule(zones: [], width: 1))], table: table,
            load: [1, 1, 0], shares: SharePools(EvenShares(total: 3, among: 3), instanceCount: 3))
        flow.run()
        #expect(flow.openRows == [2])
    }
}
