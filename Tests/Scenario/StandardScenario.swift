import HelixAdmin
import HelixRecords
import HelixSimulation
import StateModels

/// The scenario that everything is tried in: several resources of every mode and model, and everything that can go
/// wrong.
public enum StandardScenario {
    /// What the scenario is made of. Whatever is added to the library is added here.
    public static let parts: [any ScenarioPart] = [
        Resources(), Processes(), Spectators(), Network(), Servers(), Handlers(), Storage(), Records(), Operators(),
    ]

    /// The state models that all participants know.
    static let models = StateModel.builtIn

    static let resources: [TriedResource] = [
        TriedResource("Orders", 12, "MasterSlave", 3),
        TriedResource("Carts", 8, "LeaderStandby", 2),
        TriedResource("Locks", 12, "OnlineOffline", 1) { $0.minActiveReplicas = 0 },
        TriedResource("Delayed", 6, "MasterSlave", 3) {
            $0.rebalanceDelay = .seconds(10)
            $0.minActiveReplicas = 2
        },
        TriedResource("Semi", 6, "MasterSlave", 2, .semiAuto),
        TriedResource("Custom", 6, "LeaderStandby", 2, .customized),
        TriedResource("Index", 4, "OnlineOfflineWithBootstrap", 2, .userDefined) { $0.rebalancer = "balanced" },
        TriedResource("Schema", 3, "STORAGE_DEFAULT_SM_SCHEMATA", 2),
        TriedResource("Wide", 8, "MasterSlave", 2) { $0.bucketSize = 3 },
    ]

    static func someResource(_ mode: IdealState.RebalanceMode?, _ random: inout SeededGenerator) -> String {
        resources.filter { mode == nil || $0.settings.mode == mode }.randomElement(using: &random)?.name ?? ""
    }
}

/// A resource of the scenario.
struct TriedResource: Sendable {
    let name: String
    var settings: ResourceSettings

    init(
        _ name: String, _ partitions: Int, _ model: String, _ replicas: Int,
        _ mode: IdealState.RebalanceMode = .fullAuto, _ change: (inout ResourceSettings) -> Void = { _ in }
    ) {
        self.name = name
        settings = ResourceSettings(
            partitions: partitions, stateModel: model, replicas: .count(replicas), mode: mode)
        change(&settings)
    }
}

extension StandardScenario {
    static func add(
        _ resource: TriedResource, with administrator: Administrator, to world: ScenarioWorld
    ) async throws {
        try await administrator.addResource(resource.name, resource.settings, in: world.cluster.name)
    }
}
