import ArgumentParser
import HelixAdmin
import HelixRecords

extension InstanceCommand {
    struct Swap: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Replace an instance by another one, which is filled first.",
            subcommands: [Start.self, Status.self, Complete.self, Cancel.self])
    }
}

/// The two ends of a swap as arguments, after their cluster.
struct SwapArguments: ParsableArguments, Sendable {
    @Argument(help: "The cluster's name.")
    var cluster: String

    @Argument(help: "The instance that is to go.")
    var old: String

    @Argument(help: "The instance that is to take its place.")
    var new: String

    /// How far it has come.
    func report(_ administrator: Administrator) async throws -> SwapReport {
        SwapReport(try await administrator.swapStatus(from: old, to: new, in: cluster))
    }
}

extension InstanceCommand.Swap {
    struct Start: AsyncParsableCommand, Sendable {
        static let configuration = CommandConfiguration(
            abstract: "Begin to replace an instance: the new one gets a copy of every replica.",
            discussion: """
                A new instance that is not configured is added, in the same place of the topology (DOMAIN) as the old one. \
                The old one goes on serving, and clients do not see the new one until the swap is completed.

                EXAMPLES
                  helix instance swap start orders node1_8080 node9_8080
                  helix instance swap start orders node1_8080 node9_8080 --wait
                """)

        @OptionGroup var target: SwapArguments
        @Option(help: "Why, for others to read.")
        var reason = ""
        @Flag(help: "Wait until the swap can be completed.")
        var wait = false
        @Flag(help: "Tell how many replicas the new one would get, and change nothing.")
        var dryRun = false
        @OptionGroup var common: CommonOptions

        func validate() throws {
            if wait, dryRun { throw ValidationError("--dry-run changes nothing to wait for; leave out --wait") }
        }

        func run() async throws {
            let logger = common.log.logger("helix")
            try await common.connection.withSession(logger) { session in
                let administrator = Administrator(session: session, logger: logger)
                if dryRun { return try common.output.show(try await plan(administrator)) }
                try await administrator.startSwap(
                    from: target.old, to: target.new, in: target.cluster, reason: reason)
                if wait { return try await follow(administrator) }
                try common.output.show(try await target.report(administrator))
            }
        }

        private func plan(_ administrator: Administrator) async throws -> Confirmation {
            let old = try await administrator.describeInstance(target.old, in: target.cluster)
            let replicas = old.currentStates.reduce(0) { $0 + $1.partitions.count }
            return Confirmation(
                message:
                    "\(target.new) would get a copy of \(Phrase.count(replicas, "replica")) of \(target.old), whose "
                    + "operation is \(old.config.effectiveOperation.rawValue); nothing was changed")
        }

        private func follow(_ administrator: Administrator) async throws {
            let (target, output) = (target, common.output)
            let status = try await Interruptible.run(
                orThrow: "no longer waiting; \(target.new) goes on being filled. Look again with: helix instance swap "
                    + "status \(target.cluster) \(target.old) \(target.new)"
            ) {
                var last = ""
                return try await administrator.awaitSwap(
                    from: target.old, to: target.new, in: target.cluster
                ) { status in
                    let report = SwapReport(status)
                    let line = output.format == .json ? try JSON.line(report) : report.line
                    if line != last { StandardOutput.write(line) }
                    last = line
                }
            }
            if !status.isReady { throw ExitCode(1) }
        }
    }

    struct Status: AsyncParsableCommand, Sendable {
        static let configuration = CommandConfiguration(
            abstract: "Tell how far a swap has come, and what is in the way of its completion.",
            discussion: """
                The exit code is 0 when it can be completed, else 1.

                EXAMPLE
                  helix instance swap status orders node1_8080 node9_8080
                """)

        @OptionGroup var target: SwapArguments
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let logger = common.log.logger("helix")
            let report = try await common.connection.withSession(logger) { session in
                try await target.report(Administrator(session: session, logger: logger))
            }
            try common.output.show(report)
            if !report.isReady { throw ExitCode(1) }
        }
    }

    struct Complete: AdministrationCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let the new instance take the old one's place.",
            discussion: """
                Refused as long as anything is in the way. In one step the new one takes over the old one's settings and \
                operation, and the old one becomes UNKNOWN: its replicas are dropped, and it can be stopped then.

                EXAMPLES
                  helix instance swap complete orders node1_8080 node9_8080 --dry-run
                  helix instance swap complete orders node1_8080 node9_8080
                """)

        @OptionGroup var target: SwapArguments
        @Flag(help: "Tell whether it could be completed, and change nothing.")
        var dryRun = false
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> SwapOutcome {
            if dryRun { return SwapOutcome(status: try await target.report(administrator), isDone: false) }
            let status = try await administrator.completeSwap(from: target.old, to: target.new, in: target.cluster)
            return SwapOutcome(status: SwapReport(status), isDone: true)
        }
    }

    struct Cancel: AdministrationCommand {
        static let configuration = CommandConfiguration(
            abstract: "Call a swap off: the new instance becomes UNKNOWN, and its replicas are dropped.",
            discussion: """
                EXAMPLE
                  helix instance swap cancel orders node1_8080 node9_8080 --reason "the new disk is worn too"
                """)

        @OptionGroup var target: SwapArguments
        @Option(help: "Why, for others to read.")
        var reason = ""
        @Flag(help: "Tell how many replicas would be dropped, and change nothing.")
        var dryRun = false
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            let new = try await administrator.describeInstance(target.new, in: target.cluster)
            let count = Phrase.count(new.currentStates.reduce(0) { $0 + $1.partitions.count }, "replica")
            if dryRun {
                return Confirmation(message: "\(count) would be dropped from \(target.new); nothing was changed")
            }
            try await administrator.cancelSwap(to: target.new, in: target.cluster, reason: reason)
            return Confirmation(
                message: "swap called off: \(target.old) stays, and \(count) will be dropped from \(target.new)")
        }
    }
}

/// What completing a swap did, or would do.
struct SwapOutcome: Rendering {
    let status: SwapReport
    let isDone: Bool

    var text: String {
        guard isDone else { return status.text }
        return "\(status.new) has taken the place of \(status.old), with "
            + "\(Phrase.count(status.replicas, "replica")); \(Phrase.count(status.handOvers, "top state")) will be "
            + "handed over. Stop \(status.old) when nothing is left on it, and drop it"
    }
}
