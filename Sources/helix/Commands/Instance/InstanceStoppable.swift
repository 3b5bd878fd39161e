public import ArgumentParser
public import HelixAdmin

extension StopCheck: ExpressibleByArgument {}

extension InstanceCommand {
    struct Stoppable: AsyncParsableCommand, Sendable {
        static let configuration = CommandConfiguration(
            abstract: "Tell whether instances may be stopped now, all of them together.",
            discussion: """
                Nothing is changed. Instances of one fault zone are looked at together, and each under the assumption that \
                those before it that may stop are stopped. The exit code is 0 when all of them may, else 1.

                The checks are exists, alive, enabled, cluster, operation, errors, messages, siblings and top-state.

                EXAMPLES
                  helix instance stoppable orders node1_8080
                  helix instance stoppable orders node1_8080 node2_8080 --skip enabled --skip alive
                  helix instance stoppable orders node1_8080 --checks siblings --checks top-state --format json
                """)

        @Argument(help: "The cluster's name.")
        var cluster: String
        @Argument(help: "The instances' names.")
        var instances: [String]
        @Option(help: "Look at this only; give the option again for more.")
        var checks: [StopCheck] = []
        @Option(help: "Do not look at this; give the option again for more.")
        var skip: [StopCheck] = []
        @OptionGroup var common: CommonOptions

        func validate() throws {
            if instances.isEmpty { throw ValidationError("name at least one instance") }
            if wanted.isEmpty { throw ValidationError("no check is left; leave out some --skip") }
        }

        private var wanted: Set<StopCheck> {
            Set(checks.isEmpty ? StopCheck.allCases : checks).subtracting(skip)
        }

        func run() async throws {
            let logger = common.log.logger("helix")
            let report = try await common.connection.withSession(logger) { session in
                try await Administrator(session: session, logger: logger).stoppable(
                    instances, in: cluster, checks: wanted)
            }
            try common.output.show(StoppableReport(report))
            if report.verdicts.contains(where: { !$0.mayStop }) { throw ExitCode(1) }
        }
    }
}

/// What `helix instance stoppable` shows.
struct StoppableReport: Rendering {
    struct Obstacle: Encodable, Sendable {
        let check: String
        let reason: String
    }

    struct Instance: Encodable, Sendable {
        let instance: String
        let zone: String?
        let mayStop: Bool
        let obstacles: [Obstacle]
    }

    let stoppable: [String]
    let instances: [Instance]

    init(_ report: StopReport) {
        stoppable = report.stoppable
        instances = report.verdicts.map { verdict in
            Instance(
                instance: verdict.instance, zone: verdict.zone, mayStop: verdict.mayStop,
                obstacles: verdict.obstacles.map { Obstacle(check: $0.check.rawValue, reason: $0.description) })
        }
    }

    var text: String {
        var table = TextTable("INSTANCE", "ZONE", "MAY STOP", "CHECK", "REASON")
        for instance in instances {
            let first = instance.obstacles.first
            table.add(
                instance.instance, instance.zone, instance.mayStop ? "yes" : "no", first?.check ?? "",
                first?.reason ?? "")
            for other in instance.obstacles.dropFirst() { table.add("", "", "", other.check, other.reason) }
        }
        return table.description
    }
}
