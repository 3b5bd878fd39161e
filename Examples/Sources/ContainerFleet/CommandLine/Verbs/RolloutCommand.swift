import ArgumentParser
import FleetAPI
import FleetMaster
import NIOHTTP1

struct RolloutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollout", abstract: "Put another job in the place of the one that a deployment has.",
        subcommands: [Start.self, Status.self, Pause.self, Resume.self, Rollback.self])

    struct Start: ClientCommand {
        static let configuration = CommandConfiguration(
            abstract: "Roll a job out, and show how far that is.",
            discussion: """
                It ends with 1 when the rollout fails, also if it was rolled back.

                EXAMPLES
                  fleet rollout start web:2 web
                  fleet rollout start web:3 web --canaries 1 --parallelism 4 --min-healthy-time 10s --detach
                """)

        @OptionGroup var client: ClientOptions
        @Argument(help: "The job: enough of its id.") var job: String
        @Argument(help: "The deployment's name.") var deployment: String
        @OptionGroup var policy: PolicyOptions
        @Option(help: "Why, for those who look later.") var reason: String?
        @Flag(help: ArgumentHelp(migrationHelp)) var migrate = false
        @Option(help: "The token of the job that is there.") var token: String?
        @Option(help: "The index of the plan that you looked at.") var index: Int64?
        @Flag(help: "Do not wait for the end.") var detach = false
        @Option(help: "Seconds to wait at most.") var timeout = 3_600.0

        var jobToken: String? { token }

        func perform(_ masters: MasterClient) async throws -> Answer {
            var body = RolloutBody(job: job)
            (body.policy, body.reason, body.index) = (try policy.body, reason, index)
            body.migrate = migrate ? true : nil
            return try await masters.change(
                deployment, "rollout", try JSONText.of(body), isFollowed: !detach, within: .seconds(timeout))
        }
    }

    struct Status: ClientCommand {
        static let configuration = CommandConfiguration(abstract: "Show how far a rollout is.")

        @OptionGroup var client: ClientOptions
        @Argument(help: "The deployment's name.") var deployment: String

        func perform(_ masters: MasterClient) async throws -> Answer {
            let path = "/v1/deployments/\(MasterClient.escaped(deployment))/rollout"
            let (status, json) = try await masters.read(RolloutStatus.self, path)
            var rows = status.done.map { [$0, "DONE", ""] } + status.underWay.map { [$0, "UNDER WAY", ""] }
            rows += status.waiting.map { [$0, "WAITING", ""] } + status.unreachable.map { [$0, "UNREACHABLE", ""] }
            rows += status.failed.sorted { $0.key < $1.key }.map { [$0.key, "FAILED", $0.value] }
            let head = """
                Deployment: \(status.deployment)
                Phase:      \(status.phase.rawValue)\(status.message.isEmpty ? "" : " (\(status.message))")
                Job:        \(status.generation.job)
                Generation: \(status.generation.number)\(status.stable.map { ", stable \($0)" } ?? "")
                """
            return Answer(json: json, text: head + "\n\n" + Terminal.table(["PLACE", "ROLLOUT", "REASON"], rows))
        }
    }

    struct Pause: ClientCommand {
        static let configuration = CommandConfiguration(abstract: "Start nothing more until it is resumed.")

        @OptionGroup var client: ClientOptions
        @Argument(help: "The deployment's name.") var deployment: String
        @Option(help: "The job's token.") var token: String?
        var jobToken: String? { token }

        func perform(_ masters: MasterClient) async throws -> Answer {
            try await masters.change(deployment, "pause", nil, isFollowed: false)
        }
    }

    struct Resume: ClientCommand {
        static let configuration = CommandConfiguration(abstract: "Go on after a pause or a failure.")

        @OptionGroup var client: ClientOptions
        @Argument(help: "The deployment's name.") var deployment: String
        @Option(help: "The job's token.") var token: String?
        var jobToken: String? { token }

        func perform(_ masters: MasterClient) async throws -> Answer {
            try await masters.change(deployment, "resume", nil, isFollowed: false)
        }
    }

    struct Rollback: ClientCommand {
        static let configuration = CommandConfiguration(abstract: "Roll out again what was there before.")

        @OptionGroup var client: ClientOptions
        @Argument(help: "The deployment's name.") var deployment: String
        @Option(help: "A generation; the last that was rolled out well unless set.") var generation: Int?
        @Option(help: "The job's token.") var token: String?
        @Flag(help: "Do not wait for the end.") var detach = false
        @Option(help: "Seconds to wait at most.") var timeout = 3_600.0
        var jobToken: String? { token }

        func perform(_ masters: MasterClient) async throws -> Answer {
            let body = try generation.map { try JSONText.of(["generation": $0]) }
            return try await masters.change(
                deployment, "rollback", body, isFollowed: !detach, within: .seconds(timeout))
        }
    }
}

extension MasterClient {
    /// Asks for a change of a deployment, and follows it if that is wanted.
    fileprivate func change(
        _ deployment: String, _ what: String, _ body: String?, isFollowed: Bool, within limit: Duration = .zero
    ) async throws -> Answer {
        let json = try await send(.POST, "/v1/deployments/\(Self.escaped(deployment))/\(what)", text: body)
        let changed = try Self.decode(DeploymentBody.self, json)
        guard isFollowed else { return Answer(json: json, text: "\(changed.name): \(changed.phase.rawValue)") }
        let generation = changed.generations.last?.number ?? 0
        return try await Watching(masters: self, deployment: changed.name, generation: generation).follow(within: limit)
    }
}
