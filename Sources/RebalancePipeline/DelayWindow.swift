import HelixRecords

/// Delayed rebalance: how long the replicas of an instance that went away or was disabled wait for it before they are
/// placed elsewhere (protocol reference 6.6).
enum DelayWindow {
    /// Since when an instance cannot serve; `nil` when it can, when nobody knows, and when it is not to be waited for.
    ///
    /// An on-demand rebalance ends what began before it.
    static func start(
        of instance: ClusterSnapshot.Instance, _ config: InstanceConfig, _ duty: ReadConfiguration.Duty,
        _ cluster: ClusterConfig?
    ) -> Int64? {
        guard duty == .serving || duty == .disabled, config.isDelayedRebalanceEnabled,
            cluster?.isDelayedRebalanceEnabled ?? true
        else { return nil }
        var starts: [Int64?] = []
        if instance.live == nil { starts.append(instance.offlineSince) }
        if duty == .disabled { starts.append(config.enabledTimestamp) }
        guard !starts.isEmpty, !starts.contains(nil), let start = starts.compactMap({ $0 }).min() else { return nil }
        if let last = cluster?.lastOnDemandRebalance, start <= last { return nil }
        return start
    }

    /// How long a resource waits, in milliseconds; 0 for not at all. The resource's own configuration comes first, then
    /// its ideal state, then the cluster's.
    static func length(_ idealState: IdealState?, _ config: ResourceConfig?, _ cluster: ClusterConfig?) -> Int64 {
        guard idealState?.isDelayedRebalanceEnabled ?? true, config?.isDelayedRebalanceEnabled ?? true else { return 0 }
        let delay = config?.rebalanceDelay ?? idealState?.rebalanceDelay ?? cluster?.rebalanceDelay ?? .zero
        let (seconds, attoseconds) = delay.components
        // Longer than a century is for ever.
        return min(max(0, seconds), 3_155_760_000) * 1_000 + attoseconds / 1_000_000_000_000_000
    }

    /// When a resource stops waiting for an instance, in milliseconds since 1970; `nil` when it does not wait for it.
    ///
    /// What must have all its replicas at any time (MIN_ACTIVE_REPLICAS) waits for nobody.
    static func end(
        of standing: ReadConfiguration.Standing, _ configuration: ResourceConfiguration, at time: Int64
    ) -> Int64? {
        guard !standing.isEligible, let start = standing.inactiveSince, configuration.isPlacedByController,
            configuration.minActive < configuration.replicas, configuration.delay > 0
        else { return nil }
        let end = start + configuration.delay
        return end > time ? end : nil
    }
}
