import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

// What tests look at.
extension World {
    /// The states of a partition's replicas by instance.
    func map(_ resource: String, _ partition: String) -> [String: String] {
        states.compactMapValues { $0[resource]?[partition] }
    }

    /// How many replicas of each partition are in each state.
    func counts(_ resource: String) -> [String: [String: Int]] {
        var counts: [String: [String: Int]] = [:]
        for reported in states.values {
            for (partition, state) in reported[resource] ?? [:] {
                counts[partition, default: [:]][state, default: 0] += 1
            }
        }
        return counts
    }

    /// How many replicas of a resource each live instance has in a state; in any for `nil`.
    func load(_ resource: String, in state: String? = nil) -> [String: Int] {
        states.mapValues { reported in
            (reported[resource] ?? [:]).values.count { state == nil || $0 == state }
        }
    }

    /// The names in the preference lists, by partition.
    func preferenceLists(_ resource: String) -> [String: [String]] {
        guard let known = snapshot.resources[resource], let own = decision.resources[resource] else { return [:] }
        let lists = own.preferenceLists.enumerated().map { index, list in
            (known.partitions[index], list.map { snapshot.instances[Int($0)].name })
        }
        return Dictionary(uniqueKeysWithValues: lists)
    }

    /// Why a replica's transition is held back.
    func reasons(_ resource: String, _ partition: String, _ instance: String) -> [HoldReason] {
        guard let index = snapshot.resources[resource]?.partitions.index(of: partition) else { return [] }
        return decision.held(in: index, of: resource, snapshot).filter { $0.instance == instance }.map(\.reason)
    }

    func reason(_ resource: String, _ partition: String, _ instance: String) -> HoldReason? {
        reasons(resource, partition, instance).first
    }

    func problems(_ resource: String) -> [String] { (decision.resources[resource]?.problems ?? []).map(\.text) }

    /// No more in a state than the model allows, and in `.replicas` states no more than `replicas`.
    func violations(_ resource: String, _ partition: String, replicas: Int) -> [String] {
        let model = model(of: resource)
        let counts = counts(resource)[partition] ?? [:]
        return model.states.compactMap { state in
            let bound: Int
            switch state.bound {
            case .atMost(let count): bound = count
            case .replicas: bound = replicas
            case .participants: bound = states.count
            case .unbounded: return nil
            }
            let count = counts[state.name, default: 0]
            return count > bound ? "\(partition) has \(count) in \(state.name), the bound is \(bound)" : nil
        }
    }

    /// So many replicas are neither offline nor broken.
    func expectServing(_ resource: String, _ partition: String, atLeast: Int) {
        let serving = map(resource, partition).values.count { $0 != "OFFLINE" && $0 != "ERROR" }
        #expect(serving >= atLeast, "\(partition) \(map(resource, partition))")
    }

    /// No partition has more replicas in a state than the model allows.
    func expectBounds(_ resource: String, sourceLocation: SourceLocation = #_sourceLocation) {
        guard let idealState = snapshot.resources[resource]?.idealState.value,
            case .count(let replicas)? = idealState.replicas
        else { return }
        let extra = (idealState.minActiveReplicas ?? replicas) < replicas ? 0 : 1
        for partition in idealState.partitions {
            for violation in violations(resource, partition, replicas: replicas + extra) {
                Issue.record("\(violation)", sourceLocation: sourceLocation)
            }
        }
    }
}

extension [PlannedTransition] {
    /// "partition instance FROM-TO", in the order in which they are asked for.
    var summary: [String] { map { "\($0.partition) \($0.instance) \($0.from)-\($0.to)" } }
}

extension RecordError {
    static let corrupt = RecordError(path: "/test/somewhere", reason: "no JSON")
}
