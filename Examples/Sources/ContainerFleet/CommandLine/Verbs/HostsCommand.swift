import ArgumentParser
import FleetAPI
import FleetMaster
import NIOHTTP1

struct HostsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hosts", abstract: "Look at hosts, label them, and take them out of service.",
        discussion: """
            EXAMPLES
              fleet hosts list --selector "role = web"
              fleet hosts label host1 role=web disk-
              fleet hosts drain host1
            """,
        subcommands: [
            List.self, Label.self, Cordon.self, Uncordon.self, Drain.self, Register.self, Deregister.self,
        ], defaultSubcommand: List.self)

    struct List: ClientCommand {
        static let configuration = CommandConfiguration(abstract: "List hosts.")

        @OptionGroup var client: ClientOptions
        @Argument(help: "Only hosts whose names begin so.") var prefix: String?
        @Option(name: .shortAndLong, help: "Only hosts that match: “role = web”; again for more.")
        var selector: [String] = []
        @Flag(name: .shortAndLong, help: "Print nothing but names.") var quiet = false

        func perform(_ masters: MasterClient) async throws -> Answer {
            let query = [("prefix", prefix)] + selector.map { ("selector", Optional($0)) }
            let (hosts, json) = try await masters.read([HostBody].self, "/v1/hosts", query)
            if quiet { return Answer(json: json, text: hosts.map(\.name).joined(separator: "\n")) }
            let rows = hosts.map { host in
                [
                    host.name, host.status, "\(host.tasks ?? 0)", "\(host.running ?? 0)",
                    host.cpus.map { "\(Double($0) / 1_000)" } ?? "-", host.memory.map { "\($0)MiB" } ?? "-",
                    host.zone ?? "-",
                    host.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " "),
                ]
            }
            let header = ["HOST", "STATUS", "TASKS", "RUNNING", "CPUS", "MEMORY", "ZONE", "LABELS"]
            return Answer(json: json, text: Terminal.table(header, rows))
        }
    }

    struct Label: ClientCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a host labels (name=value), or take them (name-).")

        @OptionGroup var client: ClientOptions
        @Argument(help: "The host.") var host: String
        @Argument(help: "name=value or name-.") var labels: [String]

        func perform(_ masters: MasterClient) async throws -> Answer {
            var body = LabelsJSON(set: [:], remove: [])
            for label in labels where label.hasSuffix("-") && !label.contains("=") {
                body.remove.append(String(label.dropLast()))
            }
            body.set = try Pairs.read(labels.filter { $0.contains("=") || !$0.hasSuffix("-") }, "the label")
            let path = "/v1/hosts/\(MasterClient.escaped(host))/labels"
            return try Answer(host: try await masters.send(.PATCH, path, body: body))
        }
    }

    struct Cordon: ClientCommand {
        static let configuration = CommandConfiguration(abstract: "Give a host nothing new.")
        @OptionGroup var client: ClientOptions
        @Argument(help: "The host.") var host: String
        func perform(_ masters: MasterClient) async throws -> Answer { try await masters.ask(host, "cordon") }
    }

    struct Uncordon: ClientCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a host tasks again that was cordoned or drained.")
        @OptionGroup var client: ClientOptions
        @Argument(help: "The host.") var host: String
        func perform(_ masters: MasterClient) async throws -> Answer { try await masters.ask(host, "uncordon") }
    }

    struct Drain: ClientCommand {
        static let configuration = CommandConfiguration(abstract: "Have everything that a host has go elsewhere.")
        @OptionGroup var client: ClientOptions
        @Argument(help: "The host.") var host: String
        func perform(_ masters: MasterClient) async throws -> Answer { try await masters.ask(host, "drain") }
    }

    struct Register: ClientCommand {
        static let configuration = CommandConfiguration(abstract: "Make a host known before its agent has run.")

        @OptionGroup var client: ClientOptions
        @Argument(help: "The host.") var host: String
        @Option(help: "A label: name=value; again for more.") var label: [String] = []

        func perform(_ masters: MasterClient) async throws -> Answer {
            let body = ["labels": try Pairs.read(label, "--label")]
            _ = try await masters.send(.PUT, "/v1/hosts/\(MasterClient.escaped(host))", body: body)
            return Answer(json: try JSONText.of(["host": host]), text: "\(host): registered")
        }
    }

    struct Deregister: ClientCommand {
        static let configuration = CommandConfiguration(abstract: "Forget a host whose agent is gone.")

        @OptionGroup var client: ClientOptions
        @Argument(help: "The host.") var host: String
        @Flag(help: "Do not ask.") var yes = false

        func perform(_ masters: MasterClient) async throws -> Answer {
            guard yes || client.json || Terminal.confirms("Forget \(host)?") else {
                throw ValidationError("not deregistered; say --yes where nobody can be asked")
            }
            _ = try await masters.send(.DELETE, "/v1/hosts/\(MasterClient.escaped(host))")
            return Answer(json: try JSONText.of(["host": host]), text: "\(host): deregistered")
        }
    }
}

private struct LabelsJSON: Encodable {
    var set: [String: String]
    var remove: [String]
}

extension HostBody {
    fileprivate var status: String {
        (up ? "UP" : "DOWN") + (draining ? ",DRAINING" : cordoned ? ",CORDONED" : "")
    }
}

extension Answer {
    fileprivate init(host json: String) throws {
        let host = try MasterClient.decode(HostBody.self, json)
        let labels = host.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        self.init(json: json, text: "\(host.name): \(host.status) \(labels.joined(separator: " "))")
    }
}

extension MasterClient {
    fileprivate func ask(_ host: String, _ what: String) async throws -> Answer {
        try Answer(host: try await send(.POST, "/v1/hosts/\(Self.escaped(host))/\(what)"))
    }
}
