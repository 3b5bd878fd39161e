import ArgumentParser
import FleetAPI
import FleetMaster
import NIOHTTP1

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what a change would do, and change nothing.",
        discussion: """
            The plan has an index. A change that is asked for with --index is refused if something has changed since.

            EXAMPLES
              fleet plan deploy web:1 host1 host2
              fleet plan rollout web:2 web --parallelism 2
            """,
        subcommands: [Deploy.self, Rollout.self, Scale.self])

    struct Deploy: ClientCommand {
        static let configuration = CommandConfiguration(abstract: "What `fleet deploy` would do.")

        @OptionGroup var client: ClientOptions
        @OptionGroup var place: WishOptions

        func perform(_ masters: MasterClient) async throws -> Answer {
            let json = try await masters.send(.POST, "/v1/plans/deploy", body: try place.wish)
            return try Answer(plan: json)
        }
    }

    struct Rollout: ClientCommand {
        static let configuration = CommandConfiguration(abstract: "What `fleet rollout start` would do.")

        @OptionGroup var client: ClientOptions
        @Argument(help: "The job: enough of its id.") var job: String
        @Argument(help: "The deployment's name.") var deployment: String
        @OptionGroup var policy: PolicyOptions
        @Flag(help: ArgumentHelp(migrationHelp)) var migrate = false

        func perform(_ masters: MasterClient) async throws -> Answer {
            var body = RolloutBody(job: job)
            (body.policy, body.migrate) = (try policy.body, migrate ? true : nil)
            let path = "/v1/plans/rollout/\(MasterClient.escaped(deployment))"
            return try Answer(plan: try await masters.send(.POST, path, body: body))
        }
    }

    struct Scale: ClientCommand {
        static let configuration = CommandConfiguration(abstract: "What `fleet scale` would do.")

        @OptionGroup var client: ClientOptions
        @Argument(help: "The deployment's name.") var deployment: String
        @Argument(help: "How many there are to be.") var replicas: Int

        func perform(_ masters: MasterClient) async throws -> Answer {
            let path = "/v1/plans/scale/\(MasterClient.escaped(deployment))"
            return try Answer(plan: try await masters.send(.POST, path, body: ["replicas": replicas]))
        }
    }
}

extension Answer {
    fileprivate init(plan json: String) throws {
        let plan = try MasterClient.decode(FleetPlan.self, json)
        let rows = plan.changes.map { change in
            [
                "\(change.step)", change.action.rawValue, change.place, change.host ?? "",
                change.from.map { StatusText.job($0) } ?? "", change.to.map { StatusText.job($0) } ?? "",
            ]
        }
        let table = Terminal.table(["STEP", "ACTION", "PLACE", "HOST", "FROM", "TO"], rows)
        let text = "\(plan.deployment): \(rows.count) changes, \(plan.unchanged) unchanged, index \(plan.index)"
        self.init(json: json, text: rows.isEmpty ? text : table + "\n" + text)
    }
}
