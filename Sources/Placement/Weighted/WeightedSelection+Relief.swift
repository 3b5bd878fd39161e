extension WeightedSelection {
    /// A replica that changes its instance.
    struct Step {
        let row: Int
        let from: Int32
        let to: Int32
    }

    /// Whose steps are to be had.
    private enum Scope {
        /// Replicas that move anyway: it costs nothing to send them elsewhere.
        case newcomers
        /// All.
        case everyone
    }

    /// How many rows of an instance, and how many partners, exchanges are tried with.
    private static let exchanged = 16
    /// The least that counts as an improvement where limits cannot be kept, in units of pressure.
    private static let gain = LoadTable.full >> 10
    /// How many instances are looked at for one within whose limits a row fits.
    private static let lookedAt = 128

    /// Moves replicas away from instances above their limits until all are within, or nothing helps any more.
    mutating func relieve() {
        for scope in [Scope.newcomers, .everyone] {
            while sweep(scope) {}
        }
    }

    /// Whether anybody is above a limit.
    var isAnybodyOver: Bool { (0..<Int32(input.instanceCount)).contains(where: loads.isOver) }

    /// - Returns: whether anything moved.
    private mutating func sweep(_ scope: Scope) -> Bool {
        let over = (0..<Int32(input.instanceCount)).filter(loads.isOver).map { (loads.pressure($0), $0) }
        var isChanged = false
        for (_, instance) in over.sorted(by: { $0.0 != $1.0 ? $0.0 > $1.0 : $0.1 < $1.1 }) {
            while effort > 0, loads.isOver(instance), let steps = steps(relieving: instance, scope) {
                // Who gives first, takes afterwards, so that a row never has one replica too many.
                for step in steps { remove(step.row, from: step.from) }
                for step in steps { add(step.row, to: step.to) }
                isChanged = true
            }
        }
        return isChanged
    }

    /// What brings an instance nearer to its limits: one replica that leaves for where it fits; else two that move, one
    /// of them to take the other's place; else whatever leaves both ends lower than this one is now.
    private mutating func steps(relieving instance: Int32, _ scope: Scope) -> [Step]? {
        let rows = rows(of: instance, scope)
        for row in rows {
            if let to = destination(row, from: instance, scope) { return [Step(row: row, from: instance, to: to)] }
        }
        return exchange(rows, of: instance, scope) ?? lowering(rows, of: instance, scope)
    }

    /// The rows whose leaving helps, those first that help most; among equals rather followers.
    private func rows(of instance: Int32, _ scope: Scope) -> [Int] {
        let count = held[Int(instance)].count
        let rated = held[Int(instance)].compactMap { row -> (relief: Int, isTop: Int, row: Int)? in
            guard let relief = loads.relief(instance, by: Int(row), count: count), isIn(scope, Int(row), instance)
            else { return nil }
            return (-relief, isTop(Int(row), on: instance) ? 1 : 0, Int(row))
        }
        return rated.sorted(by: <).map(\.row)
    }

    private func isTop(_ row: Int, on instance: Int32) -> Bool {
        let (problem, partition) = input.place(of: row)
        return input.inputs[problem].tops(partition).contains(instance)
    }

    private func isIn(_ scope: Scope, _ row: Int, _ instance: Int32) -> Bool {
        if scope == .everyone || !wasPresent(row, on: instance) { return true }
        // There are more holders than replicas: another one can keep it instead.
        let (problem, partition) = input.place(of: row)
        return input.inputs[problem].present.count(partition) > input.inputs[problem].width
    }

    /// The instance within whose limits a row fits best, among those under the least pressure.
    private mutating func destination(_ row: Int, from giver: Int32, _ scope: Scope) -> Int32? {
        if let spare = spareHolder(row, leaving: giver) { return spare }
        if scope == .newcomers, wasPresent(row, on: giver) { return nil }
        var best: Int32?
        var least = Int.max
        var (compared, seen) = (0, 0)
        var next = ladder.first
        defer { effort -= seen }
        while let instance = next, compared < Self.comparisons, seen < Self.lookedAt {
            next = ladder.next(after: instance)
            seen += 1
            guard loads.fits(row, on: instance), allows(row, on: instance, leaving: giver) else { continue }
            compared += 1
            let pressure = loads.pressure(instance, taking: row)
            if pressure < least { (best, least) = (instance, pressure) }
        }
        return best
    }

    // MARK: Exchanges

    /// A row takes the place of another, which goes where it fits, or comes in return.
    private mutating func exchange(_ rows: [Int], of instance: Int32, _ scope: Scope) -> [Step]? {
        var best: [Step]?
        var least = Rating.worst
        for row in rows.prefix(Self.exchanged) {
            for partner in partners(of: row, instance) {
                for other in held[Int(partner)].map(Int.init) where effort > 0 && isIn(scope, other, partner) {
                    effort -= 1
                    guard allows(row, on: partner, leaving: instance, giving: other) else { continue }
                    let first = Step(row: row, from: instance, to: partner)
                    if loads.fits(row, on: partner, giving: other),
                        let to = destination(other, from: partner, scope), to != instance
                    {
                        return [first, Step(row: other, from: partner, to: to)]
                    }
                    let found = rating(instance, partner, giving: row, taking: other)
                    if found < least, allows(other, on: instance, leaving: partner, giving: row) {
                        (best, least) = ([first, Step(row: other, from: partner, to: instance)], found)
                        if found.highest <= LoadTable.full { return best }
                    }
                }
            }
        }
        return best
    }

    /// The instances under the least pressure to which a row may come if they give something away.
    private func partners(of row: Int, _ giver: Int32) -> [Int32] {
        var found: [Int32] = []
        var next = ladder.first
        while let instance = next, found.count < Self.exchanged {
            next = ladder.next(after: instance)
            if mayHave(row, instance, leaving: giver) { found.append(instance) }
        }
        return found
    }

    /// A row that leaves for where it does not fit, but where the pressure stays below what it is here.
    private mutating func lowering(_ rows: [Int], of instance: Int32, _ scope: Scope) -> [Step]? {
        var best: [Step]?
        var least = Rating.worst
        for row in rows where scope == .everyone || !wasPresent(row, on: instance) {
            for partner in partners(of: row, instance) where allows(row, on: partner, leaving: instance) {
                effort -= 1
                let found = rating(instance, partner, giving: row, taking: -1)
                if found < least { (best, least) = ([Step(row: row, from: instance, to: partner)], found) }
            }
        }
        return best
    }

    /// How two instances stand after a change: the higher pressure, then that of the one to be relieved.
    private struct Rating: Comparable {
        let highest: Int
        let own: Int

        static let worst = Rating(highest: .max, own: .max)

        static func < (a: Rating, b: Rating) -> Bool { (a.highest, a.own) < (b.highest, b.own) }
    }

    /// What comes of an exchange; the worst unless it relieves the instance, and the partner is not worse off than
    /// before, or better off than the instance is now.
    private func rating(_ instance: Int32, _ partner: Int32, giving row: Int, taking other: Int) -> Rating {
        let most = loads.pressure(instance) - Self.gain
        let own = loads.pressure(instance, taking: other, giving: row)
        if own > most { return .worst }
        let its = loads.pressure(partner, taking: row, giving: other)
        if its > most, its > loads.pressure(partner) { return .worst }
        return Rating(highest: max(own, its), own: own)
    }
}
