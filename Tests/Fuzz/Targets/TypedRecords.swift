import HelixRecords
import HelixSimulation
import TestSupport

extension FuzzTarget {
    /// Every typed view of any record.
    ///
    /// What a property gives can be set and stays, without changing other fields; lists in texts (DOMAIN, throttles,
    /// operations) are written as they were read; records that are spread over buckets come together again.
    static let typedRecords = FuzzTarget(name: "records", share: 200) { generator in
        let record = SampleRecords.spoilt(&generator)
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: try TypedChecks.clusterConfig(ClusterConfig(record: record))
        case 1: return try TypedChecks.instanceConfig(InstanceConfig(record: record), &generator)
        case 2: return try TypedChecks.idealState(IdealState(record: record))
        case 3: try TypedChecks.resourceConfig(ResourceConfig(record: record), &generator)
        case 4: try TypedChecks.currentState(CurrentState(record: record))
        case 5: try TypedChecks.signals(record)
        case 6: try TypedChecks.histories(record, &generator)
        default: return try TypedChecks.buckets(record, &generator)
        }
        return .accepted
    }
}

enum TypedChecks {
    static func clusterConfig(_ config: ClusterConfig) throws {
        _ = (config.topologyKeys, config.problems(), config.admits(IdealState(record: config.record)))
        _ = (config.timeout(from: "OFFLINE", to: "SLAVE", partition: "db_0"), config.maxThreads(.stateTransition))
        for path in [
            \.allowsAutoJoin, \.isTopologyAware, \.persistsBestPossibleAssignment, \.persistsIntermediateAssignment,
            \.isDelayedRebalanceEnabled, \.isBatchMessageMode, \.isCancellationEnabled, \.isRelayEnabled,
            \.publishesTargetExternalView, \.isGlobalRebalanceAsynchronous, \.isViewCluster,
        ] as [WritableKeyPath<ClusterConfig, Bool>] { try config.keeps(path) }
        for path in [\.topology, \.faultZoneType, \.resourcePriorityField] as [WritableKeyPath<ClusterConfig, String?>]
        {
            try config.keeps(path)
        }
        for path in [
            \.rebalanceDelay, \.rebalanceTimerPeriod, \.missingTopStateThreshold, \.offlineTimeoutInMaintenance,
            \.offlineDurationForPurge, \.deregistrationTimeout,
        ] as [WritableKeyPath<ClusterConfig, Duration?>] { try config.keeps(path) }
        for path in [
            \.maxPartitionsPerInstance, \.globalMaxPartitionsPerInstance, \.maxOfflineInstances,
            \.offlineInstancesForAutoExit,
        ] as [WritableKeyPath<ClusterConfig, Int?>] { try config.keeps(path) }
        for path in [\.viewClusterSources, \.capacityKeys, \.preferredScoringKeys]
            as [WritableKeyPath<ClusterConfig, [String]>]
        {
            try config.keeps(path)
        }
        for path in [\.defaultInstanceCapacity, \.defaultPartitionWeight]
            as [WritableKeyPath<ClusterConfig, [String: Int]>]
        {
            try config.keeps(path)
        }
        for path in [\.errorPartitionThreshold, \.maxConcurrentTasksPerInstance]
            as [WritableKeyPath<ClusterConfig, Int>]
        {
            try config.keeps(path)
        }
        try config.keeps(\.lastOnDemandRebalance)
        try config.keeps(\.viewClusterRefreshPeriod)
        try config.keeps(\.rebalancePreference)
        try config.keeps(\.abnormalStateResolvers)
        try config.keeps(\.throttles)
        let constraints = ClusterConstraints(record: config.record)
        for item in constraints.items {
            var copy = constraints
            copy.set(item)
            try require(copy.items.contains(item), "the constraint \(item) is not kept")
        }
    }

    static func instanceConfig(_ config: InstanceConfig, _ generator: inout SeededGenerator) throws -> Reception {
        _ = (config.disabledReason, config.maxThreads(.stateTransition), config.effectiveOperationEntry)
        for path in [\.port, \.zone] as [WritableKeyPath<InstanceConfig, String?>] { try config.keeps(path) }
        for path in [\.weight, \.maxConcurrentTasks] as [WritableKeyPath<InstanceConfig, Int?>] {
            try config.keeps(path)
        }
        for path in [\.isEnabled, \.isDelayedRebalanceEnabled] as [WritableKeyPath<InstanceConfig, Bool>] {
            try config.keeps(path)
        }
        try config.keeps(\.host)
        try config.keeps(\.tags)
        try config.keeps(\.enabledTimestamp)
        try config.keeps(\.capacity)
        try config.keeps(\.info)
        try config.keeps(\.operations)
        try operation(config, &generator)
        try disabledPartitions(config, &generator)
        return try domain(config)
    }

