/// Placements that are not what they should be, because rules leave no such thing: when to be content with one.
extension [PlacementProblem] {
    /// Places, and looks again from what came out until that changes nothing, so that it does not move by itself later.
    /// - Parameters:
    ///   - rounds: how often at most it is looked at again.
    ///   - attempt: the results, and whether there is nothing better to be found.
    func settled(
        rounds: Int, _ attempt: ([PlacementProblem]) -> (results: [PlacementResult], isFinal: Bool)
    ) -> [PlacementResult] {
        var problems = self
        var (results, isFinal) = attempt(problems)
        for _ in 0..<rounds where !isFinal {
            for (number, result) in results.enumerated() {
                problems[number].present = result.preferenceLists
                problems[number].presentTops = nil
            }
            let former = results
            (results, isFinal) = attempt(problems)
            if former.map(\.preferenceLists) == results.map(\.preferenceLists) { break }
        }
        return results
    }

    /// Whether all instances have as many replicas, and as many tops, as any other, or one more or less.
    func areEven(_ results: [PlacementResult]) -> Bool {
        let count = first?.instanceCount ?? 0
        var (replicas, tops) = ([Int](repeating: 0, count: count), [Int](repeating: 0, count: count))
        for (problem, result) in zip(self, results) {
            for list in result.preferenceLists {
                for instance in list { replicas[Int(instance)] += 1 }
                for instance in list.prefix(problem.topCount) { tops[Int(instance)] += 1 }
            }
        }
        return [replicas, tops].allSatisfy { ($0.max() ?? 0) - ($0.min() ?? 0) <= 1 }
    }
}

extension PlacementInput {
    /// Everything as it is.
    var presentResult: PlacementResult {
        var replicas = AssignmentTable(rows: rows, width: width)
        var tops = AssignmentTable(rows: rows, width: min(topCount, width))
        for row in 0..<rows {
            for instance in holders(row) { replicas.append(instance, to: row) }
            for instance in self.tops(row) { tops.append(instance, to: row) }
        }
        return result(of: replicas, tops: choosesTops ? tops : nil)
    }

    /// Whether every partition has what it should have, where it may be.
    fileprivate var isComplete: Bool {
        (0..<rows).allSatisfy { row in
            let holders = holders(row)
            return holders.count == width && tops(row).count == min(topCount, width)
                && candidates(row, holders).starts(with: tops(row))
                && holders.indices.allSatisfy { zones.allows(holders[$0], in: holders[..<$0]) }
        }
    }
}

extension [PlacementInput] {
    /// Whether moving would bring nothing: all is complete, and as even as the results are.
    func isPresentAsGood(as results: [PlacementResult]) -> Bool {
        guard allSatisfy(\.isComplete) else { return false }
        let present = map { input in (0..<input.rows).map(input.holders) }
        let placed = results.map { $0.preferenceLists.map { $0[...] } }
        return zip(unevenness(present), unevenness(placed)).allSatisfy { $0 <= $1 }
    }

    /// Sums of squares: of replicas and of tops, for each resource and for all.
    private func unevenness(_ lists: [[ArraySlice<Int32>]]) -> [Int] {
        let count = first?.instanceCount ?? 0
        var sums = [0, 0, 0, 0]
        var total = [Int](repeating: 0, count: 2 * count)
        for (input, lists) in zip(self, lists) {
            var own = [Int](repeating: 0, count: 2 * count)
            for list in lists {
                for instance in list { own[Int(instance)] += 1 }
                for instance in list.prefix(input.topCount) { own[count + Int(instance)] += 1 }
            }
            for place in own.indices {
                sums[place / count] += own[place] * own[place]
                total[place] += own[place]
            }
        }
        for place in total.indices { sums[2 + place / count] += total[place] * total[place] }
        return sums
    }
}
