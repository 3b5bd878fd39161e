import Placement
import Testing

/// A problem whose partitions and instances have names: `db_0`, `node_100` and so on, unless others are given.
func namedProblem(
    partitions: Int, instances: Int, counts: [Int], present: [[Int32]] = [], zones: [Int32] = [],
    weights: [Int] = [], absent: Set<Int32> = [], maximum: Int? = nil, resource: String = "R"
) -> PlacementProblem {
    var problem = PlacementProblem(
        partitionCount: partitions, replicas: counts.reduce(0, +), instanceCount: instances, present: present,
        maximumPerInstance: maximum)
    problem.names = PlacementNames(
        resource: resource, partitions: (0..<partitions).map { "db_\($0)" },
        instances: (0..<instances).map { "node_\(100 + $0)" },
        zones: (0..<(1 + (zones.max() ?? -1))).map { "zone\($0)" })
    problem.zones = zones
    problem.drawingWeights = weights
    problem.absent = absent
    problem.stateCounts = counts
    return problem
}

/// A random problem for a strategy that places by name.
func randomNamedProblem(
    limited: Bool = false, using generator: inout SeededGenerator
) -> PlacementProblem {
    let partitions = Int.random(in: 0...30, using: &generator)
    let instances = Int.random(in: 0...12, using: &generator)
    let counts = [[1, 1], [1, 2], [3], [1, 0], [1, 1, 1]].randomElement(using: &generator) ?? [1]
    let zoneCount = Int32.random(in: 1...6, using: &generator)
    let zoned = Bool.random(using: &generator)
    let weighted = Int.random(in: 0..<3, using: &generator) == 0
    let away = Int.random(in: 0..<3, using: &generator)
    return namedProblem(
        partitions: partitions, instances: instances, counts: counts,
        present: randomLists(partitions, of: instances, lengths: 0...counts.reduce(0, +), using: &generator),
        zones: zoned ? (0..<instances).map { _ in .random(in: 0..<zoneCount, using: &generator) } : [],
        weights: weighted ? (0..<instances).map { _ in 500 * .random(in: 0...3, using: &generator) } : [],
        absent: Set((0..<Int32(instances)).filter { _ in Int.random(in: 0..<5, using: &generator) < away }),
        maximum: limited ? .random(in: 0...12, using: &generator) : nil,
        resource: "R\(Int.random(in: 0..<1000, using: &generator))")
}

/// A vector of `HelixVectors`: a problem, and what Java's strategies make of it.
struct HelixVector: Sendable, CustomTestStringConvertible {
    var problem: PlacementProblem
    /// By the start of a strategy's name.
    var lists: [String: [[Int32]]] = [:]

    var testDescription: String {
        "\(problem.partitionCount) x \(problem.replicas) on \(problem.instanceCount), absent \(problem.absent.count)"
    }

    /// Reads vectors: a line a field, and a case begins with "case".
    static func read(_ text: String) -> [HelixVector] {
        text.split(separator: "\n").split { $0 == "end" }.map { lines in
            let fields = lines.map { $0.split(separator: " ") }.reduce(into: [:]) { fields, words in
                fields[String(words[0])] = words.dropFirst().map(String.init)
            }
            return HelixVector(fields)
        }
    }

    private init(_ fields: [String: [String]]) {
        func numbers(_ name: String) -> [Int] { fields[name, default: []].compactMap { Int($0) } }
        func lists(_ name: String) -> [[Int32]] {
            fields[name, default: []].map { list in list.split(separator: ",").compactMap { Int32($0) } }
        }
        let sizes = numbers("sizes")
        problem = namedProblem(
            partitions: sizes[0], instances: sizes[1], counts: numbers("counts"), present: lists("present"),
            zones: numbers("zones").map(Int32.init), weights: numbers("weights"),
            absent: Set(numbers("absent").map(Int32.init)), maximum: numbers("maximum").first,
            resource: fields["case", default: []].joined())
        for name in ["AutoRebalance", "Crush", "CrushEd", "MultiRoundCrush"] where fields[name] != nil {
            self.lists[name] = lists(name)
        }
    }
}
