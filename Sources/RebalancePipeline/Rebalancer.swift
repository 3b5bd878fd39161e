public import Placement
import StateModels

/// The rebalance pipeline: compares what is with what should be, and orders the few steps that close the gap.
///
/// Six stages, named as in the description of Helix: **read configuration**, **read current state**,
/// **compute ideal state**, **compute transitions**, **apply constraints**, **issue transitions**. All of them are
/// functions on values: a ``ClusterSnapshot`` in, a ``Decision`` out, no clock and no I/O. Explaining, planning and
/// simulating are this same function on another snapshot.
///
/// A pass costs what changed: given the former decision it looks only at the partitions, resources or, when the set of
/// live and enabled instances changed, at everything that ``ClusterSnapshot/Changes`` names.
public struct Rebalancer: Sendable {
    let strategies: [String: any PlacementStrategy]
    let standard: any PlacementStrategy

    /// - Parameters:
    ///   - standard: what places FULL_AUTO resources.
    ///   - strategies: further strategies; USER_DEFINED resources name them by REBALANCER_CLASS_NAME, FULL_AUTO ones by
    ///     REBALANCE_STRATEGY.
    public init(standard: any PlacementStrategy = BalancedPlacement(), strategies: [any PlacementStrategy] = []) {
        self.standard = standard
        self.strategies = Dictionary((strategies + [standard]).map { ($0.name, $0) }, uniquingKeysWith: { a, _ in a })
    }

    /// Decides about a whole cluster, from nothing.
    public func decide(_ snapshot: ClusterSnapshot) -> Decision {
        var decision = Decision()
        update(&decision, with: snapshot, changes: .everything)
        return decision
    }

    /// Brings a decision up to date with a snapshot in which `changes` happened since then.
    ///
    /// A decision belongs to one snapshot as it changes over time: it remembers where resources were placed, and what
    /// has been asked for in vain, by the numbers that this snapshot gives to names.
    public func update(_ decision: inout Decision, with snapshot: ClusterSnapshot, changes: ClusterSnapshot.Changes) {
        decision.transitions = []
        decision.cancellations = []
        decision.obsoleteMessages = []
        decision.unrecorded = []
        decision.departed = []
        decision.relocated = [:]
        decision.nextDeadline = nil
        decision.viewsToRefresh = changes.resources.union(changes.partitions.keys)
        let isEverything = changes.isEverything || decision.standing == nil
        if isEverything {
            let standing = ReadConfiguration.standing(of: snapshot)
            decision.standing = standing
            decision.problems = ReadConfiguration.clusterProblems(of: snapshot, standing)
            decision.restartTraffic(snapshot)
            decision.viewsToRefresh.formUnion(snapshot.resources.keys)
            decision.viewsToRefresh.formUnion(decision.resources.keys)
        }
        let due = decision.deadlines.filter { $0.value <= snapshot.time }.keys
        let names = decision.viewsToRefresh.union(due).sorted()
        let placed = readAndPlace(names, &decision, snapshot, isEverything: isEverything, changes)
        decision.hasPlaced = !placed.isEmpty
        for name in placed.union(names).sorted() {
            guard let resource = snapshot.resources[name] else { continue }
            update(
                &decision, resource, isWhole: placed.contains(name), touched: changes.partitions[name] ?? [], snapshot)
        }
        AdmitTransitions.admit(&decision, snapshot)
        let isStill = decision.standing?.standstill != nil
        if !isStill {
            for name in placed.union(changes.records) { decision.compareRecord(of: name, snapshot) }
        }
        for deadline in decision.deadlines.values { decision.note(deadline: deadline) }
        if isEverything || decision.management != nil { decision.management = snapshot.managementMode }
        if !isStill {
            ObsoleteMessages.decide(&decision, snapshot)
            Deregistration.decide(&decision, snapshot)
        }
        decision.cancellations.sort {
            ($0.resource, $0.partition, $0.instance) < ($1.resource, $1.partition, $1.instance)
        }
        decision.transitions.sort {
            ($0.urgency, $0.resource, $0.instance, $0.partition) < ($1.urgency, $1.resource, $1.instance, $1.partition)
        }
    }