    /// An operation that was just set is the effective one, except that HELIX_ENABLED overrules an evacuation.
    private static func operation(_ config: InstanceConfig, _ generator: inout SeededGenerator) throws {
        var copy = config
        let operation = generator.pick(InstanceOperation.allCases)
        copy.setOperation(operation, source: .admin, at: generator.pick([0, 1_690_000_000_000, .max]))
        let expected = operation == .evacuate && !config.isEnabled ? .disable : operation
        try require(
            copy.effectiveOperation == expected,
            "\(operation) was set and \(copy.effectiveOperation) is in effect: \(config.record)")
    }

    private static func disabledPartitions(_ config: InstanceConfig, _ generator: inout SeededGenerator) throws {
        var copy = config
        let name = generator.pick(Vocabulary.names)
        copy.setPartitions([name], resource: "db", enabled: false)
        try require(copy.disabledPartitions(resource: "db").partitions.contains(name), "\(name) is not disabled")
        copy.setPartitions([name], resource: "db", enabled: true)
        try require(!copy.disabledPartitions(resource: "db").partitions.contains(name), "\(name) is not enabled again")
        copy.setAllPartitions(enabled: false)
        try require(copy.disabledPartitions(resource: "db").all, "not all partitions are disabled")
    }

    private static func domain(_ config: InstanceConfig) throws -> Reception {
        do {
            let domain = try config.domain
            var copy = config
            copy.setDomain(domain)
            let again = try copy.domain
            try require(
                again.elementsEqual(domain) { $0 == $1 }, "DOMAIN \(domain) is read back as \(again)")
            _ = try config.logicalID(in: ClusterConfig(record: SampleRecords.clusterConfig))
            return .accepted
        } catch let error as RecordError {
            try require(!error.reason.isEmpty, "a refusal without a reason")
            return .refused
        }
    }

    static func idealState(_ idealState: IdealState) throws -> Reception {
        _ = idealState.transitionTimeout(from: "OFFLINE", to: "SLAVE")
        for path in [
            \.stateModel, \.rebalancerClass, \.rebalanceStrategy, \.instanceGroupTag, \.resourceGroup, \.resourceType,
        ] as [WritableKeyPath<IdealState, String?>] { try idealState.keeps(path) }
        for path in [
            \.isDelayedRebalanceEnabled, \.isEnabled, \.isExternalViewDisabled, \.isGroupRoutingEnabled,
            \.isBatchMessageMode,
        ] as [WritableKeyPath<IdealState, Bool>] { try idealState.keeps(path) }
        for path in [\.numPartitions, \.minActiveReplicas, \.maxPartitionsPerInstance]
            as [WritableKeyPath<IdealState, Int?>]
        {
            try idealState.keeps(path)
        }
        try idealState.keeps(\.rebalanceMode)
        try idealState.keeps(\.replicas)
        try idealState.keeps(\.rebalanceDelay)
        try idealState.keeps(\.stateModelFactory)
        try idealState.keeps(\.bucketSize)
        let keys =
            idealState.rebalanceMode == .customized
            ? Set(idealState.instanceStateMap.keys) : Set(idealState.preferenceLists.keys)
        try require(
            Set(idealState.partitions) == keys && idealState.partitions.count == keys.count,
            "the partitions of \(idealState.record) are \(idealState.partitions)")
        return idealState.problems().isEmpty ? .accepted : .refused
    }

    static func resourceConfig(_ config: ResourceConfig, _ generator: inout SeededGenerator) throws {
        _ = (config.hasTimeouts, config.timeout(from: "OFFLINE", to: "SLAVE"))
        for path in [
            \.stateModel, \.stateModelFactory, \.replicas, \.instanceGroupTag, \.resourceGroup, \.resourceType,
        ] as [WritableKeyPath<ResourceConfig, String?>] { try config.keeps(path) }
        for path in [\.numPartitions, \.minActiveReplicas, \.maxPartitionsPerInstance, \.maxThreads]
            as [WritableKeyPath<ResourceConfig, Int?>]
        {
            try config.keeps(path)
        }
        for path in [\.isEnabled, \.isExternalViewDisabled, \.isRelayEnabled]
            as [WritableKeyPath<ResourceConfig, Bool?>]
        {
            try config.keeps(path)
        }
        try config.keeps(\.isMonitoringDisabled)
        try config.keeps(\.rebalanceDelay)
        try config.keeps(\.preferenceLists)
        let partition = Vocabulary.word(&generator)
        do {
            var copy = config
            let capacity = try config.partitionCapacity(partition)
            copy.setPartitionCapacity(capacity, partition: partition)
            let again = try copy.partitionCapacity(partition)
            try require(again == capacity, "the capacity \(capacity) is read back as \(again)")
        } catch let error as RecordError {
            try require(!error.reason.isEmpty, "a refusal without a reason")
        }
    }
}
