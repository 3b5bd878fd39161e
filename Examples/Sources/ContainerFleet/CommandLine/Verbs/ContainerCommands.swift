import ArgumentParser
import AsyncHTTPClient
import FleetHost
import FleetJobs
import FleetMaster
import FleetModel
import Foundation
import NIOCore
import NIOHTTP1

/// Which task a command is about. What containers write stays on their hosts, so its agent is asked.
struct TaskOptions: ParsableArguments {
    @Argument(help: "The deployment's name, or a job.") var of: String
    @Option(help: "The host, if there are several.") var host: String?
    @Option(help: "The place, if there are several on the host.") var place: String?
    @Option(help: "What agents want to hear (FLEET_AGENT_TOKEN).") var agentToken: String?

    /// The task that is meant, at its agent.
    func find(_ masters: MasterClient) async throws -> TaskAddress {
        let all = try await masters.read([StatusRow].self, "/v1/status").value
        var rows = all.filter { $0.deployment == of }
        if rows.isEmpty { rows = try await masters.read([StatusRow].self, "/v1/status", [("job", of)]).value }
        rows = rows.filter { row in
            row.host != nil && (host.map { row.host?.hasPrefix($0) ?? false } ?? true)
                && (place.map { row.place == $0 } ?? true)
        }
        guard let row = rows.first else {
            throw FleetError(.jobNotDeployed, "there is no task of “\(of)” there", cure: "look at `fleet status`")
        }
        guard rows.count == 1 else {
            let some = rows.prefix(5).map { "\($0.place) on \($0.host ?? "-")" }.joined(separator: ", ")
            throw FleetError(
                .ambiguousReference, "there are \(rows.count) tasks of “\(of)”: \(some)",
                cure: "say which with --host or --place")
        }
        guard let agent = row.detail.agent else {
            throw FleetError(
                .notFound, "the agent of \(row.host ?? "-") answers nobody, or has not reported yet",
                cure: "start it with --api-token-file")
        }
        guard let token = agentToken ?? Environment["AGENT_TOKEN"] else {
            throw FleetError(
                .unauthorized, "agents want a token", cure: "give it with --agent-token or FLEET_AGENT_TOKEN")
        }
        return TaskAddress(url: "http://\(agent)/v1/tasks/\(MasterClient.escaped(row.task))", token: token)
    }
}

struct TaskAddress {
    let url: String
    let token: String

    func request(_ path: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url + path)
        request.headers.add(name: "Authorization", value: "Bearer \(token)")
        return request
    }

    /// - Throws: `FleetError` in place of another answer than 200.
    static func check(_ answer: HTTPClientResponse) async throws -> HTTPClientResponse {
        guard answer.status != .ok else { return answer }
        struct Body: Decodable {
            struct Message: Decodable { var message: String }
            var error: Message
        }
        let text = String(buffer: try await answer.body.collect(upTo: 1 << 20))
        let message = (try? JSONDecoder().decode(Body.self, from: Data(text.utf8)))?.error.message ?? text
        throw FleetError(
            answer.status == .unauthorized ? .unauthorized : .conflict, "the agent says: \(message)",
            cure: "look at `fleet status --full`")
    }
}

struct LogsCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Show what a task's container wrote.",
        discussion: """
            With --follow it goes on with the containers that come after.

            EXAMPLES
              fleet logs web -f --host host1 --tail 100
            """)

    @OptionGroup var client: ClientOptions
    @OptionGroup var task: TaskOptions
    @Flag(name: .shortAndLong, help: "Go on as it writes.") var follow = false
    @Option(help: "How many of the last lines.") var tail: Int?
    @Flag(help: "Begin each line with its time.") var timestamps = false

    func perform(_ masters: MasterClient) async throws -> Answer {
        let address = try await task.find(masters)
        var query = ["follow=\(follow)", "timestamps=\(timestamps)"]
        if let tail { query.append("tail=\(tail)") }
        let answer = try await TaskAddress.check(
            try await masters.http.execute(
                address.request("/logs?" + query.joined(separator: "&")), timeout: .hours(24 * 365), logger: nil))
        var lines = LineSplitter()
        for try await piece in answer.body {
            guard client.json else {
                try FileHandle.standardOutput.write(contentsOf: Data(piece.readableBytesView))
                continue
            }
            for line in lines.add(piece.readableBytesView) { Terminal.print(try JSONText.of(["line": line])) }
        }
        return Answer()
    }
}

struct ExecCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec", abstract: "Run a command in a task's container; its exit code is the command's.",
        discussion: """
            EXAMPLES
              fleet exec web --host host1 -- ls -l /data
            """)

    @OptionGroup var client: ClientOptions
    @OptionGroup var task: TaskOptions
    @Argument(parsing: .postTerminator, help: "After --: the command and its arguments.") var command: [String]

    func validate() throws {
        if command.isEmpty { throw ValidationError("there is no command; write it after --") }
    }

    func perform(_ masters: MasterClient) async throws -> Answer {
        var request = try await task.find(masters).request("/exec")
        request.method = .POST
        request.body = .bytes(ByteBuffer(string: try JSONText.of(ExecOrder(command))))
        let answer = try await TaskAddress.check(
            try await masters.http.execute(request, timeout: .hours(1), logger: nil))
        let json = String(buffer: try await answer.body.collect(upTo: 1 << 20))
        let result = try MasterClient.decode(ExecAnswer.self, json)
        if !client.json { Terminal.write(result.output) }
        return Answer(json: json, exit: Int32(truncatingIfNeeded: result.exitCode))
    }
}
