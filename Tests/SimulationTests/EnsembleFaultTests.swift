import Coordination
import HelixSimulation
import Synchronization
import Testing

/// Single misfortunes, each by itself.
@Suite("Faults of the ensemble", .timeLimit(.minutes(5)))
struct EnsembleFaultTests {
    static let seeds = 1...20 as ClosedRange<UInt64>

    /// Runs `body` with two processes and a session of six seconds in each.
    private func withSessions(
        seed: UInt64, servers: Int = 3,
        _ body: @escaping @Sendable (Simulation, [SimulatedProcess], [any CoordinationSession]) async throws -> Void
    ) async throws {
        try await Simulation(seed: seed, servers: servers).run { simulation in
            let processes = ["a", "b"].map { simulation.makeProcess($0) }
            var sessions: [any CoordinationSession] = []
            for process in processes {
                let coordination = simulation.ensemble.coordination(for: process)
                sessions.append(try await coordination.openSession(SessionConfiguration(timeout: .seconds(6))))
            }
            try await body(simulation, processes, sessions)
            for session in sessions { await session.close() }
        }
    }

    @Test(
        "a client that is cut off is suspended within two thirds of its timeout, and expired when it is back",
        arguments: seeds)
    func isolation(seed: UInt64) async throws {
        try await withSessions(seed: seed) { simulation, processes, sessions in
            try await sessions[0].create("/e", mode: .ephemeral)
            simulation.ensemble.isolate(processes[0])
            let start = simulation.clock.now
            for await state in sessions[0].states() where state == .suspended { break }
            let patience = start.duration(to: simulation.clock.now)
            #expect(patience >= .seconds(2) && patience <= .seconds(4.01), "seed \(seed): \(patience)")
            #expect(simulation.ensemble.data(at: "/e") != nil, "seed \(seed)")
            try await simulation.clock.sleep(for: .seconds(4))
            #expect(simulation.ensemble.data(at: "/e") == nil, "seed \(seed)")
            #expect(sessions[0].state == .suspended)
            simulation.ensemble.reconnect(processes[0])
            for await state in sessions[0].states() where state == .expired { break }
        }
    }

    @Test("a cut that is over in time costs nothing but time", arguments: seeds)
    func briefIsolation(seed: UInt64) async throws {
        try await withSessions(seed: seed) { simulation, processes, sessions in
            simulation.ensemble.isolate(processes[0])
            simulation.after(.seconds(1)) { simulation.ensemble.reconnect(processes[0]) }
            try await sessions[0].create("/e", mode: .ephemeral)  // is stuck, and arrives
            #expect(simulation.clock.now.elapsed > .seconds(1))
            #expect(sessions[0].state == .connected)
            try await simulation.clock.sleep(for: .seconds(20))
            #expect(simulation.ensemble.data(at: "/e") != nil, "seed \(seed)")
        }
    }

    @Test("what is asked before and after the end of a cut is done in order", arguments: seeds)
    func orderAfterCut(seed: UInt64) async throws {
        try await withSessions(seed: seed) { simulation, processes, sessions in
            let order = Mutex<[String]>([])
            simulation.ensemble.observe { transaction in
                order.withLock { $0 += transaction.operations.map(\.path) }
            }
            simulation.ensemble.setSlowness(of: processes[0], to: .milliseconds(50))
            simulation.ensemble.isolate(processes[0])
            simulation.after(.milliseconds(300)) { simulation.ensemble.reconnect(processes[0]) }
            await withTaskGroup { group in
                for number in 0..<100 {
                    group.addTask { _ = await sessions[0].write([.create("/n\(100 + number)")]) }
                    try? await simulation.clock.sleep(for: .milliseconds(6))
                }
            }
            let created = order.withLock { $0.filter { $0.hasPrefix("/n") } }
            #expect(created == created.sorted() && created.count == 100, "seed \(seed)")
        }
    }

