import Coordination
import HelixAdmin
import HelixRecords
import HelixSimulation
import HelixSpectator
import Synchronization

/// Spectators follow the map: they never see an older one after a newer one, and in the end the one that is.
struct Spectators: ScenarioPart {
    func prepare(_ world: ScenarioWorld) async throws {
        let prefix = world.paths.externalViews + "/"
        world.simulation.ensemble.observe { transaction in
            for operation in transaction.operations where operation.path.hasPrefix(prefix) {
                world.views.take(String(operation.path.dropFirst(prefix.count)), operation)
            }
        }
        for number in 0..<world.size.spectators { world.run("spectator-\(number)") }
    }

    var faults: [FaultKind] {
        [
            FaultKind("kill-spectator", weight: 1) { world, random in
                world.kill(
                    "spectator-\(Int.random(in: 0..<world.size.spectators, using: &random))",
                    restartAfter: random.duration(in: .milliseconds(10)...(.seconds(5))))
            },
            // A new session sees a server that is far behind the one that was read before.
            FaultKind("spectators-move-to-lagging-servers", weight: 3) { world, random in
                let lag = random.duration(in: .milliseconds(500)...(.seconds(5)))
                for server in 0..<world.simulation.ensemble.serverCount {
                    world.simulation.ensemble.setLag(ofServer: server, to: lag / 2...lag)
                }
                world.later(.seconds(10)) {
                    for server in 0..<world.simulation.ensemble.serverCount {
                        world.simulation.ensemble.setLag(ofServer: server, to: .zero...(.milliseconds(2)))
                    }
                }
                for _ in 0..<3 {
                    try await world.cluster.advance(by: random.duration(in: .milliseconds(100)...(.seconds(3))))
                    for number in 0..<world.size.spectators {
                        world.withProcess("spectator-\(number)") { $0.ensemble.expireSessions(of: $1) }
                    }
                }
            },
        ]
    }

    func judge(_ world: ScenarioWorld) async throws {
        for number in 0..<world.size.spectators {
            let name = "spectator-\(number)"
            guard let table = world.tables.withLock({ $0[name] }) else {
                world.cluster.judge.note("spectator", "\(name) has no table")
                continue
            }
            if table.isStale { world.cluster.judge.note("spectator", "\(name) believes that its table is stale") }
            for resource in StandardScenario.resources.map(\.name)
            where table.placement(of: resource) != world.cluster.publishedMap(of: resource) {
                world.cluster.judge.note("spectator", "\(name) sees another map of \(resource) than there is")
            }
        }
    }
}

extension ScenarioWorld {
    func startSpectator(_ name: String) {
        let followed = StandardScenario.resources.filter { $0.settings.bucketSize == 0 }.map(\.name)
        let resource = followed[(Int(name.drop { !$0.isNumber }) ?? 0) % followed.count]
        var configuration = SpectatorConfiguration()
        configuration.sessionTimeout = simulation.random { $0.duration(in: .seconds(4)...(.seconds(8))) }
        cluster.startSpectator(name, configuration: configuration) { [self] spectator in
            var zxid: Int64 = 0
            var version = 0
            for await table in spectator.routingTables {
                tables.withLock { $0[name] = table }
                if table.zxid < zxid {
                    cluster.judge.note("older-map", "\(name) goes back from \(zxid) to \(table.zxid)")
                }
                zxid = table.zxid
                let next = views.version(of: resource, showing: table.placement(of: resource), from: version)
                if next == nil {
                    cluster.judge.note("older-map", "\(name) sees an older map of \(resource) after a newer one")
                }
                version = next ?? version
            }
        }
    }
}

/// All versions of all external views, in order.
final class ViewHistory: Sendable {
    private let versions = Mutex<[String: [[String: [String: String]]]]>([:])

    func take(_ resource: String, _ operation: WriteOperation) {
        versions.withLock { $0[resource, default: [[:]]].append(operation.placement) }
    }

    /// The first version, not before `version`, that shows a placement; `nil` when none does.
    func version(of resource: String, showing placement: [String: [String: String]], from version: Int) -> Int? {
        versions.withLock { versions in
            let all = versions[resource] ?? [[:]]
            return all.indices.dropFirst(version).first { all[$0] == placement }
        }
    }
}

extension WriteOperation {
    /// The map that an external view shows once this was written; of garbage the spectators keep what was before.
    fileprivate var placement: [String: [String: String]] {
        switch self {
        case .create(let path, let data, _, _), .set(let path, let data, _):
            do { return try ZNRecord(decoding: data, path: path).mapFields } catch { return [:] }
        case .delete, .check: return [:]
        }
    }
}
