import ArgumentParser
import FleetJobs

extension JobCommand.Create {
    /// What the options say, as a file would.
    var options: Document {
        get throws {
            var fields: [String: Document] = [:]
            if let job {
                let parts = job.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
                guard parts.count == 2 || parts.count == 3 else {
                    throw ValidationError("the job is “\(job)”, expected name:version")
                }
                fields["name"] = .text(parts[0])
                fields["version"] = .text(parts[1])
            }
            fields["image"] = image.map { .text($0) }
            if !command.isEmpty { fields["command"] = .list(command.map { .text($0) }) }
            fields["env"] = Self.map(try Pairs.read(env, "--env"))
            fields["metadata"] = Self.map(try Pairs.read(metadata, "--metadata"))
            if !port.isEmpty {
                fields["ports"] = .map(try Pairs.read(port, "--port").mapValues { try Self.port($0) })
            }
            if !volume.isEmpty { fields["volumes"] = .map(try Self.volumes(volume)) }
            var resources: [String: Document] = [:]
            resources["memory"] = memory.map { .text($0) }
            resources["cpus"] = cpus.map { .number($0) }
            if !resources.isEmpty { fields["resources"] = .map(resources) }
            if let gate = try gate { fields["health"] = .map(["gate": .map(gate)]) }
            if runOnce { fields["runOnce"] = .flag(true) }
            fields["restart"] = restart.map { text in
                text.hasPrefix("on-failure:") ? .map(["onFailure": .number(String(text.dropFirst(11)))]) : .text(text)
            }
            if !selector.isEmpty { fields["hosts"] = .list(selector.map { .text($0) }) }
            fields["network"] = network.map { .text($0) }
            fields["gracePeriod"] = gracePeriod.map { .text($0) }
            fields["stopTimeout"] = stopTimeout.map { .text($0) }
            fields["expires"] = expires.map { .text($0) }
            fields["registryAuth"] = registryAuth.map { .text($0) }
            fields["token"] = token.map { .text($0) }
            if !secret.isEmpty {
                let pairs = try Pairs.read(secret, "--secret").sorted { $0.key < $1.key }
                fields["secrets"] = .list(pairs.map { .map(["name": .text($0.key), "source": .text($0.value)]) })
            }
            return .map(fields)
        }
    }

    private static func map(_ pairs: [String: String]) -> Document? {
        pairs.isEmpty ? nil : .map(pairs.mapValues { .text($0) })
    }

    /// `80`, `8080:80`, `8080:80/udp`: as Docker has it, the host's port goes first.
    private static func port(_ text: String) throws -> Document {
        let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
        let numbers = (parts.first ?? "").split(separator: ":").map(String.init)
        guard (1...2).contains(numbers.count), numbers.allSatisfy({ Int($0) != nil }) else {
            throw ValidationError("--port is “\(text)”, expected name=container or name=host:container")
        }
        var fields: [String: Document] = ["container": .number(numbers[numbers.count - 1])]
        if numbers.count == 2 { fields["host"] = .number(numbers[0]) }
        if parts.count == 2 { fields["protocol"] = .text(parts[1]) }
        return .map(fields)
    }

    private static func volumes(_ texts: [String]) throws -> [String: Document] {
        var volumes: [String: Document] = [:]
        for text in texts {
            var parts = text.split(separator: ":").map(String.init)
            let isReadOnly = parts.last == "ro"
            if isReadOnly || parts.last == "rw" { parts.removeLast() }
            guard (1...2).contains(parts.count), let path = parts.last, path.hasPrefix("/") else {
                throw ValidationError("--volume is “\(text)”, expected [source:]/path[:ro]")
            }
            var fields: [String: Document] = ["readOnly": .flag(isReadOnly)]
            if parts.count == 2 { fields[parts[0].hasPrefix("/") ? "host" : "name"] = .text(parts[0]) }
            volumes[path] = .map(fields)
        }
        return volumes
    }

    private var gate: [String: Document]? {
        get throws {
            let given = [httpCheck, tcpCheck, execCheck].compactMap { $0 }
            guard given.count <= 1 else {
                throw ValidationError("there are \(given.count) checks, expected one: a file can say more")
            }
            if let httpCheck {
                let parts = httpCheck.split(separator: ":", maxSplits: 1).map(String.init)
                return [
                    "http": .map(["port": .text(parts.first ?? ""), "path": .text(parts.count > 1 ? parts[1] : "/")])
                ]
            }
            if let tcpCheck { return ["tcp": .map(["port": .text(tcpCheck)])] }
            return execCheck.map { text in
                ["command": .list(text.split(separator: " ").map { .text(String($0)) })]
            }
        }
    }
}
