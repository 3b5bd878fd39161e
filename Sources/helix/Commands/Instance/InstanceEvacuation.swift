import ArgumentParser
import HelixAdmin
import HelixRecords

extension InstanceCommand {
    struct Evacuate: RehearsedCommand {
        static let configuration = CommandConfiguration(
            abstract: "Move everything off an instance: it serves until others have taken over.",
            discussion: """
                With --wait it tells what is left whenever that changes, and ends when nothing is left. Ended before by \
                Ctrl-C it leaves the evacuation going on, with exit code 1.

                EXAMPLES
                  helix instance evacuate orders node1_8080 --dry-run
                  helix instance evacuate orders node1_8080 --reason "the host is being retired" --wait
                """)

        @OptionGroup var target: InstanceArguments
        @Option(help: "Why, for others to read.")
        var reason = ""
        @Flag(help: "Wait until nothing is left on it.")
        var wait = false
        @OptionGroup var rehearsal: RehearsalOptions
        @OptionGroup var common: CommonOptions

        func validate() throws {
            if wait, rehearsal.dryRun {
                throw ValidationError("--dry-run changes nothing to wait for; leave out --wait")
            }
        }

        func run() async throws {
            guard wait else { return try await perform() }
            let logger = common.log.logger("helix")
            try await common.connection.withSession(logger) { session in
                let administrator = Administrator(session: session, logger: logger)
                try await begin(administrator)
                try await EvacuationWait(target, common.output).run(administrator)
            }
        }

        func outcome(_ administrator: Administrator) async throws -> EvacuationReport {
            try await begin(administrator)
            let evacuation = try await administrator.evacuation(of: target.instance, in: target.cluster)
            return EvacuationReport(evacuation, of: target.instance)
        }

        private func begin(_ administrator: Administrator) async throws {
            try await administrator.setOperation(.evacuate, of: target.instance, in: target.cluster, reason: reason)
        }
    }

    struct Evacuated: AsyncParsableCommand, Sendable {
        static let configuration = CommandConfiguration(
            commandName: "evacuation",
            abstract: "Tell how far the evacuation of an instance has come.",
            discussion: """
                The exit code is 0 when nothing is left on the instance, else 1.

                EXAMPLES
                  helix instance evacuation orders node1_8080
                  helix instance evacuation orders node1_8080 --wait
                """)

        @OptionGroup var target: InstanceArguments
        @Flag(help: "Wait until nothing is left on it.")
        var wait = false
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let logger = common.log.logger("helix")
            try await common.connection.withSession(logger) { session in
                let administrator = Administrator(session: session, logger: logger)
                if wait { return try await EvacuationWait(target, common.output).run(administrator) }
                let evacuation = try await administrator.evacuation(of: target.instance, in: target.cluster)
                try common.output.show(EvacuationReport(evacuation, of: target.instance))
                if evacuation != .finished { throw ExitCode(1) }
            }
        }
    }
}

/// Waits for the end of an evacuation, and tells how it gets on.
private struct EvacuationWait: Sendable {
    let target: InstanceArguments
    let output: OutputOptions

    init(_ target: InstanceArguments, _ output: OutputOptions) {
        self.target = target
        self.output = output
    }

    func run(_ administrator: Administrator) async throws {
        let (instance, cluster) = (target.instance, target.cluster)
        let again = "helix instance evacuation \(cluster) \(instance) --wait"
        let end = try await Interruptible.run(
            orThrow: "no longer waiting; the evacuation of \(instance) goes on. Wait again with: \(again)"
        ) {
            var last = ""
            return try await administrator.awaitEvacuation(of: instance, in: cluster) { evacuation in
                let report = EvacuationReport(evacuation, of: instance)
                let line = output.format == .json ? try JSON.line(report) : report.line
                if line != last { StandardOutput.write(line) }
                last = line
            }
        }
        if end != .finished { throw ExitCode(1) }
    }
}
