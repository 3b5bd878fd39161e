import Placement
import Testing

@Suite("Lists are those of Java's strategies")
struct HelixVectorTests {
    private static let strategies: [String: any PlacementStrategy] = [
        "AutoRebalance": AutoRebalancePlacement(), "Crush": CrushPlacement(), "CrushEd": CrushEdPlacement(),
        "MultiRoundCrush": MultiRoundCrushPlacement(),
    ]

    @Test("Small problems of all kinds", arguments: helixVectors)
    func vectors(vector: HelixVector) {
        for (name, lists) in vector.lists {
            #expect(Self.strategies[name]?.place(vector.problem).preferenceLists == lists, "\(name)")
        }
    }

    @Test("There are vectors for every strategy")
    func vectorCount() {
        let counts = helixVectors.flatMap(\.lists.keys).reduce(into: [:]) { $0[$1, default: 0] += 1 }
        #expect(counts == ["AutoRebalance": 17, "Crush": 17, "CrushEd": 17, "MultiRoundCrush": 11])
    }

    @Test("Many instances, where equal straws are drawn", arguments: helixFolded)
    func folded(zones: Int32, absent: Set<Int32>, folded: [String: Int32]) {
        let problem = namedProblem(
            partitions: 400, instances: 300, counts: [1, 2],
            zones: zones == 0 ? [] : (0..<300).map { $0 % zones }, absent: absent)
        for (name, expected) in folded {
            let lists = Self.strategies[name]?.place(problem).preferenceLists ?? []
            let fold = lists.reduce(Int32(0)) { fold, list in
                list.reduce(fold) { $0 &* 31 &+ $1 } &* 31 &- 1
            }
            #expect(fold == expected, "\(name)")
        }
    }
}
