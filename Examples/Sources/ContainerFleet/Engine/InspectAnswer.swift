/// What the Engine says about a container (Engine facts 12.3). Every field may be missing or null: Podman and Docker,
/// and their versions, differ in that.
struct InspectAnswer: Decodable {
    struct State: Decodable {
        struct Health: Decodable {
            var status: String?
        }

        var status: String?
        var running: Bool?
        var pid: Int?
        var exitCode: Int?
        var oomKilled: Bool?
        var error: String?
        var startedAt: String?
        var finishedAt: String?
        var health: Health?
    }

    struct Config: Decodable {
        var image: String?
        var hostname: String?
        var tty: Bool?
        var labels: [String: String]?
        var env: [String]?
    }

    struct Binding: Decodable {
        var hostIp: String?
        var hostPort: String?
    }

    struct Networks: Decodable {
        struct Network: Decodable {
            var ipAddress: String?
        }

        var ports: [String: [Binding]?]?
        var networks: [String: Network]?
    }

    var id: String
    var name: String?
    var state: State?
    var config: Config?
    var networkSettings: Networks?

    var details: ContainerDetails {
        ContainerDetails(
            id: id, name: (name ?? "").withoutSlash, image: config?.image ?? "", labels: config?.labels ?? [:],
            environment: Self.variables(config?.env ?? []), hostname: config?.hostname ?? "",
            hasTerminal: config?.tty ?? false, state: state?.state ?? ContainerState(.dead),
            addresses: (networkSettings?.networks ?? [:]).compactMapValues { $0.ipAddress?.orNil },
            ports: Self.ports(networkSettings?.ports ?? [:]))
    }

    private static func variables(_ lines: [String]) -> [String: String] {
        let pairs = lines.map { $0.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false) }
        return Dictionary(pairs.map { (String($0[0]), $0.count > 1 ? String($0[1]) : "") }) { $1 }
    }

    private static func ports(_ bindings: [String: [Binding]?]) -> [PortMapping] {
        let ports = bindings.flatMap { key, bindings -> [PortMapping] in
            let parts = key.split(separator: "/")
            guard let first = parts.first, let port = Int(first) else { return [] }
            let transport = parts.count > 1 ? TransportProtocol(rawValue: String(parts[1])) : .tcp
            guard let transport else { return [] }
            return (bindings ?? []).map {
                PortMapping(
                    port, hostPort: $0.hostPort.flatMap { Int($0) }, hostAddress: $0.hostIp?.orNil, transport: transport
                )
            }
        }
        return ports.sorted {
            ($0.containerPort, $0.transport.rawValue, $0.hostAddress ?? "", $0.hostPort ?? 0)
                < ($1.containerPort, $1.transport.rawValue, $1.hostAddress ?? "", $1.hostPort ?? 0)
        }
    }
}

extension InspectAnswer.State {
    /// The Engine fills in an exit code of 0, a process of 0 and the year 1 where there is none.
    var state: ContainerState {
        let status = ContainerState.Status(rawValue: status ?? (running == true ? "running" : "exited"))
        let hasEnded = status == .exited || status == .dead
        return ContainerState(
            status, process: pid == 0 ? nil : pid, exitCode: hasEnded ? exitCode : nil,
            ranOutOfMemory: oomKilled ?? false, error: error?.orNil, startedAt: startedAt?.dateOrNil,
            finishedAt: finishedAt?.dateOrNil,
            health: health?.status.flatMap { ContainerState.Health(rawValue: $0) })
    }
}

/// A container in the Engine's list.
struct ListedContainer: Decodable {
    var id: String
    var names: [String]?
    var image: String?
    var labels: [String: String]?
    var state: String?

    var summary: ContainerSummary {
        ContainerSummary(
            id: id, name: (names?.first ?? "").withoutSlash, image: image ?? "", labels: labels ?? [:],
            status: ContainerState.Status(rawValue: state ?? ""))
    }
}

extension String {
    fileprivate var withoutSlash: String { hasPrefix("/") ? String(dropFirst()) : self }
    fileprivate var orNil: String? { isEmpty ? nil : self }
    fileprivate var dateOrNil: String? { isEmpty || hasPrefix("0001-") ? nil : self }
}
