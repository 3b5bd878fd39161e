import HelixAdmin
public import HelixSimulation
import StateModels
import Synchronization

/// What became of a run.
public struct ScenarioReport: Sendable {
    /// The seed.
    public let seed: UInt64
    /// What went wrong, by plan.
    public let plan: FaultPlan
    /// What must not have happened, and what should have happened and did not (rules `liveness` and `silence`).
    public let violations: [Violation]
    /// The hash of everything that happened.
    public let trace: UInt64
    /// How many jobs and events have run.
    public let steps: Int
    /// How many transactions were committed.
    public let transactions: Int
    /// How much time passed in the simulation.
    public let duration: Duration
    /// What each process saw, if that was recorded.
    public let timeline: String
}

/// One run of the standard scenario.
public struct ScenarioRun: Sendable {
    /// What the run follows from.
    public let seed: UInt64
    /// How large it is.
    public let size: ScenarioSize
    /// What it is made of.
    public let parts: [any ScenarioPart]

    /// A run of a seed.
    public init(seed: UInt64, size: ScenarioSize = ScenarioSize(), parts: [any ScenarioPart] = StandardScenario.parts) {
        self.seed = seed
        self.size = size
        self.parts = parts
    }

    /// What goes wrong in it.
    public var plan: FaultPlan {
        FaultPlan(seed: seed, kinds: parts.flatMap(\.faults), count: size.faults, within: size.span)
    }

    /// Performs the run.
    /// - Parameters:
    ///   - plan: what goes wrong; the seed's own plan unless set.
    ///   - recording: whether to keep the timeline.
    public func perform(_ plan: FaultPlan? = nil, recording: Bool = false) async -> ScenarioReport {
        let plan = plan ?? self.plan
        let simulation = Simulation(seed: seed, limit: .seconds(3600))
        let outcome = ScenarioOutcome()
        do {
            try await SimulatedCluster.run("tried", in: simulation, recording: recording) { cluster in
                outcome.begin(cluster)
                let world = ScenarioWorld(cluster, size)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await act(plan, in: world) }
                    group.addTask { await cluster.judge.someViolation() }
                    try await group.next()
                    group.cancelAll()
                }
            }
        } catch {
            outcome.fail(error)
        }
        return ScenarioReport(
            seed: seed, plan: plan, violations: outcome.violations, trace: simulation.trace, steps: simulation.steps,
            transactions: outcome.transactions, duration: simulation.clock.now.elapsed, timeline: outcome.timeline)
    }

    private func act(_ plan: FaultPlan, in world: ScenarioWorld) async throws {
        let cluster = world.cluster
        try await cluster.administrate { admin in
            try await admin.addCluster(cluster.name)
            for model in StandardScenario.models
            where try await !admin.stateModels(in: cluster.name).contains(model.name) {
                try await admin.addStateModel(model, in: cluster.name)
            }
        }
        for part in parts { try await part.prepare(world) }
        try await cluster.administrate { admin in
            for resource in StandardScenario.resources {
                try await StandardScenario.add(resource, with: admin, to: world)
            }
        }
        try await perform(plan, in: world)
        cluster.timeline.note("", "FAULTS ARE OVER")
        world.beginHealing()
        for part in parts { try await part.heal(world) }
        try await settle(world)
        try await beSilent(world)
        for part in parts { try await part.judge(world) }
        guard world.simulation.random({ $0.chance(0.2) }), cluster.judge.violations.isEmpty else { return }
        try await Exercises(world: world) { try await settle(world) }.perform()
        for part in parts { try await part.judge(world) }
    }

    private func perform(_ plan: FaultPlan, in world: ScenarioWorld) async throws {
        let kinds = Dictionary(parts.flatMap(\.faults).map { ($0.name, $0) }) { first, _ in first }
        let start = world.cluster.clock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for fault in plan.faults {
                guard let kind = kinds[fault.kind] else { continue }
                group.addTask {
                    try await world.cluster.clock.sleep(until: start.advanced(by: fault.time), tolerance: nil)
                    world.count(kind.name)
                    world.cluster.timeline.note("", "FAULT \(kind.name)")
                    var random = SeededGenerator(seed: fault.seed)
                    try await kind.perform(world, &random)
                }
            }
            try await world.cluster.clock.sleep(until: start.advanced(by: size.span), tolerance: nil)
            group.cancelAll()
        }
    }

    /// The cluster becomes as it should be.
    private func settle(_ world: ScenarioWorld) async throws {
        let cluster = world.cluster
        do {
            // Replicas that failed wait for an operator, who looks now and then.
            let deadline = cluster.clock.now.advanced(by: size.settling)
            while true {
                while world.someoneIsAway, cluster.clock.now < deadline {
                    try await cluster.advance(by: .milliseconds(500))
                }
                try await cluster.settle(within: max(.seconds(1), cluster.clock.now.duration(to: deadline)))
                if world.someoneIsAway, cluster.clock.now < deadline { continue }
                let failed = cluster.judge.inspect { $0.world.failedReplicas }
                if failed.isEmpty { break }
                for instance in Set(failed.map(\.instance)).sorted() {
                    try await world.operate { _ = try await $0.resetInstance(instance, in: cluster.name) }
                }
                if cluster.clock.now > deadline { throw NotSettled.failed(cluster.name, size.settling, failed) }
            }
        } catch let error as NotSettled {
            cluster.judge.note("liveness", "\(error)")
            throw error
        }
    }

    /// When everything is done nobody writes anything.
    private func beSilent(_ world: ScenarioWorld) async throws {
        let before = world.cluster.judge.transactions
        try await world.cluster.advance(by: size.silence)
        let after = world.cluster.judge.transactions
        if after != before {
            world.cluster.judge.note("silence", "\(after - before) transactions after everything was done")
        }
    }
}
