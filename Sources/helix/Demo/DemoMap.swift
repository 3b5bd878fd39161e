import HelixSpectator

/// Who holds what, as the spectator sees it.
struct DemoMap: Sendable {
    /// Instance → partition number → state.
    private(set) var states: [String: [Int: String]] = [:]
    private let partitions: Int

    init(_ table: RoutingTable, _ settings: DemoSettings) {
        partitions = settings.partitions
        for partition in 0..<settings.partitions {
            let name = "\(settings.resource)_\(partition)"
            for state in ["MASTER", "SLAVE", "OFFLINE", "ERROR"] {
                for instance in table.instances(serving: settings.resource, partition: name, in: state)
                where instance.isLive {
                    states[instance.name, default: [:]][partition] = state
                }
            }
        }
    }

    /// How many replicas of an instance are in a state.
    func count(_ instance: String, in state: String) -> Int {
        states[instance]?.values.count { $0 == state } ?? 0
    }

    /// How many replicas an instance serves.
    func served(_ instance: String) -> Int { count(instance, in: "MASTER") + count(instance, in: "SLAVE") }

    /// Whether every partition has a master.
    var everyPartitionHasMaster: Bool {
        Set(states.values.flatMap { $0.filter { $0.value == "MASTER" }.keys }).count == partitions
    }

    /// Whether every partition has its replicas, one of them the master, evenly spread, and nothing else is left.
    func isSettled(on instances: Set<String>, replicas: Int) -> Bool {
        let wanted = min(replicas, instances.count)
        var masters = [Int](repeating: 0, count: partitions)
        var slaves = masters
        for held in states.values {
            for (partition, state) in held {
                switch state {
                case "MASTER": masters[partition] += 1
                case "SLAVE": slaves[partition] += 1
                default: return false
                }
            }
        }
        let isEven = [instances.map(served), instances.map { count($0, in: "MASTER") }].allSatisfy {
            ($0.max() ?? 0) - ($0.min() ?? 0) <= 1
        }
        return isEven && masters.allSatisfy { $0 == 1 } && slaves.allSatisfy { $0 == wanted - 1 }
    }

    /// Replicas that are served where they were not served before.
    func arrivals(since former: DemoMap) -> Int {
        states.map { instance, held in
            held.keys.count { former.states[instance]?[$0] == nil }
        }.reduce(0, +)
    }
}
