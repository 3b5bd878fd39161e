import ArgumentParser
import FleetAPI
import FleetMaster
import Foundation

/// Which masters a command asks, and how it answers.
struct ClientOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A master: http(s)://host:port; again, or with commas, for more (FLEET_MASTER; http://127.0.0.1:5801)."))
    var master: [String] = []

    @Option(help: "A cluster of the configuration file; again for more: each is asked in turn (FLEET_CLUSTER_NAMES).")
    var cluster: [String] = []

    @Option(help: "The configuration file (FLEET_CONFIG; ~/.fleet/config).") var config: String?
    @Option(help: "Your access token (FLEET_TOKEN).") var accessToken: String?
    @Option(help: "A file with the certificates of those who sign masters' certificates (FLEET_CA_FILE).")
    var caFile: String?
    @Option(help: "The name under which you are known to open masters (the system's user).") var user: String?
    @Option(help: "Seconds for which an answer is waited for, and other masters are tried (FLEET_RETRY_TIMEOUT; 60).")
    var retryTimeout: Double?
    @Flag(help: "Answer in JSON.") var json = false

    /// The clusters that are asked, by their names; the name is empty where only masters are given.
    var targets: [Target] {
        get throws {
            let token = accessToken ?? Environment["TOKEN"]
            let masters = Self.list(master) ?? Environment["MASTER"].flatMap { Self.list([$0]) }
            if let masters, cluster.isEmpty { return [Target(name: "", masters: masters, token: token)] }
            let names = Self.list(cluster) ?? Environment["CLUSTER_NAMES"].flatMap { Self.list([$0]) }
            let file = try ConfigFile.read(config ?? Environment["CONFIG"])
            guard let names = names ?? file?.default.map({ [$0] }) else {
                return [Target(name: "", masters: ["http://127.0.0.1:5801"], token: token)]
            }
            return try names.map { name in
                guard let known = file?.clusters[name] else {
                    let there = file?.clusters.keys.sorted().joined(separator: ", ") ?? "none, since there is no file"
                    throw ValidationError("there is no cluster “\(name)” in the configuration file, only: \(there)")
                }
                return Target(name: name, masters: known.masters, token: token ?? known.token)
            }
        }
    }

    private static func list(_ texts: [String]) -> [String]? {
        let parts = texts.flatMap { $0.split(separator: ",") }.map { $0.trimmingCharacters(in: .whitespaces) }
        return parts.isEmpty ? nil : parts
    }

    /// Asks each cluster in turn, prints what they answer, and ends with the first exit code that is not 0.
    func perform(jobToken: String? = nil, _ body: (MasterClient) async throws -> Answer) async throws {
        let targets = try targets
        var (answers, exit): ([String: String], Int32) = ([:], 0)
        for target in targets {
            let client = MasterClient(
                target, jobToken: jobToken, user: user ?? NSUserName(), caFile: caFile ?? Environment["CA_FILE"],
                retryTimeout: .seconds(retryTimeout ?? Environment["RETRY_TIMEOUT"].flatMap { Double($0) } ?? 60),
                isJSON: json)
            if targets.count > 1, !json {
                Terminal.print("\(target.name)\n\(String(repeating: "-", count: target.name.count))")
            }
            do {
                let answer = try await body(client)
                if exit == 0 { exit = answer.exit }
                answers[target.name] = answer.json
                if !json, !answer.text.isEmpty { Terminal.print(answer.text) }
            } catch let error as FleetError {
                if exit == 0 { exit = error.code == .timedOut ? 2 : 1 }
                answers[target.name] = try? JSONText.of(["error": ErrorBody(error)])
                Terminal.complain("\(error.code): \(error)")
            }
        }
        if json {
            let whole =
                targets.count == 1
                ? answers[targets[0].name] ?? "{}"
                : "{" + targets.map { "\"\($0.name)\":\(answers[$0.name] ?? "null")" }.joined(separator: ",") + "}"
            if !whole.isEmpty { Terminal.print(whole) }
        }
        if exit != 0 { throw ExitCode(exit) }
    }
}

/// A cluster that is asked.
struct Target: Sendable {
    var name: String
    var masters: [String]
    var token: String?
}

/// What a command found.
struct Answer {
    /// For programs; empty for a command that has printed everything already.
    var json = ""
    /// For people.
    var text = ""
    var exit: Int32 = 0
}

/// `{"default": "prod", "clusters": {"prod": {"masters": ["https://m1:5801"], "token": "…"}}}`
private struct ConfigFile: Decodable {
    struct Cluster: Decodable {
        var masters: [String]
        var token: String?
    }
    var clusters: [String: Cluster]
    var `default`: String?

    /// - Returns: `nil` when there is none and none was asked for.
    static func read(_ path: String?) throws -> ConfigFile? {
        let usual = FileManager.default.homeDirectoryForCurrentUser.appending(path: ".fleet/config").path
        guard let data = FileManager.default.contents(atPath: path ?? usual) else {
            if let path { throw ValidationError("\(path) cannot be read") }
            return nil
        }
        do {
            return try JSONDecoder().decode(ConfigFile.self, from: data)
        } catch {
            throw ValidationError(
                "\(path ?? usual) is not what is expected: {\"clusters\": {\"name\": {\"masters\": [\"http://…\"]}}}")
        }
    }
}

enum JSONText {
    static func of(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}

/// A command that asks masters.
protocol ClientCommand: AsyncParsableCommand {
    var client: ClientOptions { get }
    /// The token of the job that it is about.
    var jobToken: String? { get }
    func perform(_ masters: MasterClient) async throws -> Answer
}

extension ClientCommand {
    var jobToken: String? { nil }
    func run() async throws { try await client.perform(jobToken: jobToken) { try await perform($0) } }
}
