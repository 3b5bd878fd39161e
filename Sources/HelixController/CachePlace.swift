import Coordination
package import HelixRecords

/// A znode that the controller follows: what its path means.
package indirect enum CachePlace: Hashable, Sendable {
    case clusterConfig
    case constraints
    case constraint(String)
    case instanceConfigs
    case instanceConfig(String)
    case resourceConfigs
    case resourceConfig(String)
    case idealStates
    case idealState(String)
    case stateModels
    case stateModel(String)
    case liveInstances
    case liveInstance(String)
    case controller
    case maintenance
    case pause
    case controllerMessages
    case messages(String)
    case currentStates(String, session: String)
    case currentState(String, session: String, resource: String)
    /// The buckets of a record that is spread over several znodes.
    case buckets(CachePlace)
    case bucket(CachePlace, String)

    /// The places from which all others are found.
    static let roots: [CachePlace] = [
        .clusterConfig, .constraints, .controller, .controllerMessages, .stateModels, .instanceConfigs,
        .resourceConfigs, .idealStates, .liveInstances,
    ]

    /// Whether the list of its children is what counts; else it is its data.
    package var isList: Bool {
        switch self {
        case .instanceConfigs, .resourceConfigs, .idealStates, .stateModels, .liveInstances, .controller,
            .controllerMessages, .messages, .currentStates, .buckets, .constraints:
            true
        case .clusterConfig, .constraint, .instanceConfig, .resourceConfig, .idealState, .stateModel, .liveInstance,
            .maintenance, .pause, .currentState, .bucket:
            false
        }
    }

    /// Whether it is a list of messages.
    var isQueue: Bool {
        switch self {
        case .messages, .controllerMessages: true
        default: false
        }
    }

    package func path(_ paths: ClusterPaths) -> String {
        switch self {
        case .clusterConfig: paths.clusterConfig
        case .constraints: paths.constraints
        case .constraint(let id): "\(paths.constraints)/\(id)"
        case .instanceConfigs: paths.instanceConfigs
        case .instanceConfig(let name): paths.instanceConfig(name)
        case .resourceConfigs: paths.resourceConfigs
        case .resourceConfig(let name): paths.resourceConfig(name)
        case .idealStates: paths.idealStates
        case .idealState(let name): paths.idealState(name)
        case .stateModels: paths.stateModels
        case .stateModel(let name): paths.stateModel(name)
        case .liveInstances: paths.liveInstances
        case .liveInstance(let name): paths.liveInstance(name)
        case .controller: paths.controller
        case .maintenance: paths.maintenance
        case .pause: paths.pause
        case .controllerMessages: paths.controllerMessages
        case .messages(let instance): paths.messages(instance)
        case .currentStates(let instance, let session): paths.currentStates(instance, session: session)
        case .currentState(let instance, let session, let resource):
            paths.currentState(instance, session: session, resource: resource)
        case .buckets(let record): record.path(paths)
        case .bucket(let record, let name): "\(record.path(paths))/\(name)"
        }
    }

    /// What a path below the cluster's root means; `nil` for one that the controller does not follow.
    package init?(path: String, _ paths: ClusterPaths) {
        guard let parts = ZnodePath.components(of: path, below: paths.root) else { return nil }
        switch (parts.first, parts.count) {
        case ("CONFIGS", 3) where parts[1] == "CLUSTER" && parts[2] == paths.cluster: self = .clusterConfig
        case ("CONFIGS", 2) where parts[1] == "CONSTRAINT": self = .constraints
        case ("CONFIGS", 3) where parts[1] == "CONSTRAINT": self = .constraint(parts[2])
        case ("CONFIGS", 2) where parts[1] == "PARTICIPANT": self = .instanceConfigs
        case ("CONFIGS", 3) where parts[1] == "PARTICIPANT": self = .instanceConfig(parts[2])
        case ("CONFIGS", 2) where parts[1] == "RESOURCE": self = .resourceConfigs
        case ("CONFIGS", 3) where parts[1] == "RESOURCE": self = .resourceConfig(parts[2])
        case ("IDEALSTATES", 1): self = .idealStates
        case ("IDEALSTATES", 2): self = .idealState(parts[1])
        case ("IDEALSTATES", 3): self = .bucket(.idealState(parts[1]), parts[2])
        case ("STATEMODELDEFS", 1): self = .stateModels
        case ("STATEMODELDEFS", 2): self = .stateModel(parts[1])
        case ("LIVEINSTANCES", 1): self = .liveInstances
        case ("LIVEINSTANCES", 2): self = .liveInstance(parts[1])
        case ("CONTROLLER", 1): self = .controller
        case ("CONTROLLER", 2) where parts[1] == "MAINTENANCE": self = .maintenance
        case ("CONTROLLER", 2) where parts[1] == "PAUSE": self = .pause
        case ("CONTROLLER", 2) where parts[1] == "MESSAGES": self = .controllerMessages
        case ("INSTANCES", 3) where parts[2] == "MESSAGES": self = .messages(parts[1])
        case ("INSTANCES", 4) where parts[2] == "CURRENTSTATES": self = .currentStates(parts[1], session: parts[3])
        case ("INSTANCES", 5) where parts[2] == "CURRENTSTATES":
            self = .currentState(parts[1], session: parts[3], resource: parts[4])
        case ("INSTANCES", 6) where parts[2] == "CURRENTSTATES":
            self = .bucket(.currentState(parts[1], session: parts[3], resource: parts[4]), parts[5])
        default: return nil
        }
    }

    /// The place of a child of a list.
    package func child(_ name: String) -> CachePlace? {
        switch self {
        case .constraints: .constraint(name)
        case .instanceConfigs: .instanceConfig(name)
        case .resourceConfigs: .resourceConfig(name)
        case .idealStates: .idealState(name)
        case .stateModels: .stateModel(name)
        case .liveInstances: .liveInstance(name)
        case .controller: name == "MAINTENANCE" ? .maintenance : name == "PAUSE" ? .pause : nil
        case .currentStates(let instance, let session): .currentState(instance, session: session, resource: name)
        case .buckets(let record): .bucket(record, name)
        default: nil
        }
    }

    /// The list that it is in, and its name there.
    package var parent: (list: CachePlace, name: String)? {
        switch self {
        case .constraint(let id): (.constraints, id)
        case .instanceConfig(let name): (.instanceConfigs, name)
        case .resourceConfig(let name): (.resourceConfigs, name)
        case .idealState(let name): (.idealStates, name)
        case .stateModel(let name): (.stateModels, name)
        case .liveInstance(let name): (.liveInstances, name)
        case .maintenance: (.controller, "MAINTENANCE")
        case .pause: (.controller, "PAUSE")
        case .currentState(let instance, let session, let resource):
            (.currentStates(instance, session: session), resource)
        case .bucket(let record, let name): (.buckets(record), name)
        default: nil
        }
    }
}
