public import HelixSimulation

/// A capability of the library as the scenario tries it: what it needs, what can go wrong with it, how that is put
/// right, and what must hold in the end.
///
/// This is the place for whatever is added to the library later: write a part, and add it to ``StandardScenario/parts``.
public protocol ScenarioPart: Sendable {
    /// Sets up what the part needs, before anything goes wrong.
    func prepare(_ world: ScenarioWorld) async throws

    /// What can go wrong.
    var faults: [FaultKind] { get }

    /// Puts right what went wrong, when the faults are over.
    func heal(_ world: ScenarioWorld) async throws

    /// Notes what is not as it must be when the cluster has settled.
    func judge(_ world: ScenarioWorld) async throws
}

extension ScenarioPart {
    /// Needs nothing.
    public func prepare(_ world: ScenarioWorld) async throws {}
    /// Nothing.
    public var faults: [FaultKind] { [] }
    /// Does nothing.
    public func heal(_ world: ScenarioWorld) async throws {}
    /// Finds nothing.
    public func judge(_ world: ScenarioWorld) async throws {}
}

/// Something that can go wrong.
public struct FaultKind: Sendable {
    /// Its name in plans, in kebab-case.
    public let name: String
    /// How often it is chosen, in relation to the others.
    public let weight: Int
    /// Makes it happen. What it leaves to chance follows from the generator.
    public let perform: @Sendable (ScenarioWorld, inout SeededGenerator) async throws -> Void

    /// A kind of fault.
    public init(
        _ name: String, weight: Int = 4,
        _ perform: @escaping @Sendable (ScenarioWorld, inout SeededGenerator) async throws -> Void
    ) {
        self.name = name
        self.weight = weight
        self.perform = perform
    }
}

/// A fault that is to happen at a certain time.
public struct PlannedFault: Sendable, Hashable, CustomStringConvertible {
    /// When, since the cluster was set up.
    public let time: Duration
    /// The name of its kind.
    public let kind: String
    /// What the rest of it follows from.
    public let seed: UInt64

    /// Time and kind.
    public var description: String { "\(time) \(kind)" }
}

/// What goes wrong in a run, and when. It follows from the seed, and can be cut down without changing the rest.
public struct FaultPlan: Sendable, Hashable {
    /// In the order of time.
    public var faults: [PlannedFault]

    /// The plan that belongs to a seed.
    public init(seed: UInt64, kinds: [FaultKind], count: Int, within span: Duration) {
        // Not the generator of the simulation itself, so that a fault more or less changes nothing else of the plan.
        var random = SeededGenerator(seed: seed ^ 0x5eed_fa17_0000_0001)
        let all = kinds.flatMap { Array(repeating: $0.name, count: $0.weight) }
        // Each run has its own mixture: some kinds often, others not at all.
        let chosen = all.filter { _ in random.chance(0.5) }
        let mixture = chosen.isEmpty ? all : chosen
        faults = (0..<count).map { _ in
            PlannedFault(
                time: random.duration(in: .zero...span), kind: mixture.randomElement(using: &random) ?? "",
                seed: random.next())
        }.sorted { $0.time < $1.time }
    }
}
