import FleetJobs
import FleetModel
import HelixAdmin
import HelixRecords
import StateModels

/// A job of a deployment as it is to be in the cluster.
struct WantedResource {
    var resource: FleetResource
    var job: Job
    var deployment: Deployment
    /// Its places, in their order.
    var places: [String]
    /// What hosts need to have it.
    var selectors: [HostSelector]

    /// The rebalancer that counts weights.
    static let weighed = "org.apache.helix.controller.rebalancer.waged.WagedRebalancer"

    /// The ideal state over what is there; equal to it when nothing is to be written.
    func idealState(over present: IdealState?) -> IdealState {
        var wanted = present ?? IdealState(id: resource.name)
        resource.mark(&wanted)
        wanted.stateModel = (job.isRunOnce ? StateModel.runOnce : .container).name
        wanted.stateModelFactory = "DEFAULT"
        wanted.replicas = .count(1)
        wanted.numPartitions = places.count
        wanted.isEnabled = !deployment.isStopped
        wanted.rebalanceStrategy = ResourceSettings.defaultStrategy
        if deployment.isPlacedByHost {
            wanted.rebalanceMode = .semiAuto
            wanted.preferenceLists = lists { [$0] }
        } else {
            wanted.rebalanceMode = .fullAuto
            wanted.rebalancerClass = Self.weighed
            wanted.instanceGroupTag = SelectorTag.tag(of: selectors)
            // The controller records there what it placed where: to take that away would have it written again, for ever.
            let recorded = present?.preferenceLists ?? [:]
            wanted.preferenceLists = lists { recorded[resource.partition($0)] ?? [] }
        }
        return wanted
    }

    private func lists(_ list: (String) -> [String]) -> [String: [String]] {
        Dictionary(uniqueKeysWithValues: places.map { (resource.partition($0), list($0)) })
    }

    /// What its tasks weigh.
    var config: ResourceConfig {
        var config = ResourceConfig(id: resource.name)
        config.setPartitionCapacity(Loads.weight(of: job))
        return config
    }
}

/// The tag of the hosts that selectors match.
enum SelectorTag {
    static let prefix = "sel-"

    /// - Returns: `nil` where all hosts match.
    static func tag(of selectors: [HostSelector]) -> String? {
        if selectors.isEmpty { return nil }
        // FNV-1a: the same in every process.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in selectors.map(\.description).sorted().joined(separator: ", ").utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        return prefix + String(hash, radix: 16)
    }
}
