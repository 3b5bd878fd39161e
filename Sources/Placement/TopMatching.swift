/// Who is to be the next top of partitions that have none: as many of them as possible get one that still needs a top
/// (augmenting paths, by Kuhn).
struct TopMatching {
    /// By instance: how many tops it still needs.
    private let needs: [Int32]
    /// By partition, in the order of asking: who may be its next top.
    private let candidates: [[Int32]]
    private var takers: [[Int]]
    private var isVisited: [Bool]
    /// By partition, in the order of asking: its next top, -1 where there is none.
    private(set) var chosen: [Int32]

    init(needs: [Int32], candidates: [[Int32]]) {
        self.needs = needs
        self.candidates = candidates
        takers = [[Int]](repeating: [], count: needs.count)
        isVisited = [Bool](repeating: false, count: needs.count)
        chosen = [Int32](repeating: -1, count: candidates.count)
        for asking in candidates.indices {
            for instance in isVisited.indices { isVisited[instance] = false }
            _ = match(asking)
        }
    }

    private mutating func match(_ asking: Int) -> Bool {
        for instance in candidates[asking].map(Int.init) where !isVisited[instance] {
            isVisited[instance] = true
            if takers[instance].count < needs[instance] {
                takers[instance].append(asking)
                chosen[asking] = Int32(instance)
                return true
            }
            for place in takers[instance].indices where match(takers[instance][place]) {
                takers[instance][place] = asking
                chosen[asking] = Int32(instance)
                return true
            }
        }
        return false
    }
}
