import ArgumentParser
import FleetAPI
import FleetMaster
import FleetModel
import Foundation
import NIOHTTP1

struct StatusCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show what runs where.",
        discussion: """
            EXAMPLES
              fleet status
              fleet status --job web --host rack3
              fleet status --job web --host rack3-host7 --exact --watch
              fleet status --json | jq '.[] | select(.state != "RUNNING")'
            """)

    @OptionGroup var client: ClientOptions
    @Option(name: .shortAndLong, help: "Only tasks of jobs whose id this may mean.") var job: String?
    @Option(help: "Only tasks on hosts whose names begin so.") var host: String?
    @Option(name: .shortAndLong, help: "Only tasks of this deployment.") var deployment: String?
    @Flag(help: "The host's name is all of it.") var exact = false
    @Flag(name: .shortAndLong, help: "Print ids in full, and why things are as they are.") var full = false
    @Flag(name: .shortAndLong, help: "Go on, and print it again whenever it has changed.") var watch = false

    func perform(_ masters: MasterClient) async throws -> Answer {
        guard watch else { return try await look(masters) }
        // What happens after that event is told, so that nothing is missed between the first look and the stream.
        let last = try await masters.read([FleetEvent].self, "/v1/events").value.last?.index ?? 0
        var shown = ""
        func show(_ answer: Answer) {
            let text = client.json ? answer.json : answer.text
            if text != shown { Terminal.print(text) }
            shown = text
        }
        show(try await look(masters))
        try await masters.follow(after: last) { _ in show(try await look(masters)) }
        return Answer()
    }

    private func look(_ masters: MasterClient) async throws -> Answer {
        let query = [("job", job), ("host", host), ("deployment", deployment)]
        var (rows, json) = try await masters.read([StatusRow].self, "/v1/status", query)
        if exact, let host {
            rows = rows.filter { $0.host == host }
            json = try JSONText.of(rows)
        }
        let cells = rows.map { row in
            [
                StatusText.job(row.job, isFull: full), row.host ?? "-", row.goal, StatusText.state(row),
                row.detail.container.map { full ? $0 : String($0.prefix(7)) } ?? "", StatusText.ports(row),
            ] + (full ? [row.deployment, row.place, row.detail.reason ?? ""] : [])
        }
        let header =
            ["JOB", "HOST", "GOAL", "STATE", "CONTAINER", "PORTS"] + (full ? ["DEPLOYMENT", "PLACE", "REASON"] : [])
        return Answer(json: json, text: Terminal.table(header, cells))
    }
}

struct DeploymentsCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "deployments", abstract: "List deployments, or show one.")

    @OptionGroup var client: ClientOptions
    @Argument(help: "Only this one.") var deployment: String?

    func perform(_ masters: MasterClient) async throws -> Answer {
        var found: [DeploymentBody]
        let json: String
        if let deployment {
            let path = "/v1/deployments/\(MasterClient.escaped(deployment))"
            let (one, text) = try await masters.read(DeploymentBody.self, path)
            (found, json) = ([one], text)
        } else {
            (found, json) = try await masters.read([DeploymentBody].self, "/v1/deployments")
        }
        let rows = found.map { one in
            let place =
                one.hosts.map { $0.joined(separator: ",") } ?? one.replicas.map { "\($0) replicas" } ?? "every host"
            return [one.name, StatusText.job(one.job), place, one.phase.rawValue, one.message]
        }
        return Answer(json: json, text: Terminal.table(["DEPLOYMENT", "JOB", "WHERE", "PHASE", ""], rows))
    }
}

struct HistoryCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Show what happened to a job's tasks.")

    @OptionGroup var client: ClientOptions
    @Argument(help: "The job: enough of its id.") var job: String

    func perform(_ masters: MasterClient) async throws -> Answer {
        let path = "/v1/jobs/\(MasterClient.escaped(job))/history"
        let (events, json) = try await masters.read([TaskEvent].self, path)
        let rows = events.map { event in
            [
                Terminal.time(event.time), event.host, event.phase ?? event.state, event.throttle ?? "",
                event.container.map { String($0.prefix(7)) } ?? "", event.exit.map(String.init) ?? "",
                event.reason ?? "",
            ]
        }
        let header = ["TIME", "HOST", "STATE", "THROTTLED", "CONTAINER", "EXIT", "REASON"]
        return Answer(json: json, text: Terminal.table(header, rows))
    }
}

struct MastersCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "masters", abstract: "Show the masters that were named.")

    @OptionGroup var client: ClientOptions

    func perform(_ masters: MasterClient) async throws -> Answer {
        var (found, rows): ([String: MasterBody?], [[String]]) = ([:], [])
        for address in masters.target.masters {
            let one = MasterClient(
                Target(name: "", masters: [address], token: masters.target.token), jobToken: nil, user: masters.user,
                caFile: client.caFile ?? Environment["CA_FILE"], retryTimeout: .zero, isJSON: masters.isJSON)
            let body = try? await one.read(MasterBody.self, "/v1/master").value
            found[address] = .some(body)
            rows.append([
                address, body?.master ?? "-", body.map { $0.ready ? "UP" : "STARTING" } ?? "DOWN",
                body.map { $0.leader == $0.master ? "LEADS" : "" } ?? "",
            ])
        }
        return Answer(
            json: try JSONText.of(found), text: Terminal.table(["ADDRESS", "MASTER", "STATUS", ""], rows),
            exit: found.values.contains { $0 != nil } ? 0 : 1)
    }
}

struct WaitCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Wait until a deployment runs, has failed or is gone; until what runs once has ended.",
        discussion: """
            EXIT CODES
              0  it runs; it is gone; all that was to run once ended with 0
              2  not in the time given
              of a job that runs once: the first exit code that is not 0
            """)

    @OptionGroup var client: ClientOptions
    @Argument(help: "The deployment's name.") var deployment: String
    @Option(help: "Seconds to wait at most.") var timeout = 300

    func perform(_ masters: MasterClient) async throws -> Answer {
        let path = "/v1/deployments/\(MasterClient.escaped(deployment))/wait"
        let json = try await masters.send(
            .GET, path, [("timeout", "\(timeout)")], limit: .seconds(timeout + 30))
        let outcome = try MasterClient.decode(WaitOutcome.self, json)
        let code = outcome.exits.first { $0 != 0 } ?? 0
        let text = "\(deployment): \(outcome.phase?.rawValue ?? "GONE"), \(outcome.message)"
        let isFailed = outcome.phase == .failed
        return Answer(json: json, text: text, exit: code != 0 ? Int32(truncatingIfNeeded: code) : isFailed ? 1 : 0)
    }
}
