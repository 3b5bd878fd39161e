/// Several weighed problems about the same instances, made regular; their partitions are rows of one numbering.
struct WeightedInput: Sendable {
    let inputs: [PlacementInput]
    let instanceCount: Int
    let dimensionCount: Int
    /// By problem: its first row; and how many rows there are.
    let firstRows: [Int]
    /// By row: its problem.
    let owner: [Int32]
    /// By row and dimension, in one flat array.
    let weights: [Int]
    /// By instance and dimension, in one flat array.
    let capacities: [Int]
    /// By dimension: whether it is to be even.
    let isEven: [Bool]
    /// In thousandths.
    let tolerance: Int

    /// Beyond these numbers sums could overflow.
    private static let heaviest = 1 << 31
    private static let largest = 1 << 50

    init(_ problems: [PlacementProblem]) {
        inputs = problems.map(PlacementInput.init)
        let instanceCount = inputs[0].instanceCount
        let capacities = problems.first { !$0.capacities.isEmpty }?.capacities ?? []
        let weighed = problems.map { $0.weights.reduce(0) { max($0, $1.count) } }
        let dimensionCount = capacities.reduce(weighed.max() ?? 0) { max($0, $1.count) }
        self.instanceCount = instanceCount
        self.dimensionCount = dimensionCount
        firstRows = inputs.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.rows) }
        var owner: [Int32] = []
        var weights: [Int] = []
        weights.reserveCapacity(firstRows[inputs.count] * dimensionCount)
        for (number, problem) in problems.enumerated() {
            owner.append(contentsOf: repeatElement(Int32(number), count: inputs[number].rows))
            Self.append(problem.weights, inputs[number].rows, dimensionCount, most: Self.heaviest, to: &weights)
        }
        self.owner = owner
        self.weights = weights
        var room: [Int] = []
        Self.append(capacities, instanceCount, dimensionCount, most: Self.largest, to: &room)
        self.capacities = room
        let even = problems.first { !$0.evenDimensions.isEmpty }?.evenDimensions ?? Array(0..<dimensionCount)
        isEven = (0..<dimensionCount).map(even.contains)
        tolerance = max(0, problems.map(\.tolerance).min() ?? 0)
    }

    /// Appends `count` lists of `width` numbers between 0 and `most`, filled up with 0.
    private static func append(_ lists: [[Int]], _ count: Int, _ width: Int, most: Int, to flat: inout [Int]) {
        for index in 0..<count {
            for dimension in 0..<width {
                let number = index < lists.count ? lists[index].at(dimension) : 0
                flat.append(max(0, min(number, most)))
            }
        }
    }

    var rowCount: Int { owner.count }

    /// The problem that a row belongs to, and which of its partitions the row is.
    func place(of row: Int) -> (problem: Int, partition: Int) {
        let problem = Int(owner[row])
        return (problem, row - firstRows[problem])
    }

    func weight(_ row: Int, _ dimension: Int) -> Int { weights[row * dimensionCount + dimension] }

    func capacity(_ instance: Int, _ dimension: Int) -> Int { capacities[instance * dimensionCount + dimension] }
}
