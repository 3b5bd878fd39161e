import ArgumentParser
import FleetAPI
import FleetJobs
import FleetMaster
import NIOHTTP1

let migrationHelp = "Take over what other deployments have of the job on hosts that they name; containers run on."

/// Where a job is to run, and how.
struct WishOptions: ParsableArguments {
    @Argument(help: "The job: enough of its id.") var job: String
    @Argument(help: "Hosts on which it is to run, one of it on each.") var hosts: [String] = []
    @Flag(help: "On every host that matches, also on those that come later.") var everyHost = false
    @Option(help: "So many, where there is room.") var replicas: Int?
    @Option(help: "Which hosts are considered: “role = web”; again for more.") var selector: [String] = []
    @Option(help: "The deployment's name; made of the job's unless set.") var name: String?
    @Flag(help: "Do not start it yet.") var noStart = false
    @Flag(help: ArgumentHelp(migrationHelp)) var migrate = false
    @OptionGroup var policy: PolicyOptions

    var wish: DeployBody {
        get throws {
            let ways = [!hosts.isEmpty, everyHost, replicas != nil].count { $0 }
            guard ways == 1 else {
                throw ValidationError("say where it is to run: hosts, or --every-host, or --replicas, one of them")
            }
            var body = DeployBody(job: job)
            body.name = name
            body.hosts = hosts.isEmpty ? nil : hosts
            body.everyHost = everyHost ? true : nil
            body.replicas = replicas
            body.selectors = selector.isEmpty ? nil : selector
            body.started = noStart ? false : nil
            body.migrate = migrate ? true : nil
            body.policy = try policy.body
            return body
        }
    }
}

/// How a job takes the place of another.
struct PolicyOptions: ParsableArguments {
    @Option(help: "How many places at the same time.") var parallelism: Int?
    @Flag(help: "Start the new one before the old one is stopped.") var overlap = false
    @Option(help: "How long a new container has to be healthy before it counts: 10s.") var minHealthyTime: String?
    @Option(help: "How long it may take to get healthy: 5m.") var deadline: String?
    @Option(help: "How many go first, before any other is touched.") var canaries: Int?
    @Option(help: "Which part may fail: 0.2.") var failureRatio: Double?
    @Option(help: "What is done when more fail: rollback, pause or proceed.") var onFailure: String?

    var body: PolicyBody? {
        get throws {
            var body = PolicyBody()
            body.parallelism = parallelism
            body.overlaps = overlap ? true : nil
            body.minimumHealthyTime = try minHealthyTime.map { try Span.milliseconds($0, "--min-healthy-time") }
            body.healthyDeadline = try deadline.map { try Span.milliseconds($0, "--deadline") }
            body.canaries = canaries
            body.failureRatio = failureRatio
            if let onFailure {
                guard let action = RolloutPolicy.FailureAction(rawValue: onFailure) else {
                    throw ValidationError("--on-failure is “\(onFailure)”, expected rollback, pause or proceed")
                }
                body.onFailure = action
            }
            return body == PolicyBody() ? nil : body
        }
    }
}

struct DeployCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy", abstract: "Have a job run: on hosts that you name, on all that match, or so many.",
        discussion: """
            EXAMPLES
              fleet deploy web:1 host1 host2 --wait
              fleet deploy logger:3 --every-host --selector "role = web"
              fleet deploy api:7 --replicas 5 --name api --parallelism 2
            """)

    @OptionGroup var client: ClientOptions
    @OptionGroup var place: WishOptions
    @Option(help: "The job's token.") var token: String?
    @Option(help: "The index of the plan that you looked at; refused if something has changed since.") var index: Int64?
    @Flag(help: "Wait until all of it runs.") var wait = false
    @Option(help: "Seconds to wait at most.") var timeout = 300.0

    var jobToken: String? { token }

    func perform(_ masters: MasterClient) async throws -> Answer {
        var wish = try place.wish
        wish.index = index
        let json = try await masters.send(.POST, "/v1/deployments", body: wish)
        let made = try MasterClient.decode(DeploymentBody.self, json)
        if wait {
            let number = made.generations.last?.number ?? 1
            return try await Watching(masters: masters, deployment: made.name, generation: number)
                .follow(within: .seconds(timeout))
        }
        return Answer(json: json, text: "\(made.name): \(made.phase.rawValue), \(made.job)")
    }
}

