import Coordination
import HelixSimulation
import Testing

@Suite("The executor", .timeLimit(.minutes(5)))
struct SchedulerTests {
    @Test("runs everything that is started in the structured way")
    func staysInside() async throws {
        let simulation = Simulation(seed: 1)
        let process = simulation.makeProcess("node")
        try await simulation.run { simulation in
            try await simulation.run(process) {
                #expect(isOn(process))
                async let child = isOn(process)
                #expect(await child)
                await withTaskGroup(of: Bool.self) { group in
                    for _ in 0..<10 { group.addTask { isOn(process) } }
                    for await isInside in group { #expect(isInside) }
                }
                #expect(await Place().isOn(process))
                await withCheckedContinuation { continuation in
                    simulation.after(.seconds(1)) { continuation.resume() }
                }
                #expect(isOn(process))
                let (stream, feed) = AsyncStream.makeStream(of: Int.self)
                simulation.after(.seconds(1)) { feed.yield(1) }
                for await _ in stream { break }
                #expect(isOn(process))
                try await simulation.clock.sleep(for: .seconds(1))
                #expect(isOn(process))
            }
        }
    }

    @Test("runs ready tasks in an order that differs from seed to seed")
    func orders() async throws {
        var orders: Set<[Int]> = []
        for seed in 1...20 as ClosedRange<UInt64> {
            orders.insert(
                try await Simulation(seed: seed).run { _ in
                    await withTaskGroup(of: Int.self) { group in
                        for number in 0..<5 { group.addTask { number } }
                        return await group.reduce(into: []) { $0.append($1) }
                    }
                })
        }
        #expect(orders.count > 10)
    }

    @Test("ends with an error when everybody waits and nothing will be due")
    func standstill() async throws {
        let error = try await #require(throws: SimulationError.self) {
            try await Simulation(seed: 5).run { simulation in
                try await simulation.clock.sleep(for: .seconds(2))
                for await _ in AsyncStream(Int.self, { _ in }) {}
            }
        }
        #expect("\(error)".contains("simulation 5 stands still after 2.0 seconds"))
    }

    @Test("ends with an error when somebody waits for the world outside")
    func outside() async throws {
        await #expect(throws: SimulationError.self) {
            try await Simulation(seed: 5).run { _ in try await Task.sleep(for: .seconds(1000)) }
        }
    }

    @Test("ends with an error when tasks keep each other busy and no time passes")
    func livelock() async throws {
        let error = try await #require(throws: SimulationError.self) {
            try await Simulation(seed: 5).run { _ in
                while !Task.isCancelled { await Task.yield() }
            }
        }
        #expect("\(error)".contains("does not get on"))
    }

    @Test("stops the program rather than wait for ever for a task that does not heed its cancellation")
    func deafTask() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            try await Simulation(seed: 5).run { _ in
                await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                    withExtendedLifetime(continuation) {}
                }
            }
        }
        let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(message.contains("simulation 5 stands still") && message.contains("do its tasks end"))
    }

    @Test("gives what the body returns, and throws what it throws")
    func outcome() async throws {
        struct Failure: Error {}
        #expect(try await Simulation(seed: 1).run { _ in 7 } == 7)
        await #expect(throws: Failure.self) { try await Simulation(seed: 1).run { _ in throw Failure() } }
    }

    @Test("ends when the task that runs it is cancelled")
    func cancelled() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await #expect(throws: CancellationError.self) {
                    try await Simulation(seed: 1, limit: .seconds(1e9)).run { simulation in
                        while true { try await simulation.clock.sleep(for: .seconds(1)) }
                    }
                }
            }
            await Task.yield()
            group.cancelAll()
        }
    }
}

@Suite("The clock", .timeLimit(.minutes(5)))
struct ClockTests {
    @Test("lets an hour pass at once")
    func hour() async throws {
        let start = ContinuousClock.now
        try await Simulation(seed: 1).run { simulation in
            let calendar = simulation.milliseconds
            try await simulation.clock.sleep(for: .seconds(3600))
            #expect(simulation.clock.now.elapsed == .seconds(3600))
            #expect(simulation.milliseconds - calendar == 3_600_000)
        }
        #expect(ContinuousClock.now - start < .seconds(30))
    }

    @Test("wakes sleepers in the order of their times")
    func order() async throws {
        let woken = try await Simulation(seed: 3).run { simulation in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for number in [5, 3, 8, 1, 9, 2] {
                    group.addTask {
                        try await simulation.clock.sleep(for: .seconds(number))
                        return number
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        #expect(woken == [1, 2, 3, 5, 8, 9])
    }

    @Test("ends a sleep at once when it is cancelled, and does not begin one that is cancelled already")
    func cancellation() async throws {
        try await Simulation(seed: 1).run { simulation in
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    await #expect(throws: CancellationError.self) {
                        try await simulation.clock.sleep(for: .seconds(100))
                    }
                    await #expect(throws: CancellationError.self) {
                        try await simulation.clock.sleep(for: .seconds(100))
                    }
                }
                group.addTask { try? await simulation.clock.sleep(for: .seconds(2)) }
                simulation.after(.seconds(1)) {}
                try? await simulation.clock.sleep(for: .seconds(1))
                group.cancelAll()
            }
            #expect(simulation.clock.now.elapsed < .milliseconds(1001))
        }
    }

    @Test("goes on when work is done, a little")
    func work() async throws {
        try await Simulation(seed: 1).run { simulation in
            for _ in 0..<1000 { await Task.yield() }
            #expect(simulation.clock.now.elapsed > .zero && simulation.clock.now.elapsed < .milliseconds(100))
        }
    }
}

private actor Place {
    func isOn(_ process: SimulatedProcess) -> Bool { SimulationTests.isOn(process) }
}

/// Whether the task that asks runs on a process.
private func isOn(_ process: SimulatedProcess) -> Bool {
    withUnsafeCurrentTask { $0?.unownedTaskExecutor == process.asUnownedTaskExecutor() }
}