    // MARK: Whole resources

    /// Stage 1 and the part of stage 3 that is about whole resources, for those that have changed as a whole.
    /// - Returns: the resources all of whose partitions are to be looked at.
    private func readAndPlace(
        _ names: [String], _ decision: inout Decision, _ snapshot: ClusterSnapshot, isEverything: Bool,
        _ changes: ClusterSnapshot.Changes
    ) -> Set<String> {
        guard let standing = decision.standing else { return [] }
        var read: [String] = []
        var left: [PlacementInputs] = []
        for name in names {
            guard let resource = snapshot.resources[name] else {
                if let placement = decision.forget(name) { left.append(placement.inputs) }
                continue
            }
            let own = decision.resources[name]
            guard
                isEverything || changes.resources.contains(name) || own == nil
                    || own?.inputs?.waitsUntil ?? .max <= snapshot.time
            else { continue }
            self.read(resource, &decision, standing, snapshot)
            read.append(name)
        }
        if read.isEmpty && left.isEmpty { return [] }
        let placed = PlaceResources(self, snapshot, standing).update(&decision, read, left: left).union(read)
        for name in placed { settle(name, &decision, standing, snapshot) }
        return placed
    }

    /// Stage 1 for a resource.
    private func read(
        _ resource: ClusterSnapshot.Resource, _ decision: inout Decision, _ standing: ClusterStanding,
        _ snapshot: ClusterSnapshot
    ) {
        var own = decision.resources.removeValue(forKey: resource.name) ?? ResourceDecision()
        defer { decision.resources[resource.name] = own }
        let former = own.configuration?.configuration?.model
        own.configuration = ReadConfiguration.resource(resource, standing, in: snapshot)
        guard let configuration = own.configuration?.configuration else {
            own.placement?.wasFrozen = true
            return
        }
        // What was asked for is noted by the model's numbers.
        if configuration.model != former { (own.asked, own.calledOff) = ([:], [:]) }
        own.turns = []
        switch strategy(for: configuration) {
        case .failure(let problem): own.configuration = .frozen(problem)
        case .success(let strategy):
            ComputePlacement.prepare(
                &own, of: resource, configuration, standing, strategy: strategy, at: snapshot.time)
            own.hold(for: snapshot.maintenanceReason)
        }
    }

    /// What follows for a resource as a whole from how it was read and placed.
    private func settle(
        _ name: String, _ decision: inout Decision, _ standing: ClusterStanding, _ snapshot: ClusterSnapshot
    ) {
        guard let resource = snapshot.resources[name],
            var own = decision.resources.removeValue(forKey: name)
        else { return }
        let formerProblems = own.problems.count
        defer { decision.keep(own, of: name, insteadOf: formerProblems) }
        switch own.configuration {
        case .ready(let configuration)?:
            let former = own.preferenceLists
            ComputePlacement.apply(&own, resource, configuration, standing)
            let count = own.relocated(since: former)
            if count > 0 { decision.relocated[name] = count }
            own.ownProblems = problems(of: resource, configuration, own)
        case .frozen(let problem)?:
            own.stop()
            own.ownProblems = [problem]
        case .nothing?, nil:
            own.stop()
            own.ownProblems = []
        }
        own.problems = own.ownProblems
    }

    // MARK: One resource

