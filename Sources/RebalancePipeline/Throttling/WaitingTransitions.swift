import StateModels

/// A transition that may be asked for as far as its partition is concerned, and waits for the limits of the
/// cluster. (A reference, because very many may wait, and the order of all changes with each.)
final class WaitingTransition: Sendable {
    let resource: String
    let partition: Int
    let candidate: ComputeTransitions.Candidate
    /// `nil` where the placement is not the controller's, so that the throttle is not about it.
    let kind: RebalanceKind?
    /// What its message counts against.
    let constraints: [MessageConstraints.Count]
    /// Partitions without a top state come first, then those with too few active replicas, then others from which
    /// replicas are missing, then the balance.
    let urgency: Int
    /// The priority of the resource; more goes first.
    let priority: Int
    /// The place of the partition in its resource, so that resources take turns.
    let turn: Int
    /// The place of the transition in its partition.
    let step: Int
    /// The replica is disabled.
    let isWithdrawn: Bool
    let isTopMissing: Bool

    init(
        resource: String, partition: Int, candidate: ComputeTransitions.Candidate, kind: RebalanceKind?,
        constraints: [MessageConstraints.Count], urgency: Int, priority: Int, turn: Int, step: Int, isWithdrawn: Bool,
        isTopMissing: Bool
    ) {
        self.resource = resource
        self.partition = partition
        self.candidate = candidate
        self.kind = kind
        self.constraints = constraints
        self.urgency = urgency
        self.priority = priority
        self.turn = turn
        self.step = step
        self.isWithdrawn = isWithdrawn
        self.isTopMissing = isTopMissing
    }

    fileprivate var order: (Int, Int, Int, String, Int) { (urgency, -priority, turn, resource, step) }
}

/// The transitions that wait, the most urgent first.
struct WaitingTransitions: Sendable {
    private(set) var all: [WaitingTransition] = []
    private var added: [WaitingTransition] = []
    /// Partitions whose transitions are out of date.
    private var withdrawn: [String: Set<Int>] = [:]
    private var withdrawnResources: Set<String> = []
    /// By resource and partition: how many wait there, so that nothing is looked for where nothing is.
    private var counts: [String: [Int: Int]] = [:]

    var isEmpty: Bool { all.isEmpty && added.isEmpty }

    mutating func add(_ transition: WaitingTransition) {
        added.append(transition)
        counts[transition.resource, default: [:]][transition.partition, default: 0] += 1
    }

    /// Takes out what waits in a partition, before it is looked at anew.
    mutating func withdraw(_ partition: Int, of resource: String) {
        guard counts[resource]?.removeValue(forKey: partition) != nil else { return }
        withdrawn[resource, default: []].insert(partition)
    }

    /// Takes out all that waits in a resource.
    mutating func withdraw(_ resource: String) {
        if counts.removeValue(forKey: resource) != nil { withdrawnResources.insert(resource) }
    }

    /// Takes out those that are let go.
    mutating func release(where isFree: (WaitingTransition) -> Bool) {
        settle()
        all.removeAll { transition in
            guard isFree(transition) else { return false }
            if let count = counts[transition.resource]?[transition.partition] {
                counts[transition.resource]?[transition.partition] = count > 1 ? count - 1 : nil
            }
            return true
        }
    }

    /// Puts in order what has changed.
    private mutating func settle() {
        if !withdrawn.isEmpty || !withdrawnResources.isEmpty {
            all.removeAll {
                withdrawnResources.contains($0.resource) || withdrawn[$0.resource]?.contains($0.partition) ?? false
            }
            withdrawn = [:]
            withdrawnResources = []
        }
        guard !added.isEmpty else { return }
        added.sort { $0.order < $1.order }
        all = all.isEmpty ? added : merged(all, added)
        added = []
    }

    private func merged(_ first: [WaitingTransition], _ second: [WaitingTransition]) -> [WaitingTransition] {
        var result: [WaitingTransition] = []
        result.reserveCapacity(first.count + second.count)
        var (one, other) = (0, 0)
        while one < first.count && other < second.count {
            if second[other].order < first[one].order {
                result.append(second[other])
                other += 1
            } else {
                result.append(first[one])
                one += 1
            }
        }
        return result + first[one...] + second[other...]
    }
}
