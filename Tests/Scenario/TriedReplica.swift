import HelixParticipant
import HelixSimulation
import StateModels
import Synchronization

/// How a handler behaves.
enum Behaviour: Sendable, Hashable, CaseIterable {
    /// Takes a moment.
    case good
    /// Takes seconds.
    case slow
    /// Throws.
    case failing
    /// Comes to its end only when it is cancelled or faults are over.
    case hanging
    /// Goes on when it is cancelled, and says that it succeeded.
    case deaf
    /// Says that it was cancelled though it was not.
    case giddy
}

/// The code behind one replica in the scenario: notes what it really does, and misbehaves.
final class TriedReplica: TransitionHandler {
    private let world: ScenarioWorld
    private let model: StateModel
    private let key: Reality.Key
    private let instance: String
    private let process: SimulatedProcess
    private let state: Mutex<String>
    private let token = Mutex<Int64>(0)

    init(_ replica: Replica, model: StateModel, in world: ScenarioWorld) {
        guard let process = world.cluster.process(replica.instance) else {
            preconditionFailure("\(replica.instance) has a process, since it makes a handler")
        }
        self.world = world
        self.model = model
        self.process = process
        key = Reality.Key(resource: replica.resource, partition: replica.partition)
        instance = replica.instance
        state = Mutex(model.initialState)
    }

    private var isExclusive: Bool { model.hasSingleTopState && model.topState != model.initialState }

    func transition(_ context: TransitionContext) async throws {
        let present = state.withLock { $0 }
        if process.isAlive, context.from != present {
            world.cluster.judge.note(
                "from-state",
                "\(instance) is asked to bring \(key.partition) from \(context.from), but it is \(present)")
        }
        checkConnection("begins")
        if context.from == model.topState { world.reality.stops(key, instance, process) }
        do {
            try await act(context)
        } catch let error as CancellationError {
            // Called off, it goes on where it was; if its session is over, it is reset.
            let isConnected = world.simulation.ensemble.suspension(of: process) == .zero
            if context.from == model.topState, isExclusive, process.isAlive, isConnected {
                world.reality.servesOn(key, instance, process, token: token.withLock { $0 })
            }
            throw error
        }
        guard process.isAlive else { return }
        if context.to == model.topState, isExclusive, !Task.isCancelled { checkConnection("is promoted") }
        state.withLock { $0 = context.to }
        guard context.to == model.topState, isExclusive else { return }
        token.withLock { $0 = context.fencingToken }
        if Task.isCancelled {
            // Whoever does not look whether it was cancelled has fencing tokens to save it.
            world.reality.servesOn(key, instance, process, token: context.fencingToken)
        } else {
            world.reality.serves(key, instance, process, token: context.fencingToken)
        }
    }

    /// Without a connection nothing begins, and nobody comes to the top. (It takes a moment for the news to spread.)
    private func checkConnection(_ deed: String) {
        guard process.isAlive, !world.cluster.isLeaving(process), !world.cluster.judge.isExcused(process.name),
            world.simulation.ensemble.suspension(of: process) > .milliseconds(10)
        else { return }
        world.cluster.judge.note("suspended", "\(key.partition) on \(instance) \(deed) without a connection")
    }

    private func act(_ context: TransitionContext) async throws {
        let clock = world.cluster.clock
        let behaviour = world.behaviour(of: instance)
        if behaviour != .good {
            world.cluster.timeline.note(instance, "is \(behaviour) with \(key.partition) to \(context.to)")
        }
        switch behaviour {
        case .good: try await clock.sleep(for: world.pause(in: .zero...(.milliseconds(20))))
        case .slow: try await clock.sleep(for: world.pause(in: .milliseconds(100)...(.seconds(8))))
        case .hanging: while !world.isHealing { try await clock.sleep(for: .seconds(5)) }
        case .deaf: await world.waitDeafly(for: world.pause(in: .zero...(.seconds(4))))
        case .failing:
            state.withLock { $0 = StateModel.error }
            throw Failure()
        case .giddy:
            if context.from == model.topState, isExclusive, process.isAlive, !Task.isCancelled {
                world.reality.servesOn(key, instance, process, token: token.withLock { $0 })
            }
            throw TransitionCancelled()
        }
    }

    func suspended() async { world.reality.suspends(key, instance, true) }

    func resumed() async { world.reality.suspends(key, instance, false) }

    func reset() async {
        world.reality.stops(key, instance, process)
        state.withLock { $0 = model.initialState }
    }

    struct Failure: Error {}
}
