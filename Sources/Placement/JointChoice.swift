/// A choice of instances for the rows of one resource, which can be made together with those of others.
protocol JointChoice {
    var choices: ExchangeFlow.Choices { get }
    var section: ExchangeFlow.Section { get }
    var table: AssignmentTable { get set }
    var load: [Int32] { get set }
    var shares: SharePools { get set }
    /// The share of each instance.
    var quotas: [Int32] { get set }
    /// Whether nobody may have more or less than its share.
    var isExact: Bool { get set }
    /// Whether there is anything to choose.
    var isNeeded: Bool { get }
    /// What one move costs; less than that only breaks ties.
    var price: Int { get }
    /// By instance: the higher, the rather it should have an extra, if that costs no more. Empty when it does not matter.
    var favour: [Int] { get }
    /// How many tops have lost their place.
    var evicted: Int { get }
    /// Keeps what costs nothing and is in nobody's share, and adds what should be chosen whatever else is.
    mutating func begin()
    /// Makes the choice within the shares.
    mutating func choose()
    /// Does by exchanges what could not be done directly.
    mutating func complete()
}

extension JointChoice {
    /// How far an instance is below its share; negative when it is above.
    func need(_ instance: Int32) -> Int32 { quotas[Int(instance)] - load[Int(instance)] }

    /// Sets the share of each instance, where that is not for this resource alone to say.
    /// - Parameter isExact: otherwise they only break ties.
    mutating func share(_ quotas: [Int32], isExact: Bool) {
        self.isExact = isExact
        if isExact {
            self.quotas = quotas
            shares = SharePools(exactly: quotas)
        } else {
            // What costs more may not be chosen to begin with, or the exchanges would not end.
            self.quotas = shares.quotas(holding: load, favouring: quotas.map(Int.init), elsewhere: [])
        }
    }

    /// Completes what exchanges with other resources have brought about.
    mutating func complete(_ table: AssignmentTable, _ load: [Int32]) {
        isExact = false
        self.table = table
        self.load = load
        complete()
    }
}

extension ReplicaSelection: JointChoice {
    var isNeeded: Bool { true }

    var price: Int { 1 }

    var evicted: Int {
        (0..<input.rows).reduce(0) { evicted, row in
            evicted + input.tops(row).count { !table.contains($0, in: row) }
        }
    }
}

extension TopSelection: JointChoice {}

extension JointChoice {
    /// How many moves the choice costs.
    fileprivate var moves: Int {
        var moves = 0
        for row in 0..<table.rowCount {
            for instance in table.row(row) { moves += choices.cost(row, instance) / price }
        }
        return moves
    }
}

extension Array where Element: JointChoice {
    /// Makes the choices together.
    ///
    /// First the shares are settled by counting, and every resource is placed within its shares by itself. Counting does
    /// not see which rows can go where; so this may cost more than it should, or not be possible. Then the resources
    /// are placed by exchanges among all of them, unless they are too many for that.
    /// - Parameters:
    ///   - fixed: by instance: what it has besides, to be evened out too.
    ///   - elsewhere: by instance: what only breaks ties.
    func made(fixed: [Int], elsewhere: [Int]) -> [Element] {
        var result = self
        let needed = indices.filter { self[$0].isNeeded }
        guard count > 1, let span = needed.first.map({ self[$0].load.count }) else {
            for index in needed { result[index].choose() }
            return result
        }
        let demands = needed.map {
            JointShares.Demand(shares: self[$0].shares, load: self[$0].load, favour: self[$0].favour)
        }
        let shares = JointShares(demands, instanceCount: span, fixed: fixed, elsewhere: elsewhere)
        var moves = 0
        var isAsShared = true
        for (index, quotas) in zip(needed, shares.quotas) {
            result[index].share(quotas, isExact: true)
            result[index].choose()
            if result[index].load != quotas {
                isAsShared = false
                result[index] = self[index]
                result[index].share(quotas, isExact: false)
                result[index].choose()
            }
            moves += result[index].moves
        }
        if isAsShared && moves <= shares.moves { return result }
        let size = needed.reduce(0) { $0 + self[$1].table.rowCount * self[$1].section.wanted }
        if size > Self.mostReplicas { return result }
        var joint = self
        for (index, quotas) in zip(needed, shares.quotas) {
            joint[index].share(quotas, isExact: true)
            joint[index].begin()
        }
        joint.exchange(needed, bases: demands.map(\.shares), extras: shares.extras, span: span)
        // Only without zones are exchanges sure to be the best; and they do not see which replicas are tops.
        let hasZones = needed.contains { !self[$0].section.zones.isTrivial }
        guard isAsShared, hasZones, moves * 100 <= needed.reduce(0, { $0 + joint[$1].moves }) * 102 else {
            return joint
        }
        return needed.reduce(0) { $0 + result[$1].evicted } < needed.reduce(0) { $0 + joint[$1].evicted }
            ? result : joint
    }

    /// How many replicas are placed by exchanges among all resources at most.
    private static var mostReplicas: Int { 1_000_000 }

    /// Completes by exchanges over all resources. A resource has its base everywhere, and what is left of it goes where
    /// an instance may have an extra of whichever resource.
    private mutating func exchange(
        _ needed: [Int], bases: [SharePools], extras: (own: [Int], spare: ExchangeFlow.Spare), span: Int
    ) {
        let selections = needed.map { self[$0] }
        let rows = selections.map(\.table.rowCount)
        let pool = needed.flatMap { _ in 0..<Int32(span) }
        let choices = ExchangeFlow.Choices.joined(selections.map(\.choices), rows: rows, span: span)
        var (table, load) = (AssignmentTable(joining: selections.map(\.table), span: span), selections.flatMap(\.load))
        // Where totals cannot be even, each resource by itself still can.
        for more in 0..<needed.count {
            var flow = ExchangeFlow(
                choices: choices, sections: selections.map(\.section).joined(), table: table, load: load,
                shares: SharePools(extras.own.map { EvenShares(base: 0, extras: $0 + more) }, pool: pool),
                base: bases.flatMap { base in (0..<span).map(base.base(of:)) }, spare: extras.spare)
            flow.run()
            (table, load) = (flow.table, flow.load)
            if flow.openRows.isEmpty { break }
        }
        let tables = table.parts(rows: rows, widths: selections.map(\.table.width), span: span)
        for (position, index) in needed.enumerated() {
            self[index].complete(tables[position], Array<Int32>(load[position * span..<(position + 1) * span]))
        }
    }
}

extension [ExchangeFlow.Section] {
    /// One after the other.
    fileprivate func joined() -> [ExchangeFlow.Section] {
        var end = 0
        return map { section in
            end += section.endRow
            return ExchangeFlow.Section(endRow: end, wanted: section.wanted, zones: section.zones)
        }
    }
}

extension ExchangeFlow.Choices {
    /// One after the other; the instances of each are counted on from those of the one before.
    fileprivate static func joined(_ parts: [Self], rows: [Int], span: Int) -> Self {
        let hasCosts = parts.contains { !$0.costs.isEmpty }
        var joined = Self(
            listed: InstanceLists(joining: parts.map(\.listed), rows: rows, span: span),
            elsewhere: parts.first?.elsewhere)
        if hasCosts {
            joined.costs = parts.flatMap {
                $0.costs.isEmpty ? [Int32](repeating: 0, count: $0.listed.instances.count) : $0.costs
            }
        }
        if parts.contains(where: { $0.forbidden != nil }) {
            joined.forbidden = InstanceLists(joining: parts.map(\.forbidden), rows: rows, span: span)
        }
        return joined
    }
}