    private func update(
        _ decision: inout Decision, _ resource: ClusterSnapshot.Resource, isWhole: Bool, touched: Set<Int>,
        _ snapshot: ClusterSnapshot
    ) {
        guard let standing = decision.standing else { return }
        // Taken out while it is worked on, so that its columns are changed in place.
        guard var own = decision.resources.removeValue(forKey: resource.name) else { return }
        let formerProblems = own.problems.count
        defer {
            own.shrink()
            decision.keep(own, of: resource.name, insteadOf: formerProblems)
        }
        if isWhole { decision.withdraw(&own, of: resource.name) }
        guard case .ready(let configuration)? = own.configuration else {
            decision.deadlines[resource.name] = nil
            return
        }
        let due = own.deadlines.isEmpty ? [] : own.deadlines.filter { $0.value <= snapshot.time }.map(\.key)
        let partitions = isWhole ? Array(0..<resource.partitions.count) : touched.union(due).sorted()
        for partition in partitions {
            if !isWhole { decision.withdraw(partition, &own, of: resource.name) }
            update(&own, &decision, partition, resource, configuration, standing, snapshot)
        }
        decision.deadlines[resource.name] = [own.deadlines.values.min(), own.inputs?.waitsUntil]
            .compactMap { $0 }.min()
        own.problems = own.ownProblems
        if !own.partitionProblems.isEmpty {
            own.problems += own.partitionProblems.values.sorted { ($0.partition ?? "") < ($1.partition ?? "") }
        }
    }

    private func problems(
        of resource: ClusterSnapshot.Resource, _ configuration: ResourceConfiguration, _ own: ResourceDecision
    ) -> [Problem] {
        let faults =
            resource.idealStateFaults
            + configuration.model.faults.map { "the state model \(configuration.model.name) has a fault: \($0)" }
        return faults.map { Problem(resource: resource.name, text: $0) } + (own.placement?.problems ?? [])
    }

    // MARK: One partition

    private func update(
        _ own: inout ResourceDecision, _ decision: inout Decision, _ partition: Int,
        _ resource: ClusterSnapshot.Resource, _ configuration: ResourceConfiguration, _ standing: ClusterStanding,
        _ snapshot: ClusterSnapshot
    ) {
        let plan = PartitionPlan(
            partition: partition, of: resource, configuration, own, standing, snapshot)
        ObsoleteMessages.note(plan.state.stale, &decision, snapshot)
        var held = plan.held
        var deadlines = [plan.target.deadline]
        if let standstill = standing.standstill {
            held += plan.passed.map { $0.held(standstill) }
            if snapshot.callsEverythingOff {
                deadlines.append(
                    CancelTransitions.decide(
                        plan.everythingUnderWay, partition: partition, of: resource, configuration, &own, &decision,
                        snapshot))
            }
        } else {
            let ready = IssueTransitions.ready(plan, partition: partition, &own, snapshot)
            held += ready.held
            deadlines.append(ready.deadline)
            let wanted = WantedTransitions(
                plan, ready.candidates, partition: partition, of: resource, configuration, standing)
            deadlines.append(wanted.take(&own, &decision, snapshot))
            deadlines.append(
                CancelTransitions.decide(
                    plan.unwanted, partition: partition, of: resource, configuration, &own, &decision, snapshot))
        }
        own.note(isInError: plan.state.replicas.contains { $0.state == configuration.model.errorIndex }, partition)
        own.deadlines[partition] = deadlines.compactMap { $0 }.min()
        own.partitionProblems[partition] =
            plan.problem ?? plan.conflict
            ?? own.complaint(about: partition, of: resource, configuration.model, snapshot)
        own.held[partition] = held.isEmpty ? nil : held.map { $0.named(configuration.model, snapshot) }
    }
}

extension Decision {
    /// Nothing is left of a resource.
    /// - Returns: where it had been placed.
    fileprivate mutating func forget(_ resource: String) -> PlacedResource? {
        guard var own = resources.removeValue(forKey: resource) else { return nil }
        withdraw(&own, of: resource)
        if let placement = own.placement { load -= placement.load }
        resourceProblemCount -= own.problems.count
        faulty.remove(resource)
        deadlines[resource] = nil
        return own.placement
    }
}

extension ResourceDecision {
    /// Gives back what memory a time of much change has left behind.
    fileprivate mutating func shrink() {
        if asked.isEmpty, asked.capacity > 0 { asked = [:] }
        if deadlines.isEmpty, deadlines.capacity > 0 { deadlines = [:] }
        if held.isEmpty, held.capacity > 0 { held = [:] }
        if charges.isEmpty, charges.capacity > 0 { charges = [:] }
    }

    /// The resource is left as it is.
    fileprivate mutating func stop() {
        held = [:]
        partitionProblems = [:]
        deadlines = [:]
    }
}
