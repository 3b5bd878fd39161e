/// Who is to be the next top of partitions that have none: as many of them as possible get one that still needs a top
/// (augmenting paths, by Kuhn).
struct TopMatching {
    /// By instance: how many tops it still needs.
    private let needs: [Int32]
    /// By partition, in the order of asking: who may be its next top.
    private var candidates: [[Int32]] = []
    private var takers: [[Int]]
    /// By instance: for whom it was asked last.
    private var lastAsked: [Int]
    /// By partition, in the order of asking: its next top, -1 where there is none.
    private(set) var chosen: [Int32] = []

    init(needs: [Int32]) {
        self.needs = needs
        takers = [[Int]](repeating: [], count: needs.count)
        lastAsked = [Int](repeating: -1, count: needs.count)
    }

    /// Asks for one more.
    /// - Returns: whether somebody was found, if need be by giving others somebody else.
    mutating func ask(_ candidates: [Int32]) -> Bool {
        self.candidates.append(candidates)
        chosen.append(-1)
        return match(chosen.count - 1, for: chosen.count - 1)
    }

    /// - Parameter search: which search this is part of.
    private mutating func match(_ asking: Int, for search: Int) -> Bool {
        for candidate in candidates[asking] where takers[Int(candidate)].count < needs[Int(candidate)] {
            takers[Int(candidate)].append(asking)
            chosen[asking] = candidate
            return true
        }
        for candidate in candidates[asking] where lastAsked[Int(candidate)] != search {
            let instance = Int(candidate)
            lastAsked[instance] = search
            for place in takers[instance].indices where match(takers[instance][place], for: search) {
                takers[instance][place] = asking
                chosen[asking] = candidate
                return true
            }
        }
        return false
    }
}
