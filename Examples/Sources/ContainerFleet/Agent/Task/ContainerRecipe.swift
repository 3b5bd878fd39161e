import FleetEngine

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The labels by which an agent knows its containers.
public enum FleetLabel {
    /// The cluster.
    public static let cluster = "fleet.cluster"
    /// The host.
    public static let host = "fleet.host"
    /// The task.
    public static let task = "fleet.task"
    /// A fingerprint of what it was made from.
    public static let spec = "fleet.spec"
}

extension TaskSpec {
    /// Two specs have the same fingerprint when containers of one will do for the other: 64 bits of FNV-1a over JSON
    /// with its keys in order.
    var fingerprint: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes = (try? encoder.encode(self)) ?? Data()
        let hash = bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Whether its ports are those of the host.
    var hasHostNetwork: Bool { networkMode == "host" }

    /// The ports that it has to get on the host.
    var portWishes: [String: Port] {
        hasHostNetwork
            ? ports.mapValues { Port($0.inside, outside: $0.inside, address: $0.address, transport: $0.transport) }
            : ports
    }

    /// What a container of this task is made from.
    func container(of task: String, ports allotted: [String: Int], on host: HostConfiguration) -> ContainerSpec {
        var spec = ContainerSpec(image: image, command: command)
        spec.environment = host.environment
        for (name, port) in allotted { spec.environment["FLEET_PORT_\(name)"] = "\(host.address):\(port)" }
        spec.environment.merge(environment) { _, own in own }
        spec.labels = labels
        spec.labels.merge(host.labels) { _, own in own }
        spec.labels[FleetLabel.task] = task
        spec.labels[FleetLabel.spec] = fingerprint
        spec.ports =
            hasHostNetwork
            ? []
            : ports.sorted { $0.key < $1.key }.map { name, port in
                PortMapping(
                    port.inside, hostPort: allotted[name] ?? port.outside, hostAddress: port.address,
                    transport: port.transport)
            }
        spec.mounts = volumes.map(\.mount)
        spec.mounts += memoryFiles.sorted { $0.key < $1.key }.map { path, bytes in
            Mount(.memory(size: bytes, mode: nil), at: path)
        }
        spec.limits = Limits(memory: memory, nanoCPUs: processor.map { $0 * 1_000_000 }, processes: processes)
        spec.networkMode = networkMode
        spec.addedCapabilities = addedCapabilities
        spec.droppedCapabilities = droppedCapabilities
        spec.securityOptions = securityOptions
        spec.extraHosts = host.extraHosts
        spec.nameServers = host.nameServers
        spec.hostname = hostname
        spec.stopTimeout = stopTimeout
        spec.user = user
        return spec
    }
}

extension Volume {
    var mount: Mount {
        let isPath = source?.hasPrefix("/") == true
        return Mount(isPath ? .host(path: source ?? "") : .volume(name: source), at: target, isReadOnly: isReadOnly)
    }
}
