import Coordination
import HelixSimulation
import Testing

/// The embedded service, a real ZooKeeper and a simulated one to which nothing happens do the same, over random operations.
@Suite("Contract: the embedded service against ZooKeeper and the simulated ensemble", .timeLimit(.minutes(5)))
struct DifferentialTests {
    /// What a result tells, without what differs by nature: transaction numbers, times and session ids.
    func essence(_ stat: Stat) -> String {
        "v\(stat.version) c\(stat.childrenVersion) \(stat.dataLength) \(stat.childrenCount) \(stat.ephemeralOwner != nil)"
    }

    func essence(_ result: Result<WriteResult, CoordinationError>) -> String {
        switch result {
        case .success(.set(let stat)): "set \(essence(stat))"
        case .success(let result): "\(result)"
        case .failure(let error): "\(error.code) \(error.path ?? "") \(error.operationIndex ?? -1)"
        }
    }

    func essence(_ result: Result<[WriteResult], CoordinationError>) -> String {
        switch result {
        case .success(let results): "\(results.map { essence(.success($0)) })"
        case .failure(let error): essence(.failure(error) as Result<WriteResult, CoordinationError>)
        }
    }

    func essence(_ result: Result<ReadResult, CoordinationError>) -> String {
        switch result {
        case .success(.data(let data, let stat)): "\(data) \(essence(stat))"
        case .success(.stat(let stat)): "\(stat.map { essence($0) } ?? "none")"
        case .success(.children(let names, let stat)): "\(names.sorted()) \(essence(stat))"
        case .failure(let error): "\(error.code) \(error.path ?? "")"
        }
    }

    func randomPath(_ generator: inout SeededGenerator) -> String {
        let names = ["a", "b", "c"]
        let depth = Int.random(in: 1...3, using: &generator)
        return (0..<depth).map { _ in "/" + names.randomElement(using: &generator)! }.joined()
    }

    func randomWrite(_ generator: inout SeededGenerator) -> WriteOperation {
        let path = randomPath(&generator)
        let version = ([nil, nil, 0, 1] as [Int32?]).randomElement(using: &generator)!
        switch Int.random(in: 0..<10, using: &generator) {
        case 0..<4:
            let modes: [CreateMode] = [.persistent, .persistent, .persistent, .ephemeral, .persistentSequential]
            return .create(path, data: [1], mode: modes.randomElement(using: &generator)!)
        case 4..<6:
            return .set(
                path, data: Array(repeating: 2, count: Int.random(in: 0...9, using: &generator)), version: version)
        case 6..<9: return .delete(path, version: version)
        default: return .check(path, version: version)
        }
    }

    /// All that a session with `service` sees of random operations, with two sessions that take turns.
    func trace(_ service: any CoordinationService, _ seed: UInt64) async throws -> [String] {
        var generator = SeededGenerator(seed: seed)
        let sessions = [try await service.openSession(.init()), try await service.openSession(.init())]
        let watchers = sessions.map { $0.makeWatcher() }
        var trace: [String] = []
        for _ in 0..<400 {
            let number = Int.random(in: 0...1, using: &generator)
            let (session, watcher) = (sessions[number], watchers[number])
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<4:
                let operation = randomWrite(&generator)
                trace.append("\(operation) → \(essence(await session.write([operation])[0]))")
            case 4..<7:
                let operations = (0..<Int.random(in: 1...5, using: &generator)).map { _ in randomWrite(&generator) }
                trace.append("\(operations) → \(essence(await session.commit([operations])[0]))")
            default:
                let path = randomPath(&generator)
                let watched = Bool.random(using: &generator) ? watcher : nil
                let operation: ReadOperation =
                    [.get(path, watcher: watched), .exists(path, watcher: watched), .children(path, watcher: watched)]
                    .randomElement(using: &generator)!
                trace.append("\(path) → \(essence(await session.read([operation])[0]))")
            }
            for (session, watcher) in zip(sessions, watchers) {
                try await session.sync("/")  // after its answer all earlier events are there
                trace.append("events \(watcher.drain().map { "\($0.path) \($0.kind)" }.sorted())")
            }
        }
        await sessions[0].close()
        try await sessions[1].sync("/")
        trace.append("\(try await sessions[1].subtree("/"))")
        await sessions[1].close()
        return trace
    }

    @Test("the same operations have the same results, events and state", arguments: 1...6 as ClosedRange<UInt64>)
    func sameTrace(seed: UInt64) async throws {
        let memory = try await trace(MemoryCoordination(), seed)
        try compare(memory, try await trace(try await Implementation.zooKeeper.makeService(), seed), seed)
    }

    @Test("the simulated ensemble gives the same, too", arguments: 1...20 as ClosedRange<UInt64>)
    func sameTraceInSimulation(seed: UInt64) async throws {
        let memory = try await trace(MemoryCoordination(), seed)
        let simulated = try await Simulation(seed: seed).run { simulation in
            try await trace(simulation.ensemble.coordination(for: simulation.makeProcess("node")), seed)
        }
        try compare(memory, simulated, seed)
    }

    private func compare(_ expected: [String], _ found: [String], _ seed: UInt64) throws {
        for (step, (expected, found)) in zip(expected, found).enumerated() {
            try #require(expected == found, "seed \(seed), step \(step)")
        }
        #expect(expected.count == found.count)
    }
}
