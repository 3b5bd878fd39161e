/// What instances carry by dimension, and how near that is to their limits.
///
/// A limit is what an instance should carry at most: the target for the highest utilisation in dimensions that are to be
/// even, and the capacity in the others. The nearness to the limits is an instance's *pressure*, an integer, so that no
/// comparison depends on how something was summed up.
struct LoadTable: Sendable {
    /// The pressure of an instance that is at its limit in one dimension.
    static let full = 1 << 30
    /// Added where a capacity is exceeded: that is worse than any unevenness.
    private static let beyondCapacity = 1 << 60

    let dimensionCount: Int
    private let weights: [Int]
    /// By instance and dimension.
    private(set) var loads: [Int]
    let limits: [Int]
    /// What must not be exceeded: the capacity, or the limit where the demand is too great for all capacities together.
    private let hardLimits: [Int]
    /// What turns a load into a pressure.
    private let scales: [Double]

    init(_ input: WeightedInput) {
        dimensionCount = input.dimensionCount
        weights = input.weights
        loads = [Int](repeating: 0, count: input.capacities.count)
        let levels = Self.targets(input)
        limits = input.capacities.indices.map { cell in
            UtilizationBound.floor(levels[cell % input.dimensionCount], of: input.capacities[cell])
        }
        hardLimits = zip(limits, input.capacities).map(max)
        scales = limits.map { $0 == 0 ? 0x1p59 : Double(Self.full) / Double($0) }
    }

    /// By dimension: how much of the capacity should be used at most.
    private static func targets(_ input: WeightedInput) -> [Double] {
        let bounds = UtilizationBound(input).byDimension
        let room = 1 + Double(input.tolerance) / 1_000
        let even = bounds.indices.filter { input.isEven[$0] && bounds[$0] <= 1 }.map { bounds[$0] }.max() ?? 1
        return bounds.indices.map { dimension in
            if bounds[dimension] > 1 { return bounds[dimension] * room }
            return input.isEven[dimension] ? min(1, even * room) : 1
        }
    }

    mutating func add(_ row: Int, to instance: Int32) { change(row, instance, 1) }

    mutating func remove(_ row: Int, from instance: Int32) { change(row, instance, -1) }

    private mutating func change(_ row: Int, _ instance: Int32, _ sign: Int) {
        let (cell, start) = (Int(instance) * dimensionCount, row * dimensionCount)
        for dimension in 0..<dimensionCount { loads[cell + dimension] += sign * weights[start + dimension] }
    }

    /// What an instance would carry in a dimension with one row more and another one less; -1 for none.
    private func load(_ instance: Int32, _ dimension: Int, taking: Int, giving: Int) -> Int {
        var load = loads[Int(instance) * dimensionCount + dimension]
        if taking >= 0 { load += weights[taking * dimensionCount + dimension] }
        if giving >= 0 { load -= weights[giving * dimensionCount + dimension] }
        return load
    }

    /// The pressure on an instance once it has taken a row and given another one away; -1 for none.
    func pressure(_ instance: Int32, taking: Int = -1, giving: Int = -1) -> Int {
        var highest = 0
        for dimension in 0..<dimensionCount {
            let cell = Int(instance) * dimensionCount + dimension
            let load = load(instance, dimension, taking: taking, giving: giving)
            var pressure = Int(min(Double(load) * scales[cell], 0x1p59))
            if load > hardLimits[cell] { pressure += Self.beyondCapacity }
            highest = max(highest, pressure)
        }
        return highest
    }

    /// Whether an instance stays within its limits when it takes a row and gives another one away.
    func fits(_ row: Int, on instance: Int32, giving: Int = -1) -> Bool {
        for dimension in 0..<dimensionCount {
            let load = load(instance, dimension, taking: row, giving: giving)
            if load > limits[Int(instance) * dimensionCount + dimension] { return false }
        }
        return true
    }

    func isOver(_ instance: Int32) -> Bool {
        let start = Int(instance) * dimensionCount
        for dimension in 0..<dimensionCount where loads[start + dimension] > limits[start + dimension] { return true }
        return false
    }

    /// How far the leaving of a row brings an instance of `count` rows to its limits, and no further: by how much the
    /// squares of the distances shrink, all measured in average rows. `nil` when it brings nothing.
    ///
    /// To look at all dimensions at once is what keeps the moves few: whoever takes the heaviest in one dimension takes
    /// along from the others what is then missing at the other end.
    func relief(_ instance: Int32, by row: Int, count: Int) -> Int? {
        let start = Int(instance) * dimensionCount
        var relief = 0.0
        var (helps, suffices) = (false, true)
        for dimension in 0..<dimensionCount {
            let (load, weight) = (loads[start + dimension], weights[row * dimensionCount + dimension])
            let excess = max(0, load - limits[start + dimension])
            if excess > weight { suffices = false }
            if weight == 0 { continue }
            if excess > 0 { helps = true }
            relief += Double(weight) * Double(2 * excess - weight) * Double(count * count) / Double(load) / Double(load)
        }
        if !helps { return nil }
        return Int(min(max(relief * 0x1p16, -0x1p50), 0x1p50)) + (suffices ? 1 << 52 : 0)
    }
}
