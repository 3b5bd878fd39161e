/// Chooses the instances of every partition.
///
/// In three steps: what is there is kept as far as the quotas allow; what is missing goes directly to instances below
/// their quota; what finds no direct place is completed by chains of exchanges. Every step leaves a placement that is
/// the cheapest of its size, so the last one is too.
struct ReplicaSelection {
    let input: PlacementInput
    var table: AssignmentTable
    var load: [Int32]
    var shares: SharePools
    var quotas: [Int32]
    var isExact = false
    /// How many replicas are on instances above their quota, while these give up what is too much.
    private var surplus: Int32 = 0
    private var outlook: TopOutlook?
    /// Whether a partition has holders that are not in the table.
    private let isSomebodyPassedOver: Bool

    /// What makes the mix different from that of other resources.
    private let seed: Int
    /// How many tops each instance should have, if that is not for this resource alone to say.
    private let topQuotas: [Int32]?

    /// - Parameter number: which of those that are placed together this is.
    init(_ input: PlacementInput, number: Int = 0, topQuotas: [Int32]? = nil) {
        self.input = input
        seed = input.otherReplicas.reduce(number, &+)
        self.topQuotas = topQuotas
        table = AssignmentTable(rows: input.rows, width: input.width)
        load = [Int32](repeating: 0, count: input.instanceCount)
        var isSomebodyPassedOver = false
        for row in 0..<input.rows {
            for index in input.present.range(row) where table.count(row) < input.width {
                let instance = input.present.instances[index]
                guard input.zones.isTrivial || input.zones.allows(instance, in: table.row(row)) else { continue }
                table.append(instance, to: row)
                load[Int(instance)] += 1
            }
            if table.count(row) < input.present.count(row) { isSomebodyPassedOver = true }
        }
        self.isSomebodyPassedOver = isSomebodyPassedOver
        let total = min(input.rows * input.width, input.instanceCount * input.maximumLoad)
        shares = input.zones.pools(total: total, rows: input.rows, instanceCount: input.instanceCount)
        quotas = shares.quotas(holding: load, elsewhere: input.otherReplicas)
    }

    private mutating func keep() {
        if input.choosesTops {
            outlook = TopOutlook(
                input, receivers: (0..<Int32(input.instanceCount)).filter { need($0) > 0 }, quotas: topQuotas)
        }
        shed()
        keepWhatIsPresent()
    }

    mutating func begin() {
        keep()
        for (row, instance) in matchTops() where need(instance) > 0 {
            table.append(instance, to: row)
            load[Int(instance)] += 1
        }
    }

    mutating func choose() {
        keep()
        fill()
        complete()
    }

    var favour: [Int] {
        guard let topQuotas else { return [] }
        let need = zip(topQuotas, input.topLoad).map { $0 - $1 }
        var favour = need.map { $0 > 0 ? 1 : 0 }
        let needy = need.indices.filter { need[$0] > 0 }.map(Int32.init)
        // Whoever follows a top that is to be handed over had better be the one that makes way for the successor.
        var options = [Set<Int32>](repeating: [], count: input.instanceCount)
        for row in 0..<input.rows {
            guard let giver = input.tops(row).first(where: { need[Int($0)] < 0 }) else { continue }
            let holders = input.holders(row)
            let replaceable = holders.filter { instance in
                needy.contains { !holders.contains($0) && input.zones.allows($0, in: holders, leaving: instance) }
            }
            // If it cannot be a follower, it is the top itself.
            let isFollower = replaceable.contains { $0 != giver }
            for instance in replaceable where (instance != giver) == isFollower && favour[Int(instance)] == 0 {
                options[Int(giver)].insert(instance)
            }
        }
        // The fewer there are to choose from, the more it matters.
        for options in options { for instance in options { favour[Int(instance)] -= 60 / options.count } }
        return favour
    }

    var section: ExchangeFlow.Section { .init(endRow: input.rows, wanted: input.width, zones: input.zones) }

    private func isForbidden(_ instance: Int32, _ row: Int) -> Bool {
        input.excluded?.contains(instance, in: row) ?? false
    }

    /// Whether a partition can come to an instance, once it has left another.
    private func canTake(_ instance: Int32, _ row: Int, leaving: Int32 = -1) -> Bool {
        !table.contains(instance, in: row) && !isForbidden(instance, row)
            && input.zones.allows(instance, in: table.row(row), leaving: leaving)
    }

