/// Chooses which of its replicas are a partition's tops.
///
/// As with the replicas, but the choice is among few: a present top costs nothing, another replica that is there
/// already costs one hand-off, and one that has yet to come a little more.
struct TopSelection {
    private let input: PlacementInput
    let choices: ExchangeFlow.Choices
    var table: AssignmentTable
    var load: [Int32]
    var shares: SharePools
    var quotas: [Int32]
    var isExact = false
    private let replicas: AssignmentTable
    private let planned: [Int32]?

    /// What a hand-off costs: more than all tops that have yet to come together.
    private let handOff: Int32 = 1 << 24

    /// - Parameter planned: how many tops each instance was meant to have when replicas were chosen.
    init(_ input: PlacementInput, replicas: AssignmentTable, planned: [Int32]? = nil) {
        self.input = input
        self.planned = planned
        self.replicas = replicas
        let wanted = min(input.topCount, replicas.width)
        table = AssignmentTable(rows: input.rows, width: wanted)
        load = [Int32](repeating: 0, count: input.instanceCount)
        guard input.choosesTops else {
            choices = ExchangeFlow.Choices(listed: InstanceLists(reservingRows: 0, instances: 0))
            shares = SharePools(EvenShares(total: 0, among: 0), instanceCount: 0)
            quotas = []
            return
        }
        choices = Self.choices(input, replicas, handOff)
        var total = 0
        for row in 0..<input.rows {
            total += min(wanted, replicas.count(row))
            for index in choices.listed.range(row) where choices.costs[index] == 0 {
                table.append(choices.listed.instances[index], to: row)
                load[Int(choices.listed.instances[index])] += 1
            }
        }
        let count = input.instanceCount
        shares =
            input.keepsTops
            ? SharePools(exactly: load.filled(upTo: total, elsewhere: input.otherTops))
            : SharePools(EvenShares(total: total, among: count), instanceCount: count)
        quotas = shares.quotas(holding: load, elsewhere: input.otherTops)
    }

    private static func choices(
        _ input: PlacementInput, _ replicas: AssignmentTable, _ handOff: Int32
    ) -> ExchangeFlow.Choices {
        let count = input.rows * input.width
        var listed = InstanceLists(reservingRows: input.rows, instances: count)
        var costs: [Int32] = []
        costs.reserveCapacity(count)
        for row in 0..<input.rows {
            if input.choosesAmongAll, replicas.isRow(row, as: input.present) {
                let tops = input.topRange(row)
                for index in input.present.range(row) {
                    listed.append(input.present.instances[index])
                    costs.append(tops.contains(index) ? 0 : handOff)
                }
                listed.endRow()
                continue
            }
            let (holders, tops) = (input.holders(row), input.tops(row))
            // Where nothing is there yet, every replica has yet to come, and none is worse than another.
            let isNew = !replicas.row(row).contains(where: holders.contains)
            for instance in input.candidates(row, replicas.row(row)) {
                listed.append(instance)
                let isThere = isNew || holders.contains(instance)
                costs.append(tops.contains(instance) ? 0 : isThere ? handOff : handOff + 1)
            }
            listed.endRow()
        }
        return ExchangeFlow.Choices(listed: listed, costs: costs)
    }

    /// Whether there is anything to choose.
    var isNeeded: Bool { input.choosesTops }

    /// The table of the tops of each partition; `nil` when there is nothing to choose, because no replica is a top, or
    /// all are.
    func selected() -> AssignmentTable? { isNeeded ? ordered() : nil }

    var price: Int { Int(handOff) }

    /// Whoever has a replica of a partition that lacks a top can get one at the price of one hand-off; and replicas were
    /// chosen so that others can as well.
    var favour: [Int] {
        var favour = planned?.map { 2 * Int($0) } ?? [Int](repeating: 0, count: input.instanceCount)
        for row in 0..<input.rows where table.count(row) < table.width {
            for index in choices.listed.range(row) {
                let instance = Int(choices.listed.instances[index])
                favour[instance] |= 1
            }
        }
        return favour
    }

    var evicted: Int { 0 }

    mutating func begin() { giveUpSurplus() }

    mutating func choose() {
        handOver()
        giveUp()
        promote()
        promoteNewcomers()
        complete()
    }

