/// What the choice of replicas should know about the choice of tops that follows it.
///
/// An instance that has fewer tops than its share gets them at one hand-off each if it gets replicas of the right
/// partitions: those whose tops are on instances with too many, or are lost. Other partitions would cost a chain of
/// hand-offs. Which replicas move is free as far as their number is concerned, so this costs nothing.
struct TopOutlook: Sendable {
    /// By instance: how many tops it has too many.
    private var surplus: [Int32]
    /// By instance: how many tops it has too few.
    private var need: [Int32]
    /// By partition: whether an instance that gets a replica should rather be one that needs a top.
    private var isFree: [Bool]
    private var left: Int

    /// - Parameter receivers: the instances that will get replicas.
    init(_ input: PlacementInput, receivers: [Int32]) {
        var load = [Int32](repeating: 0, count: input.instanceCount)
        isFree = [Bool](repeating: false, count: input.rows)
        for row in 0..<input.rows {
            let tops = input.tops(row)
            for instance in tops { load[Int(instance)] += 1 }
            isFree[row] = tops.isEmpty && !input.holders(row).isEmpty
        }
        let shares = EvenShares(total: input.rows * input.topCount, among: input.instanceCount)
        let quotas = shares.quotas(holding: load, elsewhere: input.otherTops)
        surplus = load.indices.map { max(0, load[$0] - quotas[$0]) }
        need = load.indices.map { max(0, quotas[$0] - load[$0]) }
        left = receivers.reduce(0) { [need] in $0 + Int(need[Int($1)]) }
    }

    /// Whether a replica of a partition that has these tops should go to somebody who needs a top.
    func isWelcome(_ tops: ArraySlice<Int32>) -> Bool { left > 0 && tops.contains { surplus[Int($0)] > 0 } }

    /// Notes that a replica of the partition will go elsewhere.
    mutating func promise(_ row: Int, _ tops: ArraySlice<Int32>) {
        guard let giver = tops.first(where: { surplus[Int($0)] > 0 }) else { return }
        surplus[Int(giver)] -= 1
        left -= 1
        isFree[row] = true
    }

    /// Whether the partition's next replica should go to an instance that needs a top.
    func isFree(_ row: Int) -> Bool { isFree[row] }

    func needsTop(_ instance: Int32) -> Bool { need[Int(instance)] > 0 }

    /// Notes that an instance got a replica.
    mutating func note(_ instance: Int32, took row: Int) {
        guard isFree[row], needsTop(instance) else { return }
        need[Int(instance)] -= 1
        isFree[row] = false
    }
}
