import FleetEngine
import Testing

@testable import FleetAgent

@Suite("What containers are made from")
struct ContainerRecipeTests {
    private var host: HostConfiguration {
        var host = HostConfiguration(cluster: "blue", host: "node/1")
        host.address = "10.1.1.1"
        host.environment = ["A": "agent", "B": "agent", "FLEET_PORT_web": "agent"]
        return host
    }

    @Test("environment variables of the spec go before those of ports, and those before the agent's (AC48)")
    func environment() {
        var spec = TaskSpec(image: "web:1")
        spec.environment = ["A": "spec"]
        spec.ports = ["web": Port(80)]
        let container = spec.container(of: "web_0", ports: ["web": 20_000], on: host)
        #expect(container.environment == ["A": "spec", "B": "agent", "FLEET_PORT_web": "10.1.1.1:20000"])
        #expect(container.ports == [PortMapping(80, hostPort: 20_000)])
    }

    @Test("labels of the spec do not take the place of the agent's")
    func labels() {
        var spec = TaskSpec(image: "web:1")
        spec.labels = ["team": "shop", FleetLabel.task: "somebody else"]
        let labels = spec.container(of: "web_0", ports: [:], on: host).labels
        #expect(labels["team"] == "shop")
        #expect(labels[FleetLabel.task] == "web_0")
        #expect(labels[FleetLabel.cluster] == "blue" && labels[FleetLabel.host] == "node/1")
        #expect(labels[FleetLabel.spec] == spec.fingerprint)
    }

    @Test("ports of the host's own network are its own")
    func hostNetwork() {
        var spec = TaskSpec(image: "web:1")
        spec.networkMode = "host"
        spec.ports = ["web": Port(80)]
        #expect(spec.portWishes["web"]?.outside == 80)
        #expect(spec.container(of: "web_0", ports: ["web": 80], on: host).ports == [])
    }

    @Test("a fingerprint follows from what is not as usual, and stays the same over versions")
    func fingerprint() {
        var spec = TaskSpec(image: "web:1", command: ["serve"])
        spec.environment = ["B": "2", "A": "1"]
        #expect(spec.fingerprint == "03c39b6b7ad93824")
        spec.environment["A"] = "2"
        #expect(spec.fingerprint != "03c39b6b7ad93824")
    }

    @Test("names hold what the Engine allows")
    func names() {
        #expect(host.containerName(of: "shop web_0", suffix: "1f") == "fleet-node_1-shop_web_0-1f")
    }
}
