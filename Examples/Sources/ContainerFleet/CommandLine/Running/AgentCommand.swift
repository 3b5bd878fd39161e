import ArgumentParser
import FleetAgent
import FleetEngine
import FleetHost
import FleetJobs
import FleetModel
import Foundation
import Hummingbird
import Logging
import ServiceLifecycle

struct AgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent", abstract: "Run the containers of a host, on its Docker Engine or Podman.",
        discussion: """
            When the agent ends, containers run on; when it is started again it takes them over. It goes on without \
            ZooKeeper by what is in its state directory. SIGTERM and Ctrl-C end it.

            EXAMPLES
              fleet agent --zookeeper zk1:2181,zk2:2181 --label role=web --label disk=ssd --cpus 8 --memory 32GiB
              fleet agent --name rack3-host7 --zone rack3 --engine unix:///run/podman/podman.sock
              fleet agent --api-token-file /etc/fleet/agent-token --listen 0.0.0.0:5803 --address 10.0.0.7
            """)

    @OptionGroup var store: StoreOptions
    @Option(help: "The host's name, unlike any other's (FLEET_NAME; the machine's name).") var name: String?
    @Option(help: "The directory of what the agent remembers (FLEET_STATE_DIR; /var/lib/fleet).") var stateDir: String?
    @Option(help: "The Engine: unix:///path or tcp://host:port (DOCKER_HOST, or the socket that is there).")
    var engine: String?
    @Option(help: "A label of the host for selectors: name=value; again for more.") var label: [String] = []
    @Option(help: "How many processors tasks may have, for example 3.5; not counted unless set.") var cpus: String?
    @Option(help: "How much memory tasks may have, for example 16GiB; not counted unless set.") var memory: String?
    @Option(help: "What fails together with the host, for example its rack.") var zone: String?
    @Option(help: "The ports that tasks get which do not ask for certain ones: first-last.") var portRange =
        "20000-32767"
    @Option(help: "A variable that each container gets: NAME=value; again for more.") var env: [String] = []
    @Option(help: "A name server of containers; again for more.") var dns: [String] = []
    @Option(help: "A name that containers know: name=address; again for more.") var addHost: [String] = []
    @Option(help: "Where others reach the host (FLEET_ADDRESS; 127.0.0.1).") var address: String?
    @Option(help: "Where the agent answers `fleet logs` and `fleet exec` if it has a token: host:port.")
    var listen = "127.0.0.1:5803"
    @Option(help: "A file with what they have to say (FLEET_AGENT_TOKEN has it itself); without, nobody is answered.")
    var apiTokenFile: String?
    @Option(help: "How long ended containers are kept, for example 1h.") var retention = "1h"
    @Flag(help: "Try health at ports of the host, where containers' own addresses are not reached.")
    var probeHostPorts = false

    func run() async throws {
        let logger = store.logger("fleet.agent")
        let host = name ?? Environment["NAME"] ?? ProcessInfo.processInfo.hostName
        var configuration = HostAgent.Configuration(cluster: store.clusterName, host: host)
        configuration.sessionTimeout = store.timeout
        configuration.credentials = try store.credentials
        configuration.description = try description
        configuration.containers = try containers(host)
        let token = try apiTokenFile.map { try TextFile.line($0) } ?? Environment["AGENT_TOKEN"]
        let door = try ListenAddress(listen, "--listen")
        if token != nil { configuration.endpoint = "\(configuration.containers.address):\(door.port)" }
        let engine = DockerEngine(at: try engineAddress)
        let disk = try AgentDisk(at: stateDir ?? Environment["STATE_DIR"] ?? "/var/lib/fleet")
        let agent = try HostAgent(
            configuration, engine: engine, disk: disk, coordination: store.coordination, logger: logger)
        var services: [any Service] = []
        if let token {
            let server = AgentServer(agent.tasks, engine: engine, token: token, logger: logger)
            services.append(server.application(at: .hostname(door.host, port: door.port)))
        }
        logger.notice("The agent of \(host) begins", metadata: ["cluster": "\(store.clusterName)"])
        try await store.run(services + [agent], logger)
    }

    private var engineAddress: EngineAddress {
        get throws {
            var environment = ProcessInfo.processInfo.environment
            if let engine { environment["DOCKER_HOST"] = engine }
            return try EngineAddress.find(environment: environment) { FileManager.default.fileExists(atPath: $0) }
        }
    }

    private var description: HostDescription {
        get throws {
            let share = try cpus.map { text in
                guard let share = ProcessorShare(text) else {
                    throw ValidationError("--cpus is “\(text)”, expected a number such as 4 or 0.5")
                }
                return Int(share.thousandths)
            }
            let mebibytes = try memory.map { text in
                guard let count = ByteCount(text), count.bytes >= 1 << 20 else {
                    throw ValidationError("--memory is “\(text)”, expected a size such as 16GiB")
                }
                return Int(count.bytes >> 20)
            }
            return HostDescription(
                labels: try Pairs.read(label, "--label"), cpus: share, memory: mebibytes, zone: zone)
        }
    }

    private func containers(_ host: String) throws -> HostConfiguration {
        var configuration = HostConfiguration(cluster: store.clusterName, host: host)
        configuration.address = address ?? Environment["ADDRESS"] ?? "127.0.0.1"
        configuration.environment = try Pairs.read(env, "--env")
        configuration.nameServers = dns
        configuration.extraHosts = try Pairs.read(addHost, "--add-host")
        let bounds = portRange.split(separator: "-").compactMap { Int($0) }
        guard bounds.count == 2, bounds[0] >= 1, bounds[0] <= bounds[1], bounds[1] <= 65_535 else {
            throw ValidationError("--port-range is “\(portRange)”, expected first-last")
        }
        configuration.ports = bounds[0]..<(bounds[1] + 1)
        guard let kept = TimeSpan(retention) else {
            throw ValidationError("--retention is “\(retention)”, expected a time such as 90m")
        }
        configuration.retention = kept.duration
        configuration.probesHostPorts = probeHostPorts
        return configuration
    }
}
