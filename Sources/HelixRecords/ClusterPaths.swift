/// Where everything of a cluster is in the tree (protocol reference 2).
public struct ClusterPaths: Sendable, Hashable {
    /// The cluster's name.
    public let cluster: String

    /// The paths of a cluster.
    public init(cluster: String) { self.cluster = cluster }

    /// `/C`
    public var root: String { "/\(cluster)" }
    /// `/C/CONFIGS/CLUSTER/C`
    public var clusterConfig: String { "\(root)/CONFIGS/CLUSTER/\(cluster)" }
    /// `/C/CONFIGS/PARTICIPANT`
    public var instanceConfigs: String { "\(root)/CONFIGS/PARTICIPANT" }
    /// `/C/CONFIGS/PARTICIPANT/I`
    public func instanceConfig(_ instance: String) -> String { "\(instanceConfigs)/\(instance)" }
    /// `/C/CONFIGS/RESOURCE`
    public var resourceConfigs: String { "\(root)/CONFIGS/RESOURCE" }
    /// `/C/CONFIGS/RESOURCE/R`
    public func resourceConfig(_ resource: String) -> String { "\(resourceConfigs)/\(resource)" }
    /// `/C/CONFIGS/CONSTRAINT/MESSAGE_CONSTRAINT`
    public var messageConstraints: String { "\(root)/CONFIGS/CONSTRAINT/MESSAGE_CONSTRAINT" }
    /// `/C/IDEALSTATES`
    public var idealStates: String { "\(root)/IDEALSTATES" }
    /// `/C/IDEALSTATES/R`
    public func idealState(_ resource: String) -> String { "\(idealStates)/\(resource)" }
    /// `/C/STATEMODELDEFS`
    public var stateModels: String { "\(root)/STATEMODELDEFS" }
    /// `/C/STATEMODELDEFS/M`
    public func stateModel(_ model: String) -> String { "\(stateModels)/\(model)" }
    /// `/C/LIVEINSTANCES`
    public var liveInstances: String { "\(root)/LIVEINSTANCES" }
    /// `/C/LIVEINSTANCES/I`
    public func liveInstance(_ instance: String) -> String { "\(liveInstances)/\(instance)" }
    /// `/C/INSTANCES`
    public var instances: String { "\(root)/INSTANCES" }
    /// `/C/INSTANCES/I`
    public func instance(_ instance: String) -> String { "\(instances)/\(instance)" }
    /// `/C/INSTANCES/I/MESSAGES`
    public func messages(_ instance: String) -> String { "\(instances)/\(instance)/MESSAGES" }
    /// `/C/INSTANCES/I/MESSAGES/ID`
    public func message(_ instance: String, _ id: String) -> String { "\(messages(instance))/\(id)" }
    /// `/C/INSTANCES/I/CURRENTSTATES`
    public func currentStateSessions(_ instance: String) -> String { "\(instances)/\(instance)/CURRENTSTATES" }
    /// `/C/INSTANCES/I/CURRENTSTATES/S`
    public func currentStates(_ instance: String, session: String) -> String {
        "\(currentStateSessions(instance))/\(session)"
    }
    /// `/C/INSTANCES/I/CURRENTSTATES/S/R`
    public func currentState(_ instance: String, session: String, resource: String) -> String {
        "\(currentStates(instance, session: session))/\(resource)"
    }
    /// `/C/INSTANCES/I/HISTORY`
    public func instanceHistory(_ instance: String) -> String { "\(instances)/\(instance)/HISTORY" }
    /// `/C/EXTERNALVIEW`
    public var externalViews: String { "\(root)/EXTERNALVIEW" }
    /// `/C/EXTERNALVIEW/R`
    public func externalView(_ resource: String) -> String { "\(externalViews)/\(resource)" }
    /// `/C/PROPERTYSTORE`
    public var propertyStore: String { "\(root)/PROPERTYSTORE" }
    /// `/C/CONTROLLER`
    public var controller: String { "\(root)/CONTROLLER" }
    /// `/C/CONTROLLER/LEADER`
    public var leader: String { "\(controller)/LEADER" }
    /// `/C/CONTROLLER/HISTORY`
    public var controllerHistory: String { "\(controller)/HISTORY" }
    /// `/C/CONTROLLER/PAUSE`
    public var pause: String { "\(controller)/PAUSE" }
    /// `/C/CONTROLLER/MAINTENANCE`
    public var maintenance: String { "\(controller)/MAINTENANCE" }
    /// `/C/CONTROLLER/MESSAGES`
    public var controllerMessages: String { "\(controller)/MESSAGES" }
}