struct UndeployCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "undeploy", abstract: "Take a deployment away from hosts, or altogether (--all).",
        discussion: """
            With --keep a deployment to every host goes, and its containers stay where they are: they belong to deployments to \
            those hosts from then on, one for each job. `fleet deploy --every-host --migrate` is the way back.

            EXAMPLES
              fleet undeploy web-1 host1 host2
              fleet undeploy web --all
              fleet undeploy web --keep
            """)

    @OptionGroup var client: ClientOptions
    @Argument(help: "The deployment's name.") var deployment: String
    @Argument(help: "Only from these hosts.") var hosts: [String] = []
    @Flag(name: .shortAndLong, help: "From everywhere.") var all = false
    @Flag(help: "Forget that it is one deployment, and leave its containers.") var keep = false
    @Option(help: "The job's token.") var token: String?

    var jobToken: String? { token }

    func validate() throws {
        if [all, keep, !hosts.isEmpty].count(where: { $0 }) != 1 {
            throw ValidationError("name hosts, or say --all or --keep, one of them")
        }
    }

    func perform(_ masters: MasterClient) async throws -> Answer {
        if keep { return try await release(masters) }
        let json = try await masters.send(
            .DELETE, "/v1/deployments/\(MasterClient.escaped(deployment))", hosts.map { ("host", $0) })
        let left = try MasterClient.decode(DeploymentBody.self, json)
        return Answer(json: json, text: "\(left.name): \(left.phase.rawValue)")
    }

    private func release(_ masters: MasterClient) async throws -> Answer {
        let json = try await masters.send(.POST, "/v1/deployments/\(MasterClient.escaped(deployment))/release")
        let parts = try MasterClient.decode([DeploymentBody].self, json)
        let texts = parts.map { "\($0.name) has the containers on \(($0.hosts ?? []).joined(separator: ", "))" }
        return Answer(json: json, text: (["\(deployment) is gone"] + texts).joined(separator: "\n"))
    }
}

struct StartCommand: ClientCommand {
    static let configuration = CommandConfiguration(commandName: "start", abstract: "Have what was stopped run again.")

    @OptionGroup var client: ClientOptions
    @Argument(help: "The deployment's name.") var deployment: String
    @Argument(help: "Only on these hosts.") var hosts: [String] = []
    @Option(help: "The job's token.") var token: String?

    var jobToken: String? { token }

    func perform(_ masters: MasterClient) async throws -> Answer {
        try await masters.set(deployment, started: true, hosts)
    }
}

struct StopCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Stop containers without removing them.")

    @OptionGroup var client: ClientOptions
    @Argument(help: "The deployment's name.") var deployment: String
    @Argument(help: "Only on these hosts.") var hosts: [String] = []
    @Option(help: "The job's token.") var token: String?

    var jobToken: String? { token }

    func perform(_ masters: MasterClient) async throws -> Answer {
        try await masters.set(deployment, started: false, hosts)
    }
}

extension MasterClient {
    fileprivate func set(_ deployment: String, started: Bool, _ hosts: [String]) async throws -> Answer {
        let body = GoalJSON(started: started, hosts: hosts.isEmpty ? nil : hosts)
        let json = try await send(.POST, "/v1/deployments/\(Self.escaped(deployment))/goal", body: body)
        let changed = try Self.decode(DeploymentBody.self, json)
        return Answer(json: json, text: "\(changed.name): \(started ? "START" : "STOP")")
    }
}

/// The API's goal, which only masters can make.
private struct GoalJSON: Encodable {
    var started: Bool
    var hosts: [String]?
}

struct ScaleCommand: ClientCommand {
    static let configuration = CommandConfiguration(commandName: "scale", abstract: "Have more or fewer replicas.")

    @OptionGroup var client: ClientOptions
    @Argument(help: "The deployment's name.") var deployment: String
    @Argument(help: "How many there are to be.") var replicas: Int
    @Option(help: "The job's token.") var token: String?
    @Flag(help: "Wait until all of them run.") var wait = false
    @Option(help: "Seconds to wait at most.") var timeout = 300.0

    var jobToken: String? { token }

    func perform(_ masters: MasterClient) async throws -> Answer {
        let json = try await masters.send(
            .POST, "/v1/deployments/\(MasterClient.escaped(deployment))/scale", body: ["replicas": replicas])
        let made = try MasterClient.decode(DeploymentBody.self, json)
        if wait {
            return try await Watching(
                masters: masters, deployment: made.name, generation: made.generations.last?.number ?? 1
            ).follow(within: .seconds(timeout))
        }
        return Answer(json: json, text: "\(made.name): \(replicas) replicas")
    }
}

/// Times on the command line.
enum Span {
    static func milliseconds(_ text: String, _ option: String) throws -> Int64 {
        guard let span = TimeSpan(text) else {
            throw ValidationError("\(option) is “\(text)”, expected a time such as 30s or 5m")
        }
        return span.milliseconds
    }
}
