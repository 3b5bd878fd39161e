import ArgumentParser
import HelixAdmin
import HelixSpectator
import Logging

struct ViewCommand: AsyncParsableCommand, Sendable {
    static let configuration = CommandConfiguration(
        commandName: "view",
        abstract: "Show where the replicas of a cluster are.",
        discussion: """
            With --state only the instances are named whose replicas are in that state, and the exit code is 1 when \
            there is none.

            EXAMPLES
              helix view orders
              helix view orders Orders --watch
              helix view orders Orders --partition Orders_7 --state LEADER
            """)

    @OptionGroup var target: ViewArguments
    @Option(help: "Only this partition.")
    var partition: String?
    @Option(help: "Only the instances whose replicas are in this state.")
    var state: String?
    @Flag(help: "Go on, and show the map again whenever it changes. End with Ctrl-C.")
    var watch = false
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard target.resource == nil else { return }
        if partition != nil || state != nil {
            throw ValidationError("--partition and --state are about one resource: give its name after the cluster's")
        }
    }

    func run() async throws {
        let logger = common.log.logger("helix")
        let spectator = try await target.spectator(.externalView, common, logger)
        guard watch else { return try await showOnce(spectator) }
        let following = TableFollower(spectator: spectator) { table in
            if let state {
                try common.output.showNext(InstanceAddresses(instances(in: state, table)))
            } else {
                try common.output.showNext(report(table))
            }
        }
        try await Services.run([spectator, following], logger)
    }

    private func showOnce(_ spectator: Spectator) async throws {
        let table = try await target.firstTable(of: spectator)
        if let state {
            let found = instances(in: state, table)
            guard !found.isEmpty else { throw NobodyServes(resource: target.resource, partition, state) }
            try common.output.show(InstanceAddresses(found))
        } else {
            try common.output.show(report(table))
        }
    }

    private func report(_ table: RoutingTable) -> MapReport {
        MapReport(table, resources: target.resource.map { [$0] } ?? table.resources, partition: partition)
    }

    private func instances(in state: String, _ table: RoutingTable) -> [RoutableInstance] {
        guard let resource = target.resource else { return [] }
        if let partition { return table.instances(serving: resource, partition: partition, in: state) }
        return table.instances(serving: resource, in: state)
    }
}

/// A cluster, and perhaps one of its resources, to look at.
struct ViewArguments: ParsableArguments, Sendable {
    @Argument(help: "The cluster's name.")
    var cluster: String

    @Argument(help: "The resource's name; all resources unless given.")
    var resource: String?

    /// A spectator of a cluster that exists.
    func spectator(
        _ source: RoutingSource, _ common: CommonOptions, _ logger: Logger
    ) async throws -> Spectator {
        let (cluster, resource) = (cluster, resource)
        try await common.connection.withSession(logger) { session in
            let administrator = Administrator(session: session, logger: logger)
            let known = try await administrator.resources(in: cluster)
            if let resource, !known.contains(resource) {
                throw AdministrationError(
                    .doesNotExist,
                    "there is no resource \(resource) in cluster \(cluster), which has "
                        + (known.isEmpty ? "none" : known.joined(separator: ", ")) + "; check the name")
            }
        }
        return Spectator(
            cluster: cluster, coordination: common.connection.coordination, configuration: .init(source: source),
            logger: logger)
    }

    /// The table of now.
    func firstTable(of spectator: Spectator) async throws -> RoutingTable {
        let table = try await spectator.withRoutingTables { tables in
            var iterator = tables.makeAsyncIterator()
            return await iterator.next()
        }
        guard let table else { throw CancellationError() }
        return table
    }
}

/// Nobody is in the state that was asked for.
struct NobodyServes: Error, CustomStringConvertible {
    let description: String

    init(resource: String?, _ partition: String?, _ state: String) {
        let place = [partition.map { "partition \($0) of" }, "resource \(resource ?? "")"].compactMap { $0 }
        description =
            "no instance has \(place.joined(separator: " ")) in state \(state); "
            + "'helix explain' tells why for a partition"
    }
}
