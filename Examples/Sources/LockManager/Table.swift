import ArgumentParser
import HelixSpectator
import ServiceLifecycle
import Shared

struct Table: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show who holds which lock, now and whenever it changes.")

    @OptionGroup var options: ClusterOptions
    @Flag(help: "Show it once and end.") var once = false

    func run() async throws {
        let spectator = options.spectator(of: Locks.cluster)
        if once {
            try await spectator.withRoutingTables { tables in
                if let first = await tables.first(where: { _ in true }) { say(text(of: first)) }
            }
        } else {
            try await options.run(Printer(spectator: spectator), spectator)
        }
    }
}

private struct Printer: Service {
    let spectator: Spectator

    func run() async throws {
        for await routes in spectator.routingTables { say(text(of: routes)) }
    }
}

/// A line for each lock, and one that sums up: `TOTAL a=4 b=4 c=4`.
private func text(of routes: RoutingTable) -> String {
    var shares = Dictionary(routes.instances.filter(\.isLive).map { ($0.name, 0) }) { first, _ in first }
    var lines: [String] = []
    for lock in routes.partitions(of: Locks.resource) {
        let holder = routes.instances(serving: Locks.resource, partition: lock, in: "ONLINE").first?.name
        lines.append("\(lock)  \(holder ?? "-")")
        if let holder { shares[holder, default: 0] += 1 }
    }
    let sum = shares.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
    return (lines + ["TOTAL\(sum)"]).joined(separator: "\n")
}
