import ArgumentParser
import HelixAdmin
import HelixRecords

extension InstanceCommand {
    struct Purge: AdministrationCommand {
        static let configuration = CommandConfiguration(
            abstract: "Drop the instances that have been offline for long.",
            discussion: """
                How long is OFFLINE_DURATION_FOR_PURGE_MS of the cluster's configuration unless it is told. An instance \
                that is alive, or comes back meanwhile, is never dropped.

                EXAMPLES
                  helix instance purge orders --dry-run
                  helix instance purge orders --offline-for 7d
                """)

        @OptionGroup var target: ClusterArgument
        @Option(
            help: ArgumentHelp(
                "How long they must have been offline: a number with s, m, h or d.", valueName: "duration"),
            transform: TimeSpan.init(text:))
        var offlineFor: TimeSpan?
        @Flag(help: "Tell what would be dropped, and change nothing.")
        var dryRun = false
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> PurgeReport {
            let verdicts = try await administrator.purgeOfflineInstances(
                in: target.cluster, offlineFor: offlineFor?.duration, isDryRun: dryRun)
            return PurgeReport(verdicts, isDryRun: dryRun)
        }
    }

    struct Kill: AdministrationCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take an instance out of the cluster that does not go by itself.",
            discussion: """
                It becomes UNKNOWN and counts as not alive at once, so that others take over. Its process is not ended: \
                make sure that it serves nobody any more. To let it in again, enable it and restart its process.

                EXAMPLES
                  helix instance kill orders node1_8080 --dry-run
                  helix instance kill orders node1_8080 --reason "it hangs"
                """)

        @OptionGroup var target: InstanceArguments
        @Option(help: "Why, for others to read.")
        var reason = ""
        @Flag(help: "Tell what the instance would lose, and change nothing.")
        var dryRun = false
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            let (instance, cluster) = (target.instance, target.cluster)
            let had =
                dryRun
                ? try await administrator.describeInstance(instance, in: cluster)
                : try await administrator.killInstance(instance, in: cluster, reason: reason)
            let count = Phrase.count(had.currentStates.reduce(0) { $0 + $1.partitions.count }, "replica")
            if dryRun {
                let isLive = had.live != nil ? "" : "; it is not alive, so it cannot be killed"
                return Confirmation(message: "instance \(instance) would lose \(count)\(isLive); nothing was changed")
            }
            return Confirmation(
                message:
                    "instance \(instance) killed: it is UNKNOWN and not alive, and its \(count) come up elsewhere; "
                    + "end its process")
        }
    }
}

/// A length of time on the command line: `90s`, `15m`, `36h`, `7d`.
struct TimeSpan: Sendable, Hashable {
    let duration: Duration

    init(text: String) throws {
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        guard let unit = text.last.flatMap({ units[$0] }), let number = Double(text.dropLast()), number.isFinite,
            number >= 0, number * unit <= 3_155_760_000
        else {
            throw ValidationError("“\(text)” is no length of time, expected a number with s, m, h or d such as 36h")
        }
        duration = .milliseconds(Int64(number * unit * 1_000))
    }
}

/// What `helix instance purge` did, or would do.
struct PurgeReport: Rendering {
    struct Instance: Encodable, Sendable {
        let instance: String
        let isPurged: Bool
        let reason: String
        let offlineSince: Int64?
    }

    let isDryRun: Bool
    let instances: [Instance]

    init(_ verdicts: [PurgeVerdict], isDryRun: Bool) {
        self.isDryRun = isDryRun
        instances = verdicts.map { verdict in
            let (reason, since) = Self.reason(verdict.outcome)
            return Instance(
                instance: verdict.instance, isPurged: verdict.isPurged, reason: reason, offlineSince: since)
        }
    }

    private static func reason(_ outcome: PurgeVerdict.Outcome) -> (String, Int64?) {
        switch outcome {
        case .purged(let since): ("it has been offline for long", since)
        case .isLive: ("it is alive", nil)
        case .offlineTooShort(let since): ("it has not been offline for so long", since)
        case .neverSeen: ("it has never been there", nil)
        case .offlineTimeUnknown: ("nobody has noted when it went away", nil)
        case .unreadable(let path): ("\(path) cannot be read", nil)
        case .changedMeanwhile: ("others kept changing it; try again", nil)
        }
    }

    var text: String {
        let count = instances.count(where: \.isPurged)
        let line = "\(count) of \(Phrase.count(instances.count, "instance")) \(isDryRun ? "would be purged" : "purged")"
        guard !instances.isEmpty else { return line }
        var table = TextTable("INSTANCE", "PURGED", "REASON")
        for instance in instances {
            table.add(
                instance.instance, instance.isPurged ? isDryRun ? "would be" : "yes" : "no", instance.reason)
        }
        return "\(line)\n\n\(table)"
    }
}
