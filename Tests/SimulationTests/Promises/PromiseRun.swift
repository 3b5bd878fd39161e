import Coordination
import HelixSimulation
import Synchronization

/// A few clients that do all kinds of things with an ensemble to which all kinds of things happen.
final class PromiseRun: Sendable {
    private let simulation: Simulation
    private let book: PromiseBook
    private let processes = Mutex<[SimulatedProcess]>([])

    private static let clients = 4

    /// - Returns: the book of a run of so long, in which everything was judged.
    static func judged(_ simulation: Simulation, span: Duration = .seconds(60)) async throws -> PromiseBook {
        let book = PromiseBook(simulation.clock)
        simulation.ensemble.observe { book.take($0) }
        let run = PromiseRun(simulation, book)
        try await simulation.run { _ in try await run.perform(span) }
        book.judgeWrites()
        return book
    }

    private init(_ simulation: Simulation, _ book: PromiseBook) {
        self.simulation = simulation
        self.book = book
    }

    private func perform(_ span: Duration) async throws {
        let setter = simulation.makeProcess("setter")
        try await simulation.run(setter) { [simulation] in
            try await simulation.ensemble.coordination(for: setter).withSession { session in
                for path in ["/e", "/q"] { try await session.create(path) }
            }
        }
        for number in 0..<Self.clients { renew(number, generation: 0) }
        try await withThrowingDiscardingTaskGroup { group in
            for number in 0..<Self.clients { group.addTask { try await self.keep(number) } }
            try await disturb(span)
            heal()
            try await simulation.clock.sleep(for: .seconds(20))
            book.end()
        }
    }

    // MARK: Clients

    @discardableResult
    private func renew(_ number: Int, generation: Int) -> SimulatedProcess {
        let process = simulation.makeProcess("client\(number).\(generation)")
        processes.withLock { processes in
            if number < processes.count { processes[number] = process } else { processes.append(process) }
        }
        return process
    }

    /// Lets a client live again and again.
    private func keep(_ number: Int) async throws {
        var process = processes.withLock { $0[number] }
        var generation = 0
        while !book.isOver {
            try await simulation.run(process) { [process] in try await self.live(process) }
            generation += 1
            process = renew(number, generation: generation)
        }
    }

    private func live(_ process: SimulatedProcess) async throws {
        let coordination = simulation.ensemble.coordination(for: process)
        while !book.isOver {
            let timeout = simulation.random { $0.duration(in: .seconds(2)...(.seconds(6))) }
            let session = try await coordination.openSession(SessionConfiguration(timeout: timeout))
            book.opened(session, process)
            var client = PromiseClient(session, simulation, book)
            let end = simulation.clock.now.advanced(
                by: simulation.random { $0.duration(in: .seconds(1)...(.seconds(40))) })
            while !session.state.isFinal, !book.isOver, simulation.clock.now < end {
                await client.step()
                let most = session.state == .suspended ? Duration.milliseconds(300) : .milliseconds(60)
                try await simulation.clock.sleep(for: simulation.random { $0.duration(in: .zero...most) })
            }
            if session.state == .expired { await client.step() }
            try await conclude(&client)
            await session.close()
        }
    }

    /// Whoever has a session learns of every change to what it watches, when everything is well again.
    private func conclude(_ client: inout PromiseClient) async throws {
        let deadline = simulation.clock.now.advanced(by: .seconds(10))
        while book.isOver, !client.session.state.isFinal, await !client.checkWatches() {
            try await simulation.clock.sleep(for: .milliseconds(100))
            guard simulation.clock.now > deadline else { continue }
            return book.violation("\(client.session.id) is not served though everything is well again")
        }
    }

    // MARK: Faults

    private func disturb(_ span: Duration) async throws {
        let end = simulation.clock.now.advanced(by: span)
        while simulation.clock.now < end {
            try await simulation.clock.sleep(
                for: simulation.random { $0.duration(in: .milliseconds(5)...(.milliseconds(600))) })
            let process = processes.withLock { processes in
                simulation.random { processes[Int.random(in: 0..<processes.count, using: &$0)] }
            }
            let (kind, amount) = simulation.random {
                (Int.random(in: 0..<20, using: &$0), $0.duration(in: .zero...(.seconds(1))))
            }
            disturb(process, kind, amount)
        }
    }

    private func disturb(_ process: SimulatedProcess, _ kind: Int, _ amount: Duration) {
        let ensemble = simulation.ensemble
        let server = simulation.random { Int.random(in: 0..<ensemble.serverCount, using: &$0) }
        switch kind {
        case 0..<5: ensemble.breakConnections(of: process)
        case 5..<7: isolate(process, from: nil, for: amount * 4)
        case 7: isolate(process, from: [server], for: amount * 4)
        case 8: ensemble.setFlakiness(of: process, to: 0.1)
        case 9: ensemble.setFlakiness(of: process, to: 0)
        case 10: ensemble.setSlowness(of: process, to: amount / 4)
        case 11, 12: ensemble.setLag(ofServer: server, to: .zero...(amount * 2))
        case 13: ensemble.setLag(ofServer: server, to: .zero...(.milliseconds(2)))
        case 14, 15:
            ensemble.crash(server: server)
            simulation.after(amount * 3) { ensemble.restart(server: server) }
        case 16 where amount < .milliseconds(200):
            book.excuse(process)
            ensemble.expireSessions(of: process)
        case 17: simulation.kill(process)
        default:
            let pause = kind == 18 ? amount * 6 : amount / 2
            book.pauses(process, for: pause)
            simulation.pause(process, for: pause)
        }
    }

    private func isolate(_ process: SimulatedProcess, from servers: [Int]?, for duration: Duration) {
        let ensemble = simulation.ensemble
        ensemble.isolate(process, from: servers)
        simulation.after(duration) { ensemble.reconnect(process) }
    }

    private func heal() {
        let ensemble = simulation.ensemble
        for server in 0..<ensemble.serverCount {
            ensemble.restart(server: server)
            ensemble.setLag(ofServer: server, to: .zero...(.milliseconds(2)))
        }
        for process in processes.withLock({ $0 }) {
            ensemble.reconnect(process)
            ensemble.setFlakiness(of: process, to: 0)
            ensemble.setSlowness(of: process, to: .zero)
        }
    }
}