    @Test("events and answers come in order after a pause", arguments: seeds)
    func orderAfterPause(seed: UInt64) async throws {
        try await withSessions(seed: seed) { simulation, processes, sessions in
            let paths = (0..<50).map { "/n\($0)" }
            for path in paths { try await sessions[1].create(path, [0]) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await simulation.run(processes[0]) {
                        try await sessions[0].sync("/")
                        let watchers = paths.map { _ in sessions[0].makeWatcher() }
                        for (path, watcher) in zip(paths, watchers) {
                            _ = try await sessions[0].get(path, watcher: watcher)
                        }
                        try await simulation.clock.sleep(for: .seconds(1))  // and much happens when it wakes
                        for (path, watcher) in zip(paths, watchers).reversed() {
                            let data = try await sessions[0].get(path).data
                            #expect(data == [0] || !watcher.drain().isEmpty, "seed \(seed): \(path)")
                        }
                    }
                }
                try await simulation.clock.sleep(for: .milliseconds(500))
                simulation.pause(processes[0], for: .milliseconds(1500))
                for path in paths { try await sessions[1].set(path, [1]) }
                try await group.waitForAll()
            }
        }
    }

    @Test("a server that lags shows the past, until a sync", arguments: seeds)
    func lag(seed: UInt64) async throws {
        try await withSessions(seed: seed, servers: 2) { simulation, _, sessions in
            for server in 0..<2 { simulation.ensemble.setLag(ofServer: server, to: .seconds(2)...(.seconds(2))) }
            try await sessions[1].create("/a")
            try await sessions[0].sync("/")
            #expect(try await sessions[0].exists("/a") != nil, "seed \(seed)")
        }
    }

    @Test("a lag is really seen")
    func lagIsSeen() async throws {
        let stale = Mutex(0)
        for seed in Self.seeds {
            try await withSessions(seed: seed) { simulation, _, sessions in
                for server in 0..<3 { simulation.ensemble.setLag(ofServer: server, to: .seconds(1)...(.seconds(2))) }
                try await sessions[1].create("/a")
                if try await sessions[0].exists("/a") == nil { stale.withLock { $0 += 1 } }
            }
        }
        #expect(stale.withLock { $0 } > 3)
    }

    @Test("nothing that was acknowledged is lost with the leader, and clients find the next one", arguments: seeds)
    func leaderCrash(seed: UInt64) async throws {
        try await withSessions(seed: seed) { simulation, _, sessions in
            for number in 0..<20 { try await sessions[0].create("/n\(number)") }
            for server in 0..<3 {
                simulation.ensemble.crash(server: server)
                for session in sessions {
                    try await simulation.clock.sleep(for: .milliseconds(100))
                    for await state in session.states() where state == .connected { break }
                }
                try await simulation.clock.sleep(for: .seconds(4))
                simulation.ensemble.restart(server: server)
            }
            try await sessions[1].sync("/")
            #expect(try await sessions[1].children("/").count == 20, "seed \(seed)")
        }
    }

    @Test("without a majority nobody is served and no session expires", arguments: seeds)
    func outage(seed: UInt64) async throws {
        try await withSessions(seed: seed) { simulation, _, sessions in
            try await sessions[0].create("/e", mode: .ephemeral)
            for server in 0..<2 { simulation.ensemble.crash(server: server) }
            try await simulation.clock.sleep(for: .seconds(60))
            #expect(sessions.allSatisfy { $0.state == .suspended })
            simulation.ensemble.restart(server: 0)
            for await state in sessions[0].states() where state == .connected { break }
            #expect(try await sessions[0].exists("/e") != nil, "seed \(seed)")
        }
    }

    @Test("an operator's end of a session is final")
    func expiry() async throws {
        try await withSessions(seed: 1) { simulation, processes, sessions in
            try await sessions[0].create("/e", mode: .ephemeral)
            simulation.ensemble.expireSessions(of: processes[0])
            #expect(simulation.ensemble.data(at: "/e") == nil)
            for await state in sessions[0].states() where state == .expired { break }
            #expect(sessions[1].state == .connected)
            await #expect(throws: CoordinationError(.sessionExpired, operation: "create", path: "/a")) {
                try await sessions[0].create("/a")
            }
        }
    }
}