    var section: ExchangeFlow.Section {
        .init(endRow: input.rows, wanted: table.width, zones: ZoneRule(zones: [], width: table.width))
    }

    /// The replica below its quota that needs a top most, among those that cost one plain hand-off.
    private func successor(_ row: Int) -> Int32? {
        var best: Int32?
        for index in choices.listed.range(row) where choices.costs[index] <= handOff {
            let instance = choices.listed.instances[index]
            if need(instance) > best.map(need) ?? 0, !table.contains(instance, in: row) { best = instance }
        }
        return best
    }

    private mutating func append(_ instance: Int32, to row: Int) {
        table.append(instance, to: row)
        load[Int(instance)] += 1
    }

    private mutating func remove(_ instance: Int32, from row: Int) {
        table.remove(instance, from: row)
        load[Int(instance)] -= 1
    }

    private func surplusTop(_ row: Int) -> Int32? {
        for cell in 0..<table.count(row) where need(table[row, cell]) < 0 { return table[row, cell] }
        return nil
    }

    private var isSurplusLeft: Bool { load.indices.contains { load[$0] > quotas[$0] } }

    /// From instances above their quota directly to one below, where that one is there already.
    private mutating func handOver() {
        guard isSurplusLeft else { return }
        for row in 0..<input.rows {
            while let giver = surplusTop(row), let successor = successor(row) {
                remove(giver, from: row)
                append(successor, to: row)
            }
        }
    }

    /// Takes from the instances above their quota what is still too much: first where one below it is to come.
    private mutating func giveUp() {
        guard isSurplusLeft else { return }
        for row in 0..<input.rows {
            guard let giver = surplusTop(row) else { continue }
            if replicas.row(row).contains(where: { need($0) > 0 }) { remove(giver, from: row) }
        }
        giveUpSurplus()
    }

    private mutating func giveUpSurplus() {
        guard isSurplusLeft else { return }
        for row in 0..<input.rows {
            while let giver = surplusTop(row) { remove(giver, from: row) }
        }
    }

    /// Fills the free places directly, where that costs one plain hand-off.
    private mutating func promote() {
        for row in 0..<input.rows {
            while table.count(row) < min(table.width, replicas.count(row)) {
                let first = replicas[row, 0]
                let isFirstFit =
                    need(first) > 0 && !table.contains(first, in: row) && choices.listed.contains(first, in: row)
                    && choices.cost(row, first) <= Int(handOff)
                guard let next = isFirstFit ? first : successor(row) else { break }
                append(next, to: row)
            }
        }
    }

    /// Fills the free places with replicas that have yet to come, where nothing else can be had: where only instances have
    /// room that had no replicas at all, and no claim to an extra, every chain of hand-offs ends with such a replica too.
    private mutating func promoteNewcomers() {
        var isNew = quotas.indices.map { Int(quotas[$0]) <= shares.base(of: $0) }
        for instance in input.present.instances { isNew[Int(instance)] = false }
        guard isNew.contains(true), !isNew.indices.contains(where: { !isNew[$0] && load[$0] < quotas[$0] }) else {
            return
        }
        // A row that is nowhere yet costs no more there than elsewhere: chains could end with it.
        let isAnyNowhere = (0..<input.rows).contains { !replicas.row($0).contains(where: input.holders($0).contains) }
        if isAnyNowhere { return }
        for row in 0..<input.rows {
            for index in choices.listed.range(row) where table.count(row) < table.width {
                let instance = choices.listed.instances[index]
                if need(instance) > 0, !table.contains(instance, in: row) { append(instance, to: row) }
            }
        }
    }

    mutating func complete() {
        let width = table.width
        guard (0..<input.rows).contains(where: { table.count($0) < min(width, replicas.count($0)) }) else { return }
        var flow = ExchangeFlow(choices: choices, sections: [section], table: table, load: load, shares: shares)
        flow.run()
        if !isExact { flow.overfill(upTo: input.rows) }
        table = flow.table
        load = flow.load
    }

    private func ordered() -> AssignmentTable {
        var result = AssignmentTable(rows: input.rows, width: table.width)
        for row in 0..<input.rows {
            for cell in 0..<replicas.count(row) where table.contains(replicas[row, cell], in: row) {
                result.append(replicas[row, cell], to: row)
            }
        }
        return result
    }
}
