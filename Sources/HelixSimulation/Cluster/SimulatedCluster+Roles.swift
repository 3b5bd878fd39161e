import HelixAdmin
public import HelixController
public import HelixParticipant
public import HelixSpectator
import MessageQueue
import ServiceLifecycle
import ServiceLifecycleTestKit
import Synchronization

extension SimulatedCluster {
    /// Starts a controller.
    public func startController(
        _ name: String, configuration: ControllerConfiguration = ControllerConfiguration()
    ) {
        var configuration = configuration
        configuration.processName = "1@\(name)"
        start(name) { [self, configuration] process, coordination in
            let controller = Controller(
                cluster: self.name, name: name, coordination: coordination, configuration: configuration,
                logger: timeline.logger(for: name), clock: clock,
                environment: ControllerEnvironment(
                    now: { self.milliseconds(of: process) }, makeMessageID: { self.makeMessageID() }))
            controllers.withLock { $0[name] = controller }
            try await play(controller, in: process)
        }
    }

    /// Starts a participant; it is added to the cluster if it is not known there.
    ///
    /// - Parameters:
    ///   - work: what else the process does, for example the service that the handlers belong to. It lives and dies with
    ///     the process, and is cancelled when the participant has left.
    ///   - register: registers the handlers. Called when the process starts, and not again.
    public func startParticipant(
        _ name: String, configuration: ParticipantConfiguration = ParticipantConfiguration(),
        beside work: @escaping @Sendable () async throws -> Void = {},
        _ register: @escaping @Sendable (Participant) throws -> Void
    ) async throws {
        try await administrate { admin in
            guard try await !admin.instances(in: self.name).contains(name) else { return }
            try await admin.addInstance(name, in: self.name)
        }
        runParticipant(name, configuration: configuration, beside: work, register)
    }

    /// Starts a participant that is known in the cluster.
    package func runParticipant(
        _ name: String, configuration: ParticipantConfiguration = ParticipantConfiguration(),
        beside work: @escaping @Sendable () async throws -> Void = {},
        _ register: @escaping @Sendable (Participant) throws -> Void
    ) {
        var configuration = configuration
        configuration.processName = "1@\(name)"
        members.withLock { _ = $0.insert(name) }
        start(name) { [self, configuration] process, coordination in
            let participant = Participant(
                cluster: self.name, instance: name, coordination: coordination, configuration: configuration,
                logger: timeline.logger(for: name), clock: clock, now: { self.milliseconds(of: process) },
                makeMessageID: { self.makeMessageID() })
            try register(participant)
            try await withThrowingTaskGroup(of: Bool.self) { group in
                defer { group.cancelAll() }
                group.addTask {
                    try await self.play(participant, in: process)
                    return true
                }
                group.addTask {
                    try await work()
                    return false
                }
                while let hasLeft = try await group.next(), !hasLeft {}
            }
        }
    }

    /// Starts a spectator.
    /// - Parameter body: gets the spectator while it runs, for example to follow its tables.
    public func startSpectator(
        _ name: String, configuration: SpectatorConfiguration = SpectatorConfiguration(),
        _ body: @escaping @Sendable (Spectator) async throws -> Void = { _ in }
    ) {
        start(name) { [self] process, coordination in
            let spectator = Spectator(
                cluster: self.name, coordination: coordination, configuration: configuration,
                logger: timeline.logger(for: name), clock: clock, now: { self.milliseconds(of: process) })
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.play(spectator, in: process) }
                group.addTask { try await body(spectator) }
                try await group.waitForAll()
            }
        }
    }

    /// Runs a service so that it can be shut down gracefully.
    private func play(_ service: some Service, in process: SimulatedProcess) async throws {
        try await testGracefulShutdown { trigger in
            shutdowns.withLock { $0[process.id] = { trigger.triggerGracefulShutdown() } }
            defer { _ = shutdowns.withLock { $0.removeValue(forKey: process.id) } }
            try await service.run()
        }
    }

    func makeMessageID() -> String { simulation.random { MessageIDs.uuid(using: &$0) } }
}
