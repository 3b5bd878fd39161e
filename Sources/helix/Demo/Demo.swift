import Coordination
import HelixAdmin
import HelixController
import HelixRecords
import HelixSpectator
import Logging

/// The story: a cluster comes up, loses a node, gets it back, and grows.
struct Demo: Sendable {
    let settings: DemoSettings
    let coordination: any CoordinationService
    let display: any DemoDisplay

    private let ledger = DemoLedger()
    private let clock = ContinuousClock()

    init(settings: DemoSettings, coordination: some CoordinationService, display: any DemoDisplay) {
        self.settings = settings
        self.coordination = coordination
        self.display = display
    }

    func run() async throws -> DemoSummary {
        try await coordination.withSession(SessionConfiguration(logger: .demo)) { session in
            let administrator = Administrator(session: session, logger: .demo)
            try await setUp(administrator)
            var spectatorConfiguration = SpectatorConfiguration()
            spectatorConfiguration.source = .currentStates
            let spectator = Spectator(
                cluster: settings.cluster, coordination: coordination, configuration: spectatorConfiguration,
                logger: .demo)
            let controller = Controller(
                cluster: settings.cluster, name: "controller_1", coordination: coordination, logger: .demo)
            let summary = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await controller.run() }
                group.addTask { try await spectator.run() }
                group.addTask { await display.follow(spectator, settings) }
                var stage = Stage(demo: self, spectator: spectator, administrator: administrator)
                let summary = try await stage.play(&group)
                group.cancelAll()
                return summary
            }
            try await session.deleteRecursively(ClusterPaths(cluster: settings.cluster).root)
            return summary
        }
    }

    private func setUp(_ administrator: Administrator) async throws {
        _ = try await administrator.addCluster(settings.cluster)
        for number in 1...4 { try await administrator.addInstance("node_\(number)", in: settings.cluster) }
        display.show(
            DemoEvent(
                "cluster_created", ["cluster": .text(settings.cluster)],
                text: "cluster '\(settings.cluster)': one controller, three nodes, a spectator"))
    }

    /// The nodes that are there, and what they have done so far.
    private struct Stage {
        let demo: Demo
        let spectator: Spectator
        let administrator: Administrator
        var nodes: [String: DemoNode] = [:]
        var lives = 0
        var summary = DemoSummary()

        private var settings: DemoSettings { demo.settings }
        private var display: any DemoDisplay { demo.display }

        init(demo: Demo, spectator: Spectator, administrator: Administrator) {
            self.demo = demo
            self.spectator = spectator
            self.administrator = administrator
        }

        mutating func play(_ group: inout ThrowingTaskGroup<Void, any Error>) async throws -> DemoSummary {
            do {
                for number in 1...3 { start("node_\(number)", &group) }
                try await bringUp()
                let victim = try await kill()
                try await comeBack(victim, &group)
                try await grow(&group)
            } catch let late as TooLate {
                summary.converged = false
                display.show(
                    DemoEvent("not_converged", ["step": .text(late.step)], text: "did not converge: \(late.step)"))
            }
            summary.violations = demo.ledger.violations
            return summary
        }

        private mutating func start(_ name: String, _ group: inout ThrowingTaskGroup<Void, any Error>) {
            lives += 1
            let node = DemoNode(name: name, life: lives)
            nodes[name] = node
            display.show(DemoEvent("instance_started", ["instance": .text(name)]))
            group.addTask { [demo] in
                try await node.run(demo.settings, demo.coordination, demo.ledger) { demo.display.show($0) }
            }
        }

        private mutating func bringUp() async throws {
            let begin = demo.clock.now
            try await administrator.addResource(
                settings.resource,
                ResourceSettings(
                    partitions: settings.partitions, stateModel: "MasterSlave", replicas: .count(settings.replicas)),
                in: settings.cluster)
            display.show(
                DemoEvent(
                    "resource_added",
                    ["partitions": .number(settings.partitions), "replicas": .number(settings.replicas)],
                    text: "resource \(settings.resource): \(settings.partitions) partitions × \(settings.replicas) "
                        + "replicas, MasterSlave"))
            _ = try await settled("bring-up")
            summary.convergence = demo.clock.now - begin
            display.show(
                DemoEvent(
                    "converged", ["ms": .number(summary.convergence.wholeMilliseconds)],
                    text: "converged in \(summary.convergence.wholeMilliseconds) ms"))
            try await pause()
        }

        /// Kills the node with the most masters.
        private mutating func kill() async throws -> String {
            let map = try await awaitMap("the map") { _ in true }
            let victim = nodes.keys.sorted().max {
                let (a, b) = (map.count($0, in: "MASTER"), map.count($1, in: "MASTER"))
                return a != b ? a < b : $0 > $1
            }!
            let masters = map.count(victim, in: "MASTER")
            let node = nodes.removeValue(forKey: victim)!
            let begin = demo.clock.now
            demo.ledger.kill(node.life)
            node.kill()
            display.show(
                DemoEvent(
                    "instance_killed", ["instance": .text(victim), "masters": .number(masters)],
                    text: "\(victim) is killed; it had \(masters) masters"))
            _ = try await awaitMap("failover") { [victim] in
                $0.states[victim] == nil && $0.everyPartitionHasMaster
            }
            summary.failover = demo.clock.now - begin
            display.show(
                DemoEvent(
                    "failed_over", ["ms": .number(summary.failover.wholeMilliseconds)],
                    text: "every partition has a master again after \(summary.failover.wholeMilliseconds) ms"))
            _ = try await settled("after the loss of \(victim)")
            try await pause()
            return victim
        }

        private mutating func comeBack(
            _ name: String, _ group: inout ThrowingTaskGroup<Void, any Error>
        ) async throws {
            try await join(name, "comes back", &group)
        }

        private mutating func grow(_ group: inout ThrowingTaskGroup<Void, any Error>) async throws {
            try await join("node_4", "joins", &group)
        }

        private mutating func join(
            _ name: String, _ verb: String, _ group: inout ThrowingTaskGroup<Void, any Error>
        ) async throws {
            let before = try await awaitMap("the map") { _ in true }
            start(name, &group)
            display.show(DemoEvent("instance_joins", ["instance": .text(name)], text: "\(name) \(verb)"))
            let after = try await settled("after \(name) \(verb)")
            let moves = after.arrivals(since: before)
            // What an even spread asks of the newcomer, and of nobody else.
            let minimum = settings.partitions * min(settings.replicas, nodes.count) / nodes.count
            summary.moves += moves
            summary.movesMinimum += minimum
            display.show(
                DemoEvent(
                    "rebalanced",
                    ["instance": .text(name), "moves": .number(moves), "moves_minimum": .number(minimum)],
                    text: "rebalanced with \(moves) moves; the minimum is \(minimum)"))
            try await pause()
        }

        // MARK: Waiting

        private func settled(_ step: String) async throws -> DemoMap {
            let instances = Set(nodes.keys)
            return try await awaitMap(step) { $0.isSettled(on: instances, replicas: settings.replicas) }
        }

        /// Waits until the spectator's map fulfils a condition.
        private func awaitMap(
            _ step: String, _ condition: @escaping @Sendable (DemoMap) -> Bool
        ) async throws -> DemoMap {
            try await withThrowingTaskGroup(of: DemoMap?.self) { [settings, spectator] group in
                defer { group.cancelAll() }
                group.addTask {
                    for await table in spectator.routingTables {
                        let map = DemoMap(table, settings)
                        if condition(map) { return map }
                    }
                    return nil
                }
                group.addTask {
                    try await Task.sleep(for: settings.patience)
                    return nil
                }
                guard let map = try await group.next() ?? nil else { throw TooLate(step: step) }
                return map
            }
        }

        private func pause() async throws { try await Task.sleep(for: settings.pause) }
    }

    private struct TooLate: Error {
        let step: String
    }
}
