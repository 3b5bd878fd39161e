import Coordination
public import HelixAdmin
public import HelixController
public import HelixParticipant
import HelixRecords
public import HelixSpectator

// The roles of a cluster, with the options that all recipes have in common.
extension ClusterOptions {
    /// Creates a cluster that nodes may join by themselves, and a resource in it. What is there already stays.
    public func setUp(_ cluster: String, _ resource: String, _ settings: ResourceSettings) async throws {
        try await coordination.withSession { session in
            let administrator = Administrator(session: session)
            try await administrator.addCluster(cluster)
            try await administrator.updateClusterConfig(cluster) { $0.allowsAutoJoin = true }
            do {
                try await administrator.addResource(resource, settings, in: cluster)
                say("CREATED \(resource) in cluster \(cluster)")
            } catch let error as AdministrationError where error.code == .alreadyExists {
                say("FOUND \(resource) in cluster \(cluster)")
            }
        }
    }

    /// A process that carries replicas.
    public func participant(_ instance: String, in cluster: String) -> Participant {
        var configuration = ParticipantConfiguration()
        configuration.sessionTimeout = timeout
        return Participant(
            cluster: cluster, instance: instance, coordination: coordination, configuration: configuration,
            logger: logger)
    }

    /// A process that decides who carries what. Run two, and one stands by.
    public func controller(_ name: String, of cluster: String) -> Controller {
        var configuration = ControllerConfiguration()
        configuration.sessionTimeout = timeout
        return Controller(
            cluster: cluster, name: name, coordination: coordination, configuration: configuration, logger: logger)
    }

    /// A process that looks on.
    public func spectator(of cluster: String, source: RoutingSource = .externalView) -> Spectator {
        var configuration = SpectatorConfiguration(source: source)
        configuration.sessionTimeout = timeout
        return Spectator(cluster: cluster, coordination: coordination, configuration: configuration, logger: logger)
    }
}
