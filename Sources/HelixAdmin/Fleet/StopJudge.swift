import HelixRecords
import StateModels

/// A cluster at one moment, as far as it matters for what may be stopped.
struct Fleet: Sendable {
    var cluster: ClusterConfig
    var configs: [String: InstanceConfig] = [:]
    /// Of the live instances, and of those that are asked about.
    var work: [String: InstanceWork] = [:]
    var idealStates: [String: IdealState] = [:]
    var resourceConfigs: [String: ResourceConfig] = [:]
    var models: [String: StateModel] = [:]
    var isPaused = false
    var isInMaintenance = false
    var hasLeader = true
}

/// Says which instances may be stopped: a function of what was read, and of nothing else.
struct StopJudge {
    private let fleet: Fleet
    private let checks: Set<StopCheck>
    /// Active replicas on instances that serve for good, by resource and partition.
    private var holders: [String: [String: [String]]] = [:]
    /// Instances that are to replace others, and those that they replace.
    private var swapping: [String: String] = [:]

    init(_ fleet: Fleet, checks: Set<StopCheck>) {
        self.fleet = fleet
        self.checks = checks
        // What is evacuated is about to go, and does not count as staying.
        for (instance, work) in fleet.work
        where work.isLive && fleet.configs[instance]?.effectiveOperation == .enable {
            for state in work.states {
                for partition in state.partitions where isActive(partition, state) {
                    holders[state.id, default: [:]][partition, default: []].append(instance)
                }
            }
        }
        findSwaps()
    }

    private mutating func findSwaps() {
        var groups: [String: [InstanceConfig]] = [:]
        for config in fleet.configs.values {
            guard let id = try? config.logicalID(in: fleet.cluster) else { continue }
            groups[id, default: []].append(config)
        }
        for group in groups.values {
            guard let new = group.filter({ $0.effectiveOperation == .swapIn }).map(\.id).min() else { continue }
            for old in group where old.isAssignable { swapping[old.id] = new }
        }
    }

    private func isActive(_ partition: String, _ state: CurrentState) -> Bool {
        guard let model = fleet.models[state.stateModel ?? ""],
            let index = state[partition]?.currentState.flatMap(model.index(of:))
        else { return false }
        return index != model.initialIndex && index != model.errorIndex && index != model.droppedIndex
    }

    /// Looks at instances zone by zone, the zone with most of them first: instances of one zone can be stopped together
    /// more often than others, because they share no partitions.
    func judge(_ instances: [String]) -> StopReport {
        let zones = ZoneScheme(fleet.cluster)
        var asked: [String?: [String]] = [:]
        for instance in Set(instances) {
            let zone = fleet.configs[instance].flatMap { try? zones.zone(of: $0) }
            asked[zone.map { $0.path.joined(separator: "/") }, default: []].append(instance)
        }
        let ordered = asked.sorted { a, b in
            a.value.count != b.value.count ? a.value.count > b.value.count : (a.key ?? "") < (b.key ?? "")
        }
        var report = StopReport(verdicts: [])
        var stopped: Set<String> = []
        for (zone, members) in ordered {
            for instance in members.sorted() {
                let obstacles = obstacles(to: instance, stopped)
                if obstacles.isEmpty { stopped.insert(instance) }
                report.verdicts.append(StopVerdict(instance: instance, zone: zone, obstacles: obstacles))
            }
        }
        return report
    }

    // MARK: One instance

    private func obstacles(to instance: String, _ stopped: Set<String>) -> [StopObstacle] {
        var found: [StopObstacle] = []
        func note(_ check: StopCheck, _ texts: [String]) {
            guard checks.contains(check) else { return }
            found += texts.map { StopObstacle(check: check, description: $0) }
        }
        let work = fleet.work[instance] ?? InstanceWork()
        guard let config = fleet.configs[instance] else {
            note(.exists, ["it has no configuration: \(work.isLive ? "drop it when it is stopped" : "check the name")"])
            return found
        }
        if !work.isLive { note(.alive, ["it is not alive"]) }
        if config.effectiveOperation == .disable {
            let reason = config.effectiveOperationEntry.reason
            note(.enabled, ["it is disabled" + (reason.isEmpty ? "" : " (\(reason))")])
        }
        note(.cluster, clusterTexts)
        note(.operation, operationTexts(config, work))
        note(.errors, errorTexts(work))
        if !work.messageIDs.isEmpty {
            note(.messages, ["\(count(work.messageIDs.count, "message")) on the way to it"])
        }
        note(.siblings, work.unreadable.map { "\($0) cannot be read, so it is not known what it holds" })
        var (short, topless): ([String], [String]) = ([], [])
        for state in work.states { look(at: state, on: instance, stopped, &short, &topless) }
        note(.siblings, summary(short, "would have fewer active replicas than it must"))
        note(.topState, summary(topless, "would have nobody to take over its top state"))
        return found
    }

