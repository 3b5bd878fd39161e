import Foundation
import TestSupport

/// How long a run is, and with which faults.
struct ChaosRun: Sendable {
    /// HELIX_CHAOS_MINUTES; three unless set.
    let minutes: Double
    /// HELIX_CHAOS_SEED; another one each time unless set.
    let seed: UInt64

    /// As the environment says.
    static let wanted = ChaosRun(ProcessInfo.processInfo.environment)

    init(_ environment: [String: String]) {
        minutes = environment["HELIX_CHAOS_MINUTES"].flatMap(Double.init) ?? 3
        seed = environment["HELIX_CHAOS_SEED"].flatMap { UInt64($0) } ?? .random(in: 1...999_999_999)
    }

    var plan: FaultPlan {
        FaultPlan(
            seed: seed, duration: .milliseconds(Int(minutes * 60_000)), sessionTimeout: ChaosCluster.sessionTimeout)
    }

    /// Servers that notice soon when their leader is silent, and that hand over logs rather than snapshots where they can.
    static var servers: ZooKeeperServer.Options {
        var options = ZooKeeperServer.Options()
        options.configuration = ["syncLimit": "4", "initLimit": "20"]
        options.javaOptions.append("-Dzookeeper.snapshotSizeFactor=100000")
        return options
    }
}
