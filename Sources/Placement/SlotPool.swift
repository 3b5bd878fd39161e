/// The free places of all instances, well mixed, to be taken one by one.
///
/// The places are laid out in rounds. In each round an instance appears at most once, and as often over the rounds as
/// its need says, evenly: so neighbours in the pool are mostly distinct, and the instances with the greatest need do
/// not remain alone at the end.
struct SlotPool {
    private var slots: [Int32] = []
    private var head = 0

    /// How many places are compared before the best is taken.
    private static let comparisons = 12
    /// How many places are looked at before a row is left to be completed by exchanges.
    private static let patience = 256

    /// - Parameter seed: resources that are mixed differently do not have all the same partners.
    init(needs: [Int32], seed: Int) {
        let rounds = Int(needs.max() ?? 0)
        slots.reserveCapacity(needs.reduce(0) { $0 + Int($1) })
        var mixer = Mixer(seed: seed)
        for round in 0..<rounds {
            let start = slots.count
            for (instance, need) in needs.enumerated() where need > 0 {
                let (need, before, after) = (Int(need), round * Int(need) / rounds, (round + 1) * Int(need) / rounds)
                if before < after, need > 0 { slots.append(Int32(instance)) }
            }
            mixer.shuffle(&slots, from: start)
        }
    }

    var isEmpty: Bool { head == slots.count }

    /// Takes the place with the lowest rating among the next ones.
    /// - Parameters:
    ///   - isChoosy: whether to look at more places than usual.
    ///   - rating: `nil` for an instance that is not to be had.
    mutating func take(isChoosy: Bool, rating: (Int32) -> Int32?) -> Int32? {
        var best: (index: Int, rating: Int32)?
        var compared = 0
        for index in head..<min(slots.count, head + Self.patience) {
            guard let rating = rating(slots[index]) else { continue }
            if rating < best?.rating ?? .max { best = (index, rating) }
            compared += 1
            if rating == 0 || (compared >= Self.comparisons && !isChoosy) { break }
        }
        guard let best else { return nil }
        slots.swapAt(best.index, head)
        head += 1
        return slots[head - 1]
    }
}

/// How often instances meet: by the first instance of a partition, how many of its other replicas are where.
///
/// Whoever leads a partition should have its followers on all others alike, so that its tops spread when it is lost.
struct PartnerCounts {
    private let instanceCount: Int
    private var counts: [Int32]

    /// Beyond this many instances the table of pairs costs more than it brings; the mix alone spreads well then.
    private static let limit = 2_048

    init(_ table: AssignmentTable, instanceCount: Int) {
        self.instanceCount = instanceCount
        let pairs = instanceCount * instanceCount
        let isWorthwhile = instanceCount <= Self.limit && pairs <= 4 * table.rowCount * table.width + 1_024
        counts = isWorthwhile ? [Int32](repeating: 0, count: pairs) : []
        guard isWorthwhile else { return }
        for row in 0..<table.rowCount where table.count(row) > 1 {
            for instance in table.row(row).dropFirst() { add(table[row, 0], instance) }
        }
    }

    func count(_ first: Int32, _ other: Int32) -> Int32 {
        counts.isEmpty ? 0 : counts[Int(first) * instanceCount + Int(other)]
    }

    mutating func add(_ first: Int32, _ other: Int32) {
        if !counts.isEmpty { counts[Int(first) * instanceCount + Int(other)] += 1 }
    }
}
