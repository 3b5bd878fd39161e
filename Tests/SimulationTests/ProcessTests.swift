import Coordination
import Synchronization
import Testing

@testable import HelixSimulation

/// A session of a process that holds `/e`, and what becomes of it.
private final class Holder: Sendable {
    let process: SimulatedProcess
    let session = Mutex<(any CoordinationSession)?>(nil)
    let ticks = Mutex<[Duration]>([])

    init(_ process: SimulatedProcess) { self.process = process }

    /// Holds an ephemeral znode and writes into it again and again, whatever it is told.
    func run(in simulation: Simulation, timeout: Duration = .seconds(6)) async throws {
        let coordination = simulation.ensemble.coordination(for: process)
        let session = try await coordination.openSession(SessionConfiguration(timeout: timeout))
        self.session.withLock { $0 = session }
        try await session.create("/e", mode: .ephemeral)
        while !Task.isCancelled {
            ticks.withLock { $0.append(simulation.clock.now.elapsed) }
            _ = await session.write([.set("/e", data: [1])])
            try await simulation.clock.sleep(for: .milliseconds(100))
        }
    }
}

@Suite("Processes", .timeLimit(.minutes(5)))
struct ProcessTests {
    static let timeout = Duration.seconds(6)
    static let seeds = 1...40 as ClosedRange<UInt64>

    /// Runs `body` beside a process that holds `/e`.
    /// - Returns: how long `/e` lives from then on.
    private func lifetime(
        _ seed: UInt64, _ body: @escaping @Sendable (Simulation, Holder) async throws -> Void
    ) async throws -> Duration {
        try await Simulation(seed: seed).run { simulation in
            let holder = Holder(simulation.makeProcess("holder"))
            return try await withThrowingTaskGroup(of: Void.self) { group in
                defer { group.cancelAll() }
                group.addTask { try await simulation.run(holder.process) { try await holder.run(in: simulation) } }
                try await simulation.clock.sleep(for: .seconds(2))
                #expect(simulation.ensemble.data(at: "/e") == [1], "seed \(seed)")
                try await body(simulation, holder)
                let start = simulation.clock.now
                let limit = start.advanced(by: .seconds(60))
                while simulation.ensemble.data(at: "/e") != nil, simulation.clock.now < limit {
                    try await simulation.clock.sleep(for: .milliseconds(10))
                }
                return start.duration(to: simulation.clock.now)
            }
        }
    }

    @Test("the session of a killed process expires after its timeout and not before two thirds of it", arguments: seeds)
    func killed(seed: UInt64) async throws {
        let lifetime = try await lifetime(seed) { simulation, holder in simulation.kill(holder.process) }
        #expect(lifetime >= Self.timeout * 2 / 3 && lifetime <= Self.timeout * 1.11, "seed \(seed): \(lifetime)")
    }

    @Test("also of one that is killed while it connects anew", arguments: seeds)
    func killedWhileConnecting(seed: UInt64) async throws {
        let lifetime = try await lifetime(seed) { simulation, holder in
            try await reconnect(holder, in: simulation)
            simulation.kill(holder.process)
        }
        #expect(lifetime <= Self.timeout * 1.11, "seed \(seed): \(lifetime)")
    }

    @Test("a session that is closed while it connects anew expires, too", arguments: seeds)
    func closedWhileConnecting(seed: UInt64) async throws {
        let lifetime = try await lifetime(seed) { simulation, holder in
            try await reconnect(holder, in: simulation)
            await holder.session.withLock { $0 }?.close()
        }
        #expect(lifetime <= Self.timeout * 1.11, "seed \(seed): \(lifetime)")
    }

    /// Breaks the connection, and stops at a random moment on the way to the next one.
    private func reconnect(_ holder: Holder, in simulation: Simulation) async throws {
        simulation.ensemble.setSlowness(of: holder.process, to: .milliseconds(300))
        simulation.ensemble.breakConnections(of: holder.process)
        while holder.session.withLock({ $0?.state }) == .connected {
            try await simulation.clock.sleep(for: .milliseconds(1))
        }
        try await simulation.clock.sleep(for: simulation.random { $0.duration(in: .zero...(.milliseconds(700))) })
    }

