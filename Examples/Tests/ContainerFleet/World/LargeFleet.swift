public import Coordination
import FleetJobs
import FleetMaster
import FleetModel
import HelixAdmin
import HelixRecords

/// The records of a fleet in which everything runs, as its agents would have written them.
public enum LargeFleet {
    /// Writes them. A master that is somewhere else leads.
    /// - Parameters:
    ///   - hosts: the number of hosts.
    ///   - jobs: the number of jobs, each of which runs on every host.
    public static func write(hosts count: Int, jobs: Int, _ session: any CoordinationSession) async throws {
        let hosts = (0..<count).map { "host\($0 + 1_000)" }
        let paths = ClusterPaths(cluster: "fleet")
        try await Administrator(session: session).addCluster("fleet")
        let store = FleetStore(cluster: "fleet", session: session)
        _ = try await store.setUp(makeID: { "large" })
        var resources: [FleetResource] = []
        for number in 0..<jobs {
            let job = try await store.create(Job(name: "job\(number)", version: "1", image: "nginx"))
            let resource = FleetResource(deployment: "job\(number)", job: job)
            resources.append(resource)
            try await store.change(resource.deployment) { _, _ in
                Deployment(
                    name: resource.deployment, job: job.description, target: .everyHost, user: "ann", at: 0)
            }
            try await session.create(paths.idealState(resource.name), try idealState(of: resource, on: hosts))
        }
        try await session.create(
            paths.leader, try LiveInstance.make(instance: "other", sessionID: "1", process: "1@other").encoded())
        for host in hosts { try await session.commit(try operations(for: host, resources, paths)) }
    }

    private static func idealState(of resource: FleetResource, on hosts: [String]) throws -> [UInt8] {
        var idealState = IdealState(id: resource.name)
        resource.mark(&idealState)
        idealState.rebalanceMode = .semiAuto
        idealState.stateModel = "Container"
        idealState.replicas = .count(1)
        for host in hosts { idealState.preferenceLists[resource.partition(host)] = [host] }
        return try idealState.encoded()
    }

    private static func operations(
        for host: String, _ resources: [FleetResource], _ paths: ClusterPaths
    ) throws -> [WriteOperation] {
        var config = InstanceConfig(id: host)
        HostDescription(labels: ["role": "web"]).apply(to: &config)
        let data = try config.encoded()
        var operations: [WriteOperation] = paths.instanceSetup(host).map { path in
            .create(path, data: path == paths.instanceConfig(host) ? data : [])
        }
        let live = LiveInstance.make(instance: host, sessionID: "s-\(host)", process: "1@\(host)")
        operations.append(.create(paths.liveInstance(host), data: try live.encoded()))
        operations.append(.create(paths.currentStates(host, session: "s-\(host)")))
        for resource in resources {
            var state = CurrentState(resource: resource.name, sessionID: "s-\(host)", stateModel: "Container")
            var detail = TaskDetail()
            detail.phase = "RUNNING"
            detail.container = "\(host)-\(resource.deployment)"
            detail.ports = ["http": 31_000]
            detail.agent = "10.0.0.1:5803"
            state[resource.partition(host)] = ReplicaState(
                fields: ["CURRENT_STATE": "RUNNING", "INFO": detail.text, "END_TIME": "1000"])
            operations.append(
                .create(
                    paths.currentState(host, session: "s-\(host)", resource: resource.name),
                    data: try state.encoded()))
        }
        return operations
    }
}
