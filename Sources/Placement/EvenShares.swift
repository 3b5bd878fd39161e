/// Equal shares of a total: every instance gets `base`, and `extras` of them one more.
struct EvenShares: Sendable {
    var base: Int
    var extras: Int

    init(total: Int, among count: Int) {
        base = count == 0 ? 0 : total / count
        extras = count == 0 ? 0 : total % count
    }

    init(base: Int, extras: Int) {
        self.base = base
        self.extras = extras
    }

    /// The share of each instance.
    ///
    /// The extras go first to those that would have to give something up otherwise, which keeps the movement smallest;
    /// then to those that are favoured; then to those with the least `elsewhere`, which keeps the cluster even as well; then to the one that holds
    /// more, and last to the lower number.
    func quotas(holding load: [Int32], favouring favour: [Int] = [], elsewhere: [Int]) -> [Int32] {
        var quotas = [Int32](repeating: Int32(base), count: load.count)
        guard extras > 0 else { return quotas }
        let order = load.indices.sorted { a, b in
            let (keepsA, keepsB) = (load[a] > base, load[b] > base)
            if keepsA != keepsB { return keepsA }
            if !favour.isEmpty, favour[a] != favour[b] { return favour[a] > favour[b] }
            let (otherA, otherB) = (elsewhere.at(a), elsewhere.at(b))
            if otherA != otherB { return otherA < otherB }
            return load[a] != load[b] ? load[a] > load[b] : a < b
        }
        for instance in order.prefix(extras) { quotas[instance] += 1 }
        return quotas
    }
}

extension [Int32] {
    /// What each has at the end if more is given out, one by one, to whoever has the least then.
    func filled(upTo total: Int, elsewhere: [Int]) -> [Int32] {
        var missing = total - reduce(0) { $0 + Int($1) }
        guard missing > 0, !isEmpty else { return self }
        var filled = self
        let order = indices.sorted { (self[$0], $0) < (self[$1], $1) }
        // The first so many can be brought to one level.
        var reached = 1
        var level = Int(self[order[0]])
        while reached < count, (Int(self[order[reached]]) - level) * reached <= missing {
            missing -= (Int(self[order[reached]]) - level) * reached
            level = Int(self[order[reached]])
            reached += 1
        }
        level += missing / reached
        missing %= reached
        for index in order.prefix(reached) { filled[index] = Int32(level) }
        let rest = order.prefix(reached).sorted { (elsewhere.at($0), $0) < (elsewhere.at($1), $1) }
        for index in rest.prefix(missing) { filled[index] += 1 }
        return filled
    }
}

extension [Int] {
    /// The element at `index`, 0 beyond the end.
    func at(_ index: Int) -> Int { index < count ? self[index] : 0 }
}