    @Test("a process that is killed while it opens a session leaves none behind", arguments: seeds)
    func killedWhileOpening(seed: UInt64) async throws {
        try await Simulation(seed: seed).run { simulation in
            let process = simulation.makeProcess("node")
            simulation.after(simulation.random { $0.duration(in: .zero...(.milliseconds(1))) }) {
                simulation.kill(process)
            }
            try await simulation.run(process) {
                let session = try await simulation.ensemble.coordination(for: process).openSession(
                    SessionConfiguration(timeout: Self.timeout))
                #expect(session.state != .connected || process.isAlive)
                while true { try await simulation.clock.sleep(for: .seconds(1)) }
            }
            try await simulation.clock.sleep(for: Self.timeout * 1.2)
            #expect(simulation.ensemble.silentSessions == 0, "seed \(seed)")
        }
    }

    @Test("what a killed process still does reaches nobody")
    func nothingReaches() async throws {
        try await Simulation(seed: 1).run { simulation in
            let process = simulation.makeProcess("node")
            try await simulation.run(process) {
                let coordination = simulation.ensemble.coordination(for: process)
                let session = try await coordination.openSession()
                simulation.kill(process)
                #expect(session.state == .closed)
                await #expect(throws: CoordinationError(.closed, operation: "create", path: "/a")) {
                    try await session.create("/a")
                }
                await #expect(throws: CoordinationError(.closed, operation: "")) {
                    try await coordination.openSession()
                }
                throw CancellationError()  // is of no interest any more
            }
            #expect(simulation.ensemble.children(of: "/") == [])
        }
    }

    @Test(
        "a process that pauses briefly stands still, catches up and keeps its session",
        arguments: 1...10 as ClosedRange<UInt64>)
    func pausedBriefly(seed: UInt64) async throws {
        try await Simulation(seed: seed).run { simulation in
            let holder = Holder(simulation.makeProcess("holder"))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await simulation.run(holder.process) { try await holder.run(in: simulation) } }
                try await simulation.clock.sleep(for: .seconds(2))
                simulation.pause(holder.process, for: .milliseconds(1500))
                #expect(holder.process.isPaused)
                let before = holder.ticks.withLock { $0.count }
                try await simulation.clock.sleep(for: .milliseconds(1400))
                #expect(holder.ticks.withLock { $0.count } == before, "seed \(seed)")
                try await simulation.clock.sleep(for: .seconds(10))
                #expect(!holder.process.isPaused)
                #expect(holder.ticks.withLock { $0.count } > before + 80, "seed \(seed)")
                #expect(holder.session.withLock { $0?.state } == .connected)
                group.cancelAll()
                simulation.kill(holder.process)
            }
        }
    }

    @Test(
        "a process that pauses for longer than its session learns of its end when it wakes",
        arguments: 1...10 as ClosedRange<UInt64>)
    func pausedForLong(seed: UInt64) async throws {
        let lifetime = try await lifetime(seed) { simulation, holder in
            simulation.pause(holder.process, for: .seconds(20))
        }
        #expect(lifetime >= Self.timeout * 2 / 3 && lifetime <= Self.timeout * 1.11, "seed \(seed): \(lifetime)")
        try await Simulation(seed: seed).run { simulation in
            let holder = Holder(simulation.makeProcess("holder"))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await simulation.run(holder.process) { try await holder.run(in: simulation) } }
                try await simulation.clock.sleep(for: .seconds(2))
                simulation.pause(holder.process, for: .seconds(20))
                try await simulation.clock.sleep(for: .seconds(19))
                #expect(holder.session.withLock { $0?.state } == .connected, "it cannot know yet")
                try await simulation.clock.sleep(for: .seconds(5))
                #expect(holder.session.withLock { $0?.state } == .expired, "seed \(seed)")
                simulation.kill(holder.process)
            }
        }
    }
}
