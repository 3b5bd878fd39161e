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

    /// How many tops each instance should have in the end, by resource, if the resources are placed together; as far as
    /// counting says.
    static func quotas(_ inputs: [PlacementInput]) -> [[Int32]?] {
        let choosing = inputs.indices.filter { inputs[$0].choosesTops && !inputs[$0].keepsTops }
        guard choosing.count > 1, let first = inputs.first else { return inputs.map { _ in nil } }
        let demands = choosing.map { number in
            let input = inputs[number]
            let shares = EvenShares(total: input.rows * input.topCount, among: input.instanceCount)
            return JointShares.Demand(
                shares: SharePools(shares, instanceCount: input.instanceCount), load: input.topLoad,
                favour: reach(input))
        }
        let shares = JointShares(
            demands, instanceCount: first.instanceCount, fixed: [], elsewhere: first.otherTops)
        var quotas = [[Int32]?](repeating: nil, count: inputs.count)
        for (number, own) in zip(choosing, shares.quotas) { quotas[number] = own }
        return quotas
    }

    /// By instance: whether it has a replica of a partition without a top, or could get one.
    private static func reach(_ input: PlacementInput) -> [Int] {
        var reach = [Int](repeating: 0, count: input.instanceCount)
        for row in 0..<input.rows where input.lacksTop(row) {
            for instance in input.holders(row) { reach[Int(instance)] = 1 }
            for instance in 0..<Int32(input.instanceCount)
            where reach[Int(instance)] == 0 && input.zones.allows(instance, in: input.holders(row)) {
                reach[Int(instance)] = 1
            }
        }
        return reach
    }

    /// - Parameters:
    ///   - receivers: the instances that will get replicas.
    ///   - quotas: how many tops each instance should have; an even share unless they are given.
    init(_ input: PlacementInput, receivers: [Int32], quotas given: [Int32]? = nil) {
        let load = input.topLoad
        isFree = (0..<input.rows).map(input.lacksTop)
        let shares = EvenShares(total: input.rows * input.topCount, among: input.instanceCount)
        let quotas = given ?? shares.quotas(holding: load, elsewhere: input.otherTops)
        surplus = load.indices.map { max(0, load[$0] - quotas[$0]) }
        need = load.indices.map { max(0, quotas[$0] - load[$0]) }
        left = receivers.reduce(0) { [need] in $0 + Int(need[Int($1)]) }
    }

    /// Whether anybody who will get replicas needs a top that nothing has been promised for.
    var isNeedLeft: Bool { left > 0 }

    /// Whether a replica of a partition that has these tops should go to somebody who needs a top.
    func isWelcome(_ tops: ArraySlice<Int32>) -> Bool { isNeedLeft && tops.contains { surplus[Int($0)] > 0 } }

    /// Notes that a replica of the partition will go elsewhere.
    mutating func promise(_ row: Int, _ tops: ArraySlice<Int32>) {
        guard let giver = tops.first(where: { surplus[Int($0)] > 0 }) else { return }
        surplus[Int(giver)] -= 1
        left -= 1
        isFree[row] = true
    }

    /// Chooses the next tops of partitions that have none, as far as they can be had.
    /// - Parameters:
    ///   - rows: the partitions.
    ///   - holders: who has a replica of a partition already.
    ///   - canTake: whether an instance can get one.
    /// - Returns: the instances that should get a replica for that, by partition.
    mutating func match(
        _ rows: [Int], holders: (Int) -> ArraySlice<Int32>, canTake: (Int32, Int) -> Bool
    ) -> [(row: Int, instance: Int32)] {
        let needy = need.indices.filter { need[$0] > 0 }.map(Int32.init)
        guard !needy.isEmpty, rows.count * needy.count <= Self.mostCandidates else { return [] }
        var matching = TopMatching(needs: need)
        for row in rows {
            let holders = holders(row)
            _ = matching.ask(
                holders.filter { need[Int($0)] > 0 } + needy.filter { !holders.contains($0) && canTake($0, row) })
        }
        var matched: [(row: Int, instance: Int32)] = []
        for (row, instance) in zip(rows, matching.chosen) where instance >= 0 {
            need[Int(instance)] -= 1
            isFree[row] = false
            if !holders(row).contains(instance) { matched.append((row, instance)) }
        }
        return matched
    }

    private static let mostCandidates = 100_000

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
