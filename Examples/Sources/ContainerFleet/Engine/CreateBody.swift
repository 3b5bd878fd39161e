/// ``ContainerSpec`` as the Engine reads it (Engine facts 12.4). What is `nil` is left out.
struct CreateBody: Encodable {
    struct Empty: Encodable {}

    struct Binding: Encodable {
        var hostIp: String
        var hostPort: String
    }

    struct MountBody: Encodable {
        struct Memory: Encodable {
            var sizeBytes: Int64?
            var mode: Int?
        }

        var type: String
        var source: String?
        var target: String
        var readOnly: Bool
        var tmpfsOptions: Memory?
    }

    struct Log: Encodable {
        var type: String
        var config: [String: String]
    }

    struct Restart: Encodable {
        var name = "no"
    }

    struct Host: Encodable {
        var portBindings: [String: [Binding]]
        var mounts: [MountBody]
        var networkMode: String?
        // Whether and when a container is restarted is decided by who made it.
        var restartPolicy = Restart()
        var memory: Int64?
        var memorySwap: Int64?
        var nanoCpus: Int64?
        var pidsLimit: Int64?
        var capAdd: [String]
        var capDrop: [String]
        var securityOpt: [String]
        var extraHosts: [String]
        var dns: [String]
        var logConfig: Log?
        var `init`: Bool
    }

    var image: String
    var cmd: [String]?
    var entrypoint: [String]?
    var env: [String]
    var labels: [String: String]
    var exposedPorts: [String: Empty]
    var hostname: String?
    var stopSignal: String?
    var stopTimeout: Int64?
    var user: String?
    var workingDir: String?
    var tty: Bool
    var hostConfig: Host

    init(_ spec: ContainerSpec) {
        image = spec.image
        cmd = spec.command
        entrypoint = spec.entrypoint
        env = Self.pairs(spec.environment, "=")
        labels = spec.labels
        exposedPorts = Dictionary(spec.ports.map { ($0.key, Empty()) }) { first, _ in first }
        hostname = spec.hostname
        stopSignal = spec.stopSignal
        stopTimeout = spec.stopTimeout?.wholeSeconds
        user = spec.user
        workingDir = spec.workingDirectory
        tty = spec.hasTerminal
        hostConfig = Host(
            portBindings: Dictionary(grouping: spec.ports, by: \.key).mapValues { $0.map(Self.binding) },
            mounts: spec.mounts.map(Self.mount), networkMode: spec.networkMode,
            // Equal limits of memory and of memory with swap are no swap.
            memory: spec.limits.memory, memorySwap: spec.limits.memory, nanoCpus: spec.limits.nanoCPUs,
            pidsLimit: spec.limits.processes, capAdd: spec.addedCapabilities, capDrop: spec.droppedCapabilities,
            securityOpt: spec.securityOptions, extraHosts: Self.pairs(spec.extraHosts, ":"), dns: spec.nameServers,
            logConfig: spec.log.map { Log(type: $0.driver, config: $0.options) }, init: spec.hasInit)
    }

    private static func pairs(_ values: [String: String], _ separator: String) -> [String] {
        values.sorted { $0.key < $1.key }.map { "\($0.key)\(separator)\($0.value)" }
    }

    private static func binding(_ port: PortMapping) -> Binding {
        Binding(hostIp: port.hostAddress ?? "", hostPort: port.hostPort.map(String.init) ?? "")
    }

    private static func mount(_ mount: Mount) -> MountBody {
        switch mount.source {
        case .host(let path):
            MountBody(type: "bind", source: path, target: mount.target, readOnly: mount.isReadOnly)
        case .volume(let name):
            MountBody(type: "volume", source: name, target: mount.target, readOnly: mount.isReadOnly)
        case .memory(let size, let mode):
            MountBody(
                type: "tmpfs", target: mount.target, readOnly: mount.isReadOnly,
                tmpfsOptions: MountBody.Memory(sizeBytes: size, mode: mode))
        }
    }
}

extension Duration {
    /// Rounded up: who gives 1.5 seconds gives 2 rather than 1.
    var wholeSeconds: Int64 {
        components.attoseconds > 0 ? components.seconds + 1 : components.seconds
    }

    /// Of another precision.
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