    var choices: ExchangeFlow.Choices {
        ExchangeFlow.Choices(listed: input.present, elsewhere: 1, forbidden: input.excluded)
    }
}

// MARK: - Keeping

extension ReplicaSelection {
    /// Takes from the instances above their quota what is too much. It matters which: from every partition as little
    /// as possible, rather followers than tops, and only where somebody who lacks a replica can take the place.
    private mutating func shed() {
        guard load.indices.contains(where: { load[$0] > quotas[$0] }) else { return }
        handToHolders()
        surplus = load.indices.reduce(0) { $0 + max(0, load[$1] - quotas[$1]) }
        let needy = (0..<Int32(input.instanceCount)).filter { need($0) > 0 }
        shedForTops(needy)
        for rule in [ShedRule.follower, .replaceable] {
            for row in MixedOrder(count: input.rows) {
                if surplus == 0 { return }
                shed(row, rule, needy)
            }
        }
        // There are not enough places for all: those with the most replicas give first.
        var kept = input.width - 1
        while kept >= 0, surplus > 0 {
            for row in MixedOrder(count: input.rows) { shed(row, .downTo(kept), needy) }
            kept -= 1
        }
    }

    /// Gives up what an instance in need of tops can take over, of partitions whose top it can have then.
    private mutating func shedForTops(_ needy: [Int32]) {
        guard var outlook else { return }
        let takers = needy.filter(outlook.needsTop)
        var matching = TopMatching(needs: load.indices.map { max(0, load[$0] - quotas[$0]) })
        var rows: [Int] = []
        for row in MixedOrder(count: input.rows) where outlook.isNeedLeft && hasSurplus(row) {
            guard table.count(row) == input.width, outlook.isWelcome(input.tops(row)) else { continue }
            let givers = table.row(row).filter { need($0) < 0 && canTakeOver(row, from: $0, takers) }
            // Rather followers than the top.
            guard !givers.isEmpty else { continue }
            if matching.ask(givers.reversed()) { outlook.promise(row, input.tops(row)) }
            rows.append(row)
        }
        for (row, giver) in zip(rows, matching.chosen) where giver >= 0 { shed(giver, row) }
        self.outlook = outlook
    }

    private enum ShedRule: Equatable {
        /// A follower of a complete partition.
        case follower
        /// Any replica that somebody can take over.
        case replaceable
        /// Any replica, as long as so many remain.
        case downTo(Int)
    }

    private mutating func shed(_ row: Int, _ rule: ShedRule, _ needy: [Int32]) {
        guard hasSurplus(row) else { return }
        var cell = table.count(row) - 1
        while cell >= (rule == .follower && input.choosesTops ? input.topCount : 0) {
            let instance = table[row, cell]
            if need(instance) < 0 {
                if rule == .follower, table.count(row) < input.width { return }
                if case .downTo(let kept) = rule {
                    if table.count(row) <= kept { return }
                } else if !canTakeOver(row, from: instance, needy) {
                    if input.zones.isTrivial { return }
                    cell -= 1
                    continue
                }
                shed(instance, row)
            }
            cell -= 1
        }
    }

    private mutating func shed(_ instance: Int32, _ row: Int) {
        table.remove(instance, from: row)
        load[Int(instance)] -= 1
        surplus -= 1
    }

    private func hasSurplus(_ row: Int) -> Bool {
        for cell in 0..<table.count(row) where need(table[row, cell]) < 0 { return true }
        return false
    }

    /// Whether there are enough instances below their quota for one more place of the row.
    private func canTakeOver(_ row: Int, from giver: Int32, _ needy: [Int32]) -> Bool {
        var places = input.width - table.count(row) + 1
        for instance in needy where canTake(instance, row, leaving: giver) {
            places -= 1
            if places == 0 { return true }
        }
        return false
    }

    /// Where a partition has more holders than replicas, one below its quota takes the place of one above.
    private mutating func handToHolders() {
        for row in 0..<input.rows where input.present.count(row) > input.width {
            for spare in input.holders(row) where need(spare) > 0 && !table.contains(spare, in: row) {
                let giver = table.row(row).last {
                    need($0) < 0 && input.zones.allows(spare, in: table.row(row), leaving: $0)
                }
                guard let giver else { continue }
                table.remove(giver, from: row)
                table.append(spare, to: row)
                load[Int(giver)] -= 1
                load[Int(spare)] += 1
            }
        }
    }

