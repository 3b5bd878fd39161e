import HelixRecords
import StateModels

/// Stage 1: what the records say about instances and resources, made ready for the stages that follow.
enum ReadConfiguration {
    /// What an instance is there for, by its effective operation (protocol reference 4.3).
    enum Duty: Sendable, Hashable {
        /// Takes replicas.
        case serving
        /// Keeps what it has, in the initial state.
        case disabled
        /// Keeps what it has until that is replaced, and takes nothing new.
        case evacuating
        /// Is to have nothing.
        case excluded
        /// Is to have what the instance has that it is to replace.
        case mirroring

        /// An instance without configuration is on its way out, or not yet in.
        init(_ config: InstanceConfig?) {
            switch config?.effectiveOperation {
            case .enable: self = .serving
            case .disable: self = .disabled
            case .evacuate, nil: self = .evacuating
            case .swapIn, .unknown: self = .excluded
            }
        }
    }

    /// How an instance stands in the cluster.
    struct Standing: Sendable {
        var isLive: Bool
        /// It is connected and was away for too long during maintenance, so it does not count as live until that ends.
        var isTimedOut = false
        var duty: Duty
        /// The configuration cannot be read: nothing is asked of the instance and nothing is taken from it.
        var frozenBy: RecordError?
        var tags: Set<String>
        /// Since when it cannot serve, in milliseconds since 1970, if a rebalance may wait for it to come back.
        var inactiveSince: Int64?
        /// INSTANCE_WEIGHT; 1000 unless set.
        var weight = 1_000
        /// Its fault zone; `nil` when zones do not count, or when it is unknown.
        var zone: FaultZone?
        /// Why its fault zone is unknown: it keeps what it has, and gets nothing new.
        var misplacedBy: RecordError?
        /// What it can carry, by dimension; empty when nothing is weighed, `nil` when it is unknown.
        var capacities: [Int]? = []
        /// Why that is unknown: it keeps what it has, and gets nothing new that is weighed.
        var unmeasuredBy: RecordError?

        /// Whether it may get replicas.
        var isEligible: Bool { isLive && duty == .serving }

        init(
            _ instance: ClusterSnapshot.Instance, zones: ZoneScheme, capacities rules: CapacityRules?,
            cluster: ClusterConfig?, maintenance: MaintenanceSignal?
        ) {
            isTimedOut = instance.live != nil && instance.wasAwayTooLong(in: maintenance, cluster)
            isLive = instance.live != nil && !isTimedOut
            frozenBy = instance.config.error
            duty = frozenBy == nil ? Duty(instance.config.value) : .serving
            tags = Set(instance.config.value?.tags ?? [])
            guard let config = instance.config.value else { return }
            weight = config.weight ?? 1_000
            inactiveSince = DelayWindow.start(of: instance, config, duty, cluster)
            do throws(RecordError) {
                zone = try zones.zone(of: config)
            } catch {
                misplacedBy = error
            }
            do throws(RecordError) {
                capacities = try rules?.capacities(of: config) ?? []
            } catch {
                (capacities, unmeasuredBy) = (nil, error)
            }
        }
    }

    /// The whole cluster's standing.
    struct ClusterStanding: Sendable {
        var instances: [Standing]
        /// Instance indices in order of name.
        var byName: [Int32]
        /// Place of an instance in the order of names.
        var nameRank: [Int]
        var liveCount: Int
        /// When somebody asked for a rebalance the last time, in milliseconds since 1970.
        var lastRebalance: Int64?
        var names: NameTable
        /// What is weighed; `nil` when nothing is.
        var capacityRules: CapacityRules?
        /// Who replaces whom.
        var swaps = Swaps()
        /// Why nothing is asked for in the whole cluster.
        var standstill: HoldReason?

        func name(of instance: Int32) -> String { names[Int(instance)] }

        func index(of name: String) -> Int32? { names.index(of: name).map(Int32.init) }

        subscript(instance: Int32) -> Standing { instances[Int(instance)] }
    }

    static func standing(of snapshot: ClusterSnapshot) -> ClusterStanding {
        let byName = snapshot.instances.indices.sorted { snapshot.instances[$0].name < snapshot.instances[$1].name }
        var nameRank = [Int](repeating: 0, count: byName.count)
        for (rank, index) in byName.enumerated() { nameRank[index] = rank }
        let zones = ZoneScheme(snapshot.clusterConfig.value)
        let rules = CapacityRules(snapshot.clusterConfig.value)
        let swaps = Swaps(snapshot, byName: byName.map(Int32.init))
        var instances = snapshot.instances.map {
            Standing(
                $0, zones: zones, capacities: rules, cluster: snapshot.clusterConfig.value,
                maintenance: snapshot.maintenance.value)
        }
        for pair in swaps.pairs { instances[Int(pair.new)].duty = .mirroring }
        for (instance, error) in swaps.unclear {
            (instances[Int(instance)].duty, instances[Int(instance)].frozenBy) = (.evacuating, error)
        }
        return ClusterStanding(
            instances: instances, byName: byName.map(Int32.init), nameRank: nameRank,
            liveCount: instances.count(where: \.isLive),
            lastRebalance: snapshot.clusterConfig.value?.lastOnDemandRebalance, names: snapshot.instanceNames,
            capacityRules: rules, swaps: swaps, standstill: snapshot.standstill)
    }

    /// Faults that are nobody's in particular.
    static func clusterProblems(of snapshot: ClusterSnapshot, _ standing: ClusterStanding) -> [Problem] {
        let unreadable =
            [snapshot.clusterConfig.error].compactMap { $0 } + snapshot.instances.compactMap(\.config.error)
        let texts =
            unreadable.map { "unreadable, so what depends on it stays as it is: \($0)" }
            + standing.instances.compactMap(\.misplacedBy).map { "gets no replicas until that is corrected: \($0)" }
            + standing.instances.compactMap(\.unmeasuredBy).map {
                "gets no weighed replicas until that is corrected: \($0)"
            }
            + [snapshot.maintenance.error].compactMap(\.self).map {
                "the signal of maintenance is unreadable, so the cluster counts as in maintenance; look why it was given, "
                    + "then end it with 'helix cluster exit-maintenance \(snapshot.cluster)': \($0)"
            }
            + (snapshot.clusterConfig.value?.problems() ?? [])
        return texts.sorted().map { Problem(text: $0) }
    }
}
