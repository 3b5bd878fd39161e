import Coordination
import HelixParticipant
import Logging

/// A node of the demo: a participant that can be killed.
struct DemoNode: Sendable {
    let name: String
    /// Tells this process of the node from the one after a restart.
    let life: String
    private let end: AsyncStream<Void>
    private let killSwitch: AsyncStream<Void>.Continuation

    init(name: String, life: Int) {
        self.name = name
        self.life = "\(name)#\(life)"
        (end, killSwitch) = AsyncStream.makeStream(of: Void.self)
    }

    /// Ends the node without any hand-over.
    func kill() { killSwitch.finish() }

    /// Runs until the node is killed or the task is cancelled.
    func run(
        _ settings: DemoSettings, _ coordination: any CoordinationService, _ ledger: DemoLedger,
        _ report: @escaping @Sendable (DemoEvent) -> Void
    ) async throws {
        let participant = Participant(
            cluster: settings.cluster, instance: name, coordination: coordination, logger: .demo)
        participant.register(.masterSlave) { [life] replica in
            DemoShard(replica: replica, life: life, ledger: ledger, report: report)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await participant.run() }
            group.addTask { for await _ in end {} }
            try await group.next()
            group.cancelAll()
        }
    }
}

extension Logger {
    /// The demo tells its story itself: only what goes wrong is logged.
    static let demo = {
        var logger = Logger(label: "helix.demo") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .error
        return logger
    }()
}

/// A replica that takes a moment for everything, as a real one would.
struct DemoShard: MasterSlaveHandler {
    let replica: Replica
    let life: String
    let ledger: DemoLedger
    let report: @Sendable (DemoEvent) -> Void

    func offlineToSlave(_ context: TransitionContext) async throws {
        try await step(context, lasting: .milliseconds(20))
    }

    func slaveToMaster(_ context: TransitionContext) async throws {
        ledger.becomesMaster(replica.partition, life)
        try await step(context, lasting: .milliseconds(5))
    }

    func masterToSlave(_ context: TransitionContext) async throws {
        try await step(context, lasting: .milliseconds(5))
        ledger.ceasesToBeMaster(replica.partition, life)
    }

    func slaveToOffline(_ context: TransitionContext) async throws {
        try await step(context, lasting: .milliseconds(5))
    }

    func reset() async { ledger.ceasesToBeMaster(replica.partition, life) }

    private func step(_ context: TransitionContext, lasting duration: Duration) async throws {
        try await Task.sleep(for: duration)
        report(
            DemoEvent(
                "transition",
                [
                    "instance": .text(context.instance), "partition": .text(context.partition),
                    "from": .text(context.from), "to": .text(context.to),
                ]))
    }
}