    /// Completes with holders that were passed over. Only where there are some is anything left to be found.
    private mutating func keepWhatIsPresent() {
        guard isSomebodyPassedOver else { return }
        exchange { $0.run(upTo: 0) }
    }

    private mutating func exchange(_ body: (inout ExchangeFlow) -> Void) {
        var flow = ExchangeFlow(choices: choices, sections: [section], table: table, load: load, shares: shares)
        body(&flow)
        table = flow.table
        load = flow.load
    }
}

// MARK: - Adding

extension ReplicaSelection {
    /// Gives the instances below their quota what is missing, one replica a partition in each round, so that those
    /// with the fewest come first when there is not enough for all.
    private mutating func fill() {
        let missing = input.rows * input.width - table.counts.reduce(0) { $0 + Int($1) }
        guard missing > 0 else { return }
        if isEverywhere { return fillEverywhere() }
        var partners = PartnerCounts(table, instanceCount: input.instanceCount)
        for (row, instance) in matchTops() where need(instance) > 0 { add(instance, to: row, &partners) }
        var slots = SlotPool(needs: (0..<Int32(input.instanceCount)).map { max(0, need($0)) }, seed: seed)
        let open = MixedOrder(count: input.rows).filter { table.count($0) < input.width }
        for level in 0..<input.width {
            if let outlook {
                let free = open.filter { table.count($0) == level && outlook.isFree($0) }
                for row in free { fillOne(row, &slots, &partners) }
            }
            for row in open where table.count(row) == level {
                if slots.isEmpty { return }
                fillOne(row, &slots, &partners)
            }
        }
    }

    private mutating func fillOne(_ row: Int, _ slots: inout SlotPool, _ partners: inout PartnerCounts) {
        let leader = table.count(row) == 0 ? nil : table[row, 0]
        let isFree = outlook?.isFree(row) ?? false
        let taken = slots.take(isChoosy: isFree) { instance in
            if !canTake(instance, row) { return nil }
            if isFree, !(outlook?.needsTop(instance) ?? false) { return .max - 1 }
            return leader.map { partners.count($0, instance) } ?? 0
        }
        guard let taken else { return }
        outlook?.note(taken, took: row)
        add(taken, to: row, &partners)
    }

    private mutating func add(_ instance: Int32, to row: Int, _ partners: inout PartnerCounts) {
        if table.count(row) > 0 { partners.add(table[row, 0], instance) }
        table.append(instance, to: row)
        load[Int(instance)] += 1
    }

    /// The replicas that are best placed first: partitions that need a top get them where one is needed.
    private mutating func matchTops() -> [(row: Int, instance: Int32)] {
        guard var outlook else { return [] }
        let free = MixedOrder(count: input.rows).filter { table.count($0) < input.width && outlook.isFree($0) }
        let matched = outlook.match(free, holders: table.row) { need($0) > 0 && canTake($0, $1) }
        self.outlook = outlook
        return matched
    }

    /// Whether every instance is to have every partition.
    private var isEverywhere: Bool {
        input.width == input.instanceCount && input.excluded == nil && input.maximumLoad == input.rows
    }

    private mutating func fillEverywhere() {
        for row in 0..<input.rows {
            for offset in 0..<input.instanceCount {
                let instance = Int32((row + offset) % input.instanceCount)
                if !table.contains(instance, in: row) { table.append(instance, to: row) }
            }
        }
        load = [Int32](repeating: Int32(input.rows), count: input.instanceCount)
    }

    /// Does by chains of exchanges what could not be done directly.
    mutating func complete() {
        guard table.counts.contains(where: { $0 < input.width }), load.contains(where: { $0 < input.maximumLoad })
        else { return }
        let (maximum, isExact) = (input.maximumLoad, isExact)
        exchange { flow in
            flow.run()
            if !isExact { flow.overfill(upTo: maximum) }
        }
    }

    /// The table of the instances of each partition: those that were there first, in their order, then the new ones.
    func selected() -> AssignmentTable { table.keepingFirst(input.present) }
}
