/// Even and minimal: placements within one replica of each other at the smallest number of moves.
///
/// - Every instance has as many replicas of the resource as any other, or one more or less; and so with the top states.
///   Of resources that are placed together the same is true for the sums.
/// - No even placement would move fewer replicas; nothing moves when nothing has changed, and after the loss of an
///   instance only its replicas do.
/// - Among the tops of the chosen replicas the fewest change hands, and a replica that is there already is promoted
///   rather than one that has yet to come.
///
/// What stands in the way of evenness (``PlacementProblem/excluded``) or of completeness
/// (``PlacementProblem/maximumPerInstance``) is respected, and the rest is as even as it leaves possible. Where the
/// bounds come from: with quotas `q` as even as can be, no placement moves less than the sum of `max(0, q - have)`;
/// both choices are flows of minimum cost, which find the least that distinct instances allow.
///
/// The time is about proportional to the number of replicas, plus that of the few exchanges that a direct choice misses.
public struct BalancedPlacement: PlacementStrategy {
    /// `balanced`
    public let name = "balanced"

    /// `true`
    public var placesTogether: Bool { true }

    /// The strategy has nothing to set.
    public init() {}

    /// Places every partition.
    public func place(_ problem: PlacementProblem) -> PlacementResult { place([problem])[0] }

    /// Places several resources at once: each of them is even, and so are all of them together.
    /// - Parameter problems: all about the same instances, by the same numbers, and with the same load elsewhere, which
    ///   only breaks ties. Where one of them is weighed, all are placed by weights and capacities.
    public func place(_ problems: [PlacementProblem]) -> [PlacementResult] {
        if problems.contains(where: \.isWeighed) { return WeightedPlacement.place(problems) }
        return problems.settled(rounds: Self.rounds) { problems in
            let results = attempt(problems.map(PlacementInput.init))
            return (results, isFinal: problems.count <= 1 || problems.areEven(results))
        }
    }

    /// How often at most a placement that is not even is looked at again.
    private static let rounds = 10

    /// - Returns: the present placement, if no better one is found.
    private func attempt(_ inputs: [PlacementInput]) -> [PlacementResult] {
        guard let first = inputs.first else { return [] }
        let topQuotas = TopOutlook.quotas(inputs)
        let replicas = zip(inputs, topQuotas).enumerated()
            .map { ReplicaSelection($1.0, number: $0, topQuotas: $1.1) }
            .made(fixed: [], elsewhere: first.otherReplicas).map { $0.selected() }
        let results = inputs.results(of: replicas, topQuotas: topQuotas)
        return inputs.count > 1 && inputs.isPresentAsGood(as: results) ? inputs.map(\.presentResult) : results
    }
}

extension [PlacementInput] {
    /// The preference lists for chosen replicas, tops first, with all that is wrong about them.
    /// - Parameter topQuotas: by resource: how many tops each instance was meant to have when replicas were chosen.
    func results(of replicas: [AssignmentTable], topQuotas: [[Int32]?] = []) -> [PlacementResult] {
        guard let first else { return [] }
        var fixedTops = [Int](repeating: 0, count: first.instanceCount)
        for (input, table) in zip(self, replicas) where !input.choosesTops && input.topCount > 0 {
            for row in 0..<input.rows { for instance in table.row(row) { fixedTops[Int(instance)] += 1 } }
        }
        let selections = indices.map { number in
            TopSelection(
                self[number], replicas: replicas[number],
                planned: topQuotas.isEmpty ? nil : topQuotas[number])
        }
        let tops = selections.made(fixed: fixedTops, elsewhere: first.otherTops)
            .map { $0.selected() }
        return indices.map { self[$0].result(of: replicas[$0], tops: tops[$0]) }
    }
}
