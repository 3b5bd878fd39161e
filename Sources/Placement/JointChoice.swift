/// A choice of instances for the rows of one resource, which can be made together with those of others.
protocol JointChoice {
    var choices: ExchangeFlow.Choices { get }
    var section: ExchangeFlow.Section { get }
    var table: AssignmentTable { get }
    var load: [Int32] { get }
    var shares: SharePools { get }
    /// Whether there is anything to choose.
    var isNeeded: Bool { get }
    /// Sets the share of each instance, where that is not for this resource alone to say.
    mutating func share(exactly quotas: [Int32])
    /// Does what can be done directly.
    mutating func begin()
    /// Takes over what exchanges with other resources have brought about.
    mutating func take(_ table: AssignmentTable, _ load: [Int32])
}

extension ReplicaSelection: JointChoice {
    var isNeeded: Bool { true }
}

extension TopSelection: JointChoice {}

extension Array where Element: JointChoice {
    /// Makes the choices together, as far as they depend on each other; each is then to be completed by itself.
    func made(elsewhere: [Int]) -> [Element] {
        var result = self
        let needed = indices.filter { self[$0].isNeeded }
        guard needed.count > 1, let span = needed.first.map({ self[$0].load.count }), span > 0 else {
            for index in indices { result[index].begin() }
            return result
        }
        let demands = needed.map { JointShares.Demand(shares: self[$0].shares, load: self[$0].load) }
        let shares = JointShares(demands, instanceCount: span, elsewhere: elsewhere)
        for (index, quotas) in zip(needed, shares.quotas) {
            result[index].share(exactly: quotas)
            result[index].begin()
        }
        let isOpen = needed.contains { index in
            result[index].table.counts.contains { $0 < result[index].section.wanted }
        }
        if isOpen { result.exchange(needed, bases: demands.map(\.shares), extras: shares.extras, span: span) }
        return result
    }

    /// Completes by exchanges over all resources. A resource has its base everywhere, and what is left of it goes where
    /// an instance may have an extra of whichever resource.
    private mutating func exchange(_ needed: [Int], bases: [SharePools], extras: [Int], span: Int) {
        let selections = needed.map { self[$0] }
        var pools: [EvenShares] = []
        var pool: [Int32] = []
        for instance in 0..<span { pools.append(EvenShares(base: 0, extras: extras[instance])) }
        for _ in needed { pool += (0..<Int32(span)) }
        var flow = ExchangeFlow(
            choices: .joined(selections.map(\.choices), rows: selections.map(\.table.rowCount), span: span),
            sections: selections.map(\.section).joined(),
            table: AssignmentTable(joining: selections.map(\.table), span: span), load: selections.flatMap(\.load),
            shares: SharePools(pools, pool: pool), base: bases.flatMap { base in (0..<span).map(base.base(of:)) })
        flow.run()
        let tables = flow.table.parts(rows: selections.map(\.table.rowCount), widths: selections.map(\.table.width), span: span)
        for (position, index) in needed.enumerated() {
            self[index].take(tables[position], Array<Int32>(flow.load[position * span..<(position + 1) * span]))
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