    private var clusterTexts: [String] {
        (fleet.isPaused ? ["the cluster is paused, so nobody would take over"] : [])
            + (fleet.isInMaintenance ? ["the cluster is in maintenance, so nothing would be placed anew"] : [])
            + (fleet.hasLeader ? [] : ["no controller leads the cluster, so nobody would take over"])
    }

    private func operationTexts(_ config: InstanceConfig, _ work: InstanceWork) -> [String] {
        switch config.effectiveOperation {
        case .evacuate where !work.replicas.isEmpty: ["it is being evacuated; wait until nothing is left on it"]
        case .swapIn: ["it is being filled to replace another instance"]
        case .enable, .disable, .evacuate, .unknown:
            swapping[config.id].map { ["\($0) is being filled to replace it; complete the swap first"] } ?? []
        }
    }

    private func errorTexts(_ work: InstanceWork) -> [String] {
        let broken = work.replicas.filter { $0.state == StateModel.error }.map { "\($0.partition) of \($0.resource)" }
        return summary(broken, "is in ERROR")
    }

    // MARK: Its replicas

    private func look(
        at state: CurrentState, on instance: String, _ stopped: Set<String>, _ short: inout [String],
        _ topless: inout [String]
    ) {
        guard let model = fleet.models[state.stateModel ?? ""] else {
            return short.append("all of \(state.id), whose state model \(state.stateModel ?? "?") cannot be read,")
        }
        for partition in state.partitions where isActive(partition, state) {
            let holders = holders[state.id]?[partition] ?? []
            let others = holders.filter { $0 != instance && !stopped.contains($0) }
            let needed = minimum(of: state.id, partition, present: Set(holders + [instance]).count)
            if others.count < needed { short.append("\(partition) of \(state.id) (\(others.count) of \(needed))") }
            if case .atMost = model.states[0].bound, state[partition]?.currentState == model.topState,
                !others.contains(where: { mayLead(partition, of: state.id, $0) })
            {
                topless.append("\(partition) of \(state.id)")
            }
        }
    }

    private func mayLead(_ partition: String, of resource: String, _ instance: String) -> Bool {
        guard let disabled = fleet.configs[instance]?.disabledPartitions(resource: resource) else { return false }
        return !disabled.all && !disabled.partitions.contains(partition)
    }

    /// How many active replicas a partition must have.
    private func minimum(of resource: String, _ partition: String, present: Int) -> Int {
        let idealState = fleet.idealStates[resource]
        if let told = fleet.resourceConfigs[resource]?.minActiveReplicas ?? idealState?.minActiveReplicas {
            return told
        }
        let wanted: Int
        switch (idealState?.rebalanceMode, idealState?.replicas) {
        // Its replicas are being dropped: nobody needs them.
        case (nil, _) where idealState == nil: return 0
        case (.customized?, _): wanted = idealState?.instanceStateMap[partition]?.count ?? present
        case (_, .count(let count)?): wanted = count
        case (_, .anyLiveInstance?), (_, nil): wanted = present
        }
        return max(1, wanted - 1)
    }

    // MARK: Texts

    private func summary(_ found: [String], _ what: String) -> [String] {
        guard !found.isEmpty else { return [] }
        let shown = found.prefix(3).joined(separator: ", ")
        let more = found.count > 3 ? " and \(found.count - 3) more" : ""
        return ["\(shown)\(more) \(what)"]
    }

    private func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? " is" : "s are")" }
}
