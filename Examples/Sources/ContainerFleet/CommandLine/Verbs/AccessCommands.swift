import ArgumentParser
import FleetAPI
import FleetMaster
import Foundation
import NIOHTTP1

struct SecretCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secret", abstract: "Keep secrets that jobs get as files (store:name).",
        discussion: """
            Nobody gets a secret back but containers.

            EXAMPLES
              fleet secret put database-password --file password.txt
            """,
        subcommands: [Put.self, List.self, Remove.self])

    struct Put: ClientCommand {
        static let configuration = CommandConfiguration(abstract: "Keep a secret, in place of what it was before.")

        @OptionGroup var client: ClientOptions
        @Argument(help: "Its name.") var name: String
        @Option(name: .shortAndLong, help: "The file with it; standard input unless set.") var file: String?

        func perform(_ masters: MasterClient) async throws -> Answer {
            let data: Data
            if let file {
                guard let found = FileManager.default.contents(atPath: file) else {
                    throw ValidationError("\(file) cannot be read")
                }
                data = found
            } else {
                data = try FileHandle.standardInput.readToEnd() ?? Data()
            }
            guard let text = String(data: data, encoding: .utf8) else {
                throw ValidationError("the secret is no text; encode it, for example with base64")
            }
            _ = try await masters.send(.PUT, "/v1/secrets/\(MasterClient.escaped(name))", text: text)
            return Answer(json: try JSONText.of(["secret": name]), text: "\(name): kept")
        }
    }

    struct List: ClientCommand {
        static let configuration = CommandConfiguration(abstract: "List the names of secrets.")
        @OptionGroup var client: ClientOptions

        func perform(_ masters: MasterClient) async throws -> Answer {
            let (names, json) = try await masters.read([String].self, "/v1/secrets")
            return Answer(json: json, text: names.joined(separator: "\n"))
        }
    }

    struct Remove: ClientCommand {
        static let configuration = CommandConfiguration(abstract: "Forget a secret.")
        @OptionGroup var client: ClientOptions
        @Argument(help: "Its name.") var name: String

        func perform(_ masters: MasterClient) async throws -> Answer {
            _ = try await masters.send(.DELETE, "/v1/secrets/\(MasterClient.escaped(name))")
            return Answer(json: try JSONText.of(["secret": name]), text: "\(name): removed")
        }
    }
}

struct AccessCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "access", abstract: "Say who may ask masters for what, and look at who did.",
        subcommands: [Add.self, List.self, Remove.self, Audit.self])

    struct Add: ClientCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give somebody access; the token is shown this once.")

        @OptionGroup var client: ClientOptions
        @Argument(help: "Their name.") var name: String
        @Option(help: "reader, operator or admin.") var role = "operator"

        func perform(_ masters: MasterClient) async throws -> Answer {
            let json = try await masters.send(
                .PUT, "/v1/callers/\(MasterClient.escaped(name))", body: ["role": role])
            return Answer(json: json, text: try MasterClient.decode(CallerBody.self, json).token ?? "")
        }
    }

    struct List: ClientCommand {
        static let configuration = CommandConfiguration(abstract: "List who has access.")
        @OptionGroup var client: ClientOptions

        func perform(_ masters: MasterClient) async throws -> Answer {
            let (callers, json) = try await masters.read([CallerBody].self, "/v1/callers")
            return Answer(
                json: json, text: Terminal.table(["NAME", "ROLE"], callers.map { [$0.name, $0.role.rawValue] }))
        }
    }

    struct Remove: ClientCommand {
        static let configuration = CommandConfiguration(abstract: "Take somebody's access away.")
        @OptionGroup var client: ClientOptions
        @Argument(help: "Their name.") var name: String

        func perform(_ masters: MasterClient) async throws -> Answer {
            _ = try await masters.send(.DELETE, "/v1/callers/\(MasterClient.escaped(name))")
            return Answer(json: try JSONText.of(["caller": name]), text: "\(name): removed")
        }
    }

    struct Audit: ClientCommand {
        static let configuration = CommandConfiguration(abstract: "Show what was asked for, by whom.")
        @OptionGroup var client: ClientOptions
        @Option(help: "How many of the last requests.") var last = 100

        func perform(_ masters: MasterClient) async throws -> Answer {
            let (entries, json) = try await masters.read([AuditEntry].self, "/v1/audit", [("limit", "\(last)")])
            let rows = entries.map { [Terminal.time($0.time), $0.user, $0.subject, $0.action, $0.outcome, $0.master] }
            let header = ["TIME", "USER", "SUBJECT", "REQUEST", "OUTCOME", "MASTER"]
            return Answer(json: json, text: Terminal.table(header, rows))
        }
    }
}
