import ArgumentParser
import FleetAPI
import FleetJobs
import FleetMaster
import Foundation
import NIOHTTP1

struct JobCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "job", abstract: "Make, look at and remove jobs: what is to run.",
        subcommands: [Create.self, Inspect.self, List.self, Remove.self])

    struct Create: ClientCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create a job. It never changes: what is different is another version.",
            discussion: """
                A file has all that a job can say, in YAML or JSON; options go before what the file says.

                EXAMPLES
                  fleet job create web:1 nginx:1.27 --port http=80 --env MODE=fast --memory 256MiB --http-check http:/
                  fleet job create -f web.yaml
                  fleet job create web:2 --template web:1 --env MODE=slow
                  fleet job create copy:1 busybox --run-once --restart on-failure:3 -- cp /in/a /out/a
                """)

        @OptionGroup var client: ClientOptions
        @Argument(help: "name:version, and if you like :hash, which is then checked.") var job: String?
        @Argument(help: "The image.") var image: String?
        @Argument(parsing: .postTerminator, help: "After --: the command and its arguments.") var command: [String] = []
        @Option(name: .shortAndLong, help: "A file in YAML or JSON; - for standard input.") var file: String?
        @Option(name: .shortAndLong, help: "A job that it is like.") var template: String?
        @Option(help: "A variable: NAME=value; again for more.") var env: [String] = []
        @Option(name: .shortAndLong, help: "name=container, name=host:container, and /udp; again for more.")
        var port: [String] = []
        @Option(help: "[host path or volume name:]container path[:ro]; again for more.") var volume: [String] = []
        @Option(help: "The most memory, and what is reserved: 256MiB.") var memory: String?
        @Option(help: "The most processors, and what is reserved: 0.5.") var cpus: String?
        @Option(help: "What has to answer before it counts as running: port-name:/path.") var httpCheck: String?
        @Option(help: "What has to accept a connection before it counts as running: port-name.") var tcpCheck: String?
        @Option(help: "A command that has to end with 0 before it counts as running (split at blanks).")
        var execCheck: String?
        @Flag(help: "It runs once, to its end.") var runOnce = false
        @Option(help: "always, never or on-failure:N.") var restart: String?
        @Option(help: "A selector of hosts such as “role = web”; again for more.") var selector: [String] = []
        @Option(help: "bridge, host or container:name.") var network: String?
        @Option(help: "How long it still runs when it is no longer announced: 10s.") var gracePeriod: String?
        @Option(help: "How long it may take to end: 10s.") var stopTimeout: String?
        @Option(help: "When it is removed from everywhere: 2027-01-31T12:00:00Z.") var expires: String?
        @Option(help: "A secret as a file: name=file:/path, name=env:NAME or name=store:name; again for more.")
        var secret: [String] = []
        @Option(help: "Where the registry's credentials are, as with --secret.") var registryAuth: String?
        @Option(help: "What has to be said to deploy, stop or remove it.") var token: String?
        @Option(help: "Something for people: name=value; again for more.") var metadata: [String] = []
        @Flag(name: .shortAndLong, help: "Print nothing but the id.") var quiet = false

        func perform(_ masters: MasterClient) async throws -> Answer {
            var document = Document.map([:])
            if let template {
                document = try Document(text: try await masters.get("/v1/jobs/\(MasterClient.escaped(template))"))
                if case .map(var fields) = document {
                    for field in ["id", "created", "creator", "tokenHash"] { fields[field] = nil }
                    document = .map(fields)
                }
            }
            if let file { document = document.overridden(by: try Document(text: try Self.text(of: file))) }
            document = document.overridden(by: try options)
            let parts = (job ?? "").split(separator: ":")
            let id = parts.count == 3 ? job : nil
            let json = try await masters.send(
                .POST, "/v1/jobs", [("id", id)], text: document.canonicalJSON)
            let made = try MasterClient.decode(JobReference.self, json)
            return Answer(json: json, text: quiet ? made.id : "Created \(made.id)")
        }

        private static func text(of file: String) throws -> String {
            if file == "-" {
                return String(decoding: try FileHandle.standardInput.readToEnd() ?? Data(), as: UTF8.self)
            }
            guard let data = FileManager.default.contents(atPath: file) else {
                throw ValidationError("\(file) cannot be read")
            }
            return String(decoding: data, as: UTF8.self)
        }
    }

    struct Inspect: ClientCommand {
        static let configuration = CommandConfiguration(abstract: "Show all that a job says.")

        @OptionGroup var client: ClientOptions
        @Argument(help: "The job: enough of its id.") var job: String

        func perform(_ masters: MasterClient) async throws -> Answer {
            let json = try await masters.get("/v1/jobs/\(MasterClient.escaped(job))")
            let pretty = JSONSerialization.pretty(json) ?? json
            return Answer(json: json, text: pretty)
        }
    }

    struct List: ClientCommand {
        static let configuration = CommandConfiguration(abstract: "List jobs.")

        @OptionGroup var client: ClientOptions
        @Argument(help: "Only jobs whose id this may mean.") var pattern: String?
        @Flag(name: .shortAndLong, help: "Print nothing but ids.") var quiet = false
        @Flag(name: .shortAndLong, help: "Print ids in full.") var full = false

        func perform(_ masters: MasterClient) async throws -> Answer {
            let json = try await masters.get("/v1/jobs", [("q", pattern)])
            guard case .map(let jobs) = try Document(json: json) else { return Answer(json: json) }
            let ids = jobs.keys.sorted()
            if quiet { return Answer(json: json, text: ids.joined(separator: "\n")) }
            let rows = ids.map { id -> [String] in
                guard case .map(let fields) = jobs[id] ?? .null else { return [id, "", ""] }
                var (image, command) = ("", "")
                if case .text(let name)? = fields["image"] { image = name }
                if case .list(let words)? = fields["command"] {
                    command = words.map { if case .text(let word) = $0 { word } else { "" } }.joined(separator: " ")
                }
                return [StatusText.job(id, isFull: full), image, command]
            }
            return Answer(json: json, text: Terminal.table(["JOB", "IMAGE", "COMMAND"], rows))
        }
    }

    struct Remove: ClientCommand {
        static let configuration = CommandConfiguration(abstract: "Remove a job that is deployed nowhere.")

        @OptionGroup var client: ClientOptions
        @Argument(help: "The job: enough of its id.") var job: String
        @Option(help: "The job's token.") var token: String?
        @Flag(help: "Do not ask.") var yes = false

        var jobToken: String? { token }

        func perform(_ masters: MasterClient) async throws -> Answer {
            guard yes || client.json || Terminal.confirms("Remove \(job)?") else {
                throw ValidationError("not removed; say --yes where nobody can be asked")
            }
            let json = try await masters.send(.DELETE, "/v1/jobs/\(MasterClient.escaped(job))")
            return Answer(json: json, text: "Removed \(try MasterClient.decode(JobReference.self, json).id)")
        }
    }
}

extension JSONSerialization {
    static func pretty(_ text: String) -> String? {
        guard let value = try? jsonObject(with: Data(text.utf8)),
            let data = try? data(
                withJSONObject: value, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        else { return nil }
        return String(decoding: data, as: UTF8.self)
    }
}
