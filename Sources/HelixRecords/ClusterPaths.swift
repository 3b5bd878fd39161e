/// Where everything of a cluster is in the tree (protocol reference 2).
public struct ClusterPaths: Sendable, Hashable {
    /// The cluster's name.
    public let cluster: String
    /// `/C`
    public let root: String

    /// The paths of a cluster.
    public init(cluster: String) {
        self.cluster = cluster
        self.root = "/\(cluster)"
    }

    // MARK: Configuration

    /// `/C/CONFIGS`
    public var configs: String { "\(root)/CONFIGS" }
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
    /// `/C/CONFIGS/CONSTRAINT`
    public var constraints: String { "\(root)/CONFIGS/CONSTRAINT" }
    /// `/C/CONFIGS/CONSTRAINT/MESSAGE_CONSTRAINT`
    public var messageConstraints: String { "\(constraints)/MESSAGE_CONSTRAINT" }
    /// `/C/CONFIGS/CUSTOMIZED_STATE`
    public var customizedStateConfigs: String { "\(root)/CONFIGS/CUSTOMIZED_STATE" }
    /// `/C/CONFIGS/CUSTOMIZED_STATE/C`
    public var customizedStateConfig: String { "\(customizedStateConfigs)/\(cluster)" }
    /// `/C/CONFIGS/CLOUD/C`
    public var cloudConfig: String { "\(root)/CONFIGS/CLOUD/\(cluster)" }
    /// `/C/CONFIGS/REST/C`
    public var restConfig: String { "\(root)/CONFIGS/REST/\(cluster)" }
    /// `/C/IDEALSTATES`
    public var idealStates: String { "\(root)/IDEALSTATES" }
    /// `/C/IDEALSTATES/R`
    public func idealState(_ resource: String) -> String { "\(idealStates)/\(resource)" }
    /// `/C/STATEMODELDEFS`
    public var stateModels: String { "\(root)/STATEMODELDEFS" }
    /// `/C/STATEMODELDEFS/M`
    public func stateModel(_ model: String) -> String { "\(stateModels)/\(model)" }
    /// `/C/PROPERTYSTORE`
    public var propertyStore: String { "\(root)/PROPERTYSTORE" }

    // MARK: Instances

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
    /// `/C/INSTANCES/I/TASKCURRENTSTATES`
    public func taskCurrentStateSessions(_ instance: String) -> String { "\(instances)/\(instance)/TASKCURRENTSTATES" }
    /// `/C/INSTANCES/I/CUSTOMIZEDSTATES`
    public func customizedStates(_ instance: String) -> String { "\(instances)/\(instance)/CUSTOMIZEDSTATES" }
    /// `/C/INSTANCES/I/ERRORS`
    public func errorSessions(_ instance: String) -> String { "\(instances)/\(instance)/ERRORS" }
    /// `/C/INSTANCES/I/ERRORS/S/R/P`
    public func error(_ instance: String, session: String, resource: String, partition: String) -> String {
        "\(errorSessions(instance))/\(session)/\(resource)/\(partition)"
    }
    /// `/C/INSTANCES/I/STATUSUPDATES`
    public func statusUpdates(_ instance: String) -> String { "\(instances)/\(instance)/STATUSUPDATES" }
    /// `/C/INSTANCES/I/HEALTHREPORT`
    public func healthReports(_ instance: String) -> String { "\(instances)/\(instance)/HEALTHREPORT" }
    /// `/C/INSTANCES/I/HISTORY`
    public func instanceHistory(_ instance: String) -> String { "\(instances)/\(instance)/HISTORY" }

    // MARK: Views

    /// `/C/EXTERNALVIEW`
    public var externalViews: String { "\(root)/EXTERNALVIEW" }
    /// `/C/EXTERNALVIEW/R`
    public func externalView(_ resource: String) -> String { "\(externalViews)/\(resource)" }
    /// `/C/TARGETEXTERNALVIEW`
    public var targetExternalViews: String { "\(root)/TARGETEXTERNALVIEW" }
    /// `/C/TARGETEXTERNALVIEW/R`
    public func targetExternalView(_ resource: String) -> String { "\(targetExternalViews)/\(resource)" }
    /// `/C/CUSTOMIZEDVIEW`
    public var customizedViews: String { "\(root)/CUSTOMIZEDVIEW" }
    /// `/C/CUSTOMIZEDVIEW/T`, of a type of state.
    public func customizedViews(_ type: String) -> String { "\(customizedViews)/\(type)" }
    /// `/C/INSTANCES/I/CUSTOMIZEDSTATES/T/R`
    public func customizedState(_ instance: String, type: String, resource: String) -> String {
        "\(customizedStates(instance))/\(type)/\(resource)"
    }

    // MARK: Controller

    /// `/C/CONTROLLER`
    public var controller: String { "\(root)/CONTROLLER" }
    /// `/C/CONTROLLER/LEADER`
    public var leader: String { "\(controller)/LEADER" }
    /// `/C/CONTROLLER/HISTORY`
    public var controllerHistory: String { "\(controller)/HISTORY" }
    /// `/C/CONTROLLER/JOURNAL`, which is no place of Helix's: what happened and why.
    public var journal: String { "\(controller)/JOURNAL" }
    /// `/C/CONTROLLER/PAUSE`
    public var pause: String { "\(controller)/PAUSE" }
    /// `/C/CONTROLLER/MAINTENANCE`
    public var maintenance: String { "\(controller)/MAINTENANCE" }
    /// `/C/CONTROLLER/MESSAGES`
    public var controllerMessages: String { "\(controller)/MESSAGES" }
    /// `/C/CONTROLLER/MESSAGES/ID`
    public func controllerMessage(_ id: String) -> String { "\(controllerMessages)/\(id)" }
    /// `/C/CONTROLLER/STATUSUPDATES`
    public var controllerStatusUpdates: String { "\(controller)/STATUSUPDATES" }
    /// `/C/CONTROLLER/ERRORS`
    public var controllerErrors: String { "\(controller)/ERRORS" }
    /// `/C/STATUS/C`, where the controller of Helix writes it; its own path helper names another place.
    public var clusterStatus: String { "\(root)/STATUS/\(cluster)" }
    /// `/C/ASSIGNMENT_METADATA`
    public var assignmentMetadata: String { "\(root)/ASSIGNMENT_METADATA" }

    // MARK: Set-up

    /// The znodes without which a client refuses a cluster as not set up, and their parents, in the order in which they
    /// can be created (protocol reference 3.1).
    public var clusterSetup: [String] {
        [
            root, idealStates, configs, "\(configs)/CLUSTER", clusterConfig, instanceConfigs, resourceConfigs,
            customizedStateConfigs, propertyStore, liveInstances, instances, externalViews, stateModels, controller,
            controllerHistory, controllerMessages, controllerStatusUpdates, controllerErrors,
        ]
    }

    /// The znodes of an instance, its configuration first, in the order in which they can be created (protocol
    /// reference 3.2).
    public func instanceSetup(_ instance: String) -> [String] {
        [
            instanceConfig(instance), self.instance(instance), messages(instance), currentStateSessions(instance),
            taskCurrentStateSessions(instance), customizedStates(instance), errorSessions(instance),
            statusUpdates(instance), healthReports(instance), instanceHistory(instance),
        ]
    }
}
