public import HelixRecords

/// Whether the cluster may move at all, and how far it has come towards the mode that was asked for: working, paused, or
/// frozen (protocol reference 6.9).
public struct ManagementMode: Sendable, Hashable {
    /// The mode that was asked for, and whether it has been reached.
    public var status: ClusterStatus
    /// The instances that are not yet as they should be, or have messages about transitions left; by name.
    public var waitingFor: [String]
    /// What instances are to be told now.
    public var changes: [PlannedStatusChange]
}

/// An instance that should freeze, or end the freeze.
public struct PlannedStatusChange: Sendable, Hashable {
    /// The instance.
    public var instance: String
    /// The instance's session; the message is void in any other.
    public var session: String
    /// Whether it is to be frozen.
    public var isFreezing: Bool
}

extension ClusterSnapshot {
    /// Why nothing is asked for in the whole cluster; `nil` when the controller works.
    ///
    /// An instance that is frozen does not report its replicas if its session changed meanwhile. As long as there is one,
    /// nobody can know what others may be given.
    public var standstill: HoldReason? {
        if isPaused { return pause.value?.freezesCluster == true ? .clusterFrozen : .clusterPaused }
        let frozen = instances.filter { $0.isManaged && $0.live?.isFrozen == true }.map(\.name)
        return frozen.min().map { .thawing(instance: $0, count: frozen.count) }
    }

    /// The mode of management; `nil` when the controller works and nobody is frozen.
    public var managementMode: ManagementMode? {
        let managed = instances.filter(\.isManaged).sorted { $0.name < $1.name }
        guard isPaused || managed.contains(where: { $0.live?.isFrozen == true || $0.isToldStatus }) else { return nil }
        let isFreezing = isPaused && pause.value?.freezesCluster == true
        let isPlainPause = isPaused && !isFreezing
        var changes: [PlannedStatusChange] = []
        var waitingFor: [String] = []
        for instance in managed {
            guard let live = instance.live else { continue }
            let isThere = live.isFrozen == isFreezing
            if !isThere, !instance.isToldStatus {
                changes.append(
                    PlannedStatusChange(instance: instance.name, session: live.id, isFreezing: isFreezing))
            }
            let isBusy = instance.isToldStatus || (isFreezing && instance.hasTransitions)
            if !isThere || isBusy { waitingFor.append(instance.name) }
        }
        let mode: ClusterStatus.Mode =
            isFreezing ? .clusterFreeze : isPlainPause ? .controllerPause : .normal
        return ManagementMode(
            status: ClusterStatus(mode: mode, isCompleted: waitingFor.isEmpty), waitingFor: waitingFor,
            changes: changes)
    }

    /// Whether transitions that are under way are to be called off because the cluster is frozen. The cluster must allow
    /// that.
    var callsEverythingOff: Bool {
        guard isPaused, let signal = pause.value, signal.freezesCluster else { return false }
        return signal.cancelsPendingTransitions && clusterConfig.value?.isCancellationEnabled == true
    }

    /// Lets the cluster work, whatever stands in the way of that.
    mutating func endStandstill() {
        setPaused(false)
        for instance in instances {
            guard var live = instance.live, live.isFrozen else { continue }
            live.isFrozen = false
            setLiveInstance(instance.name, live)
        }
    }
}

extension ClusterSnapshot.Instance {
    /// Whether it is asked to freeze and to thaw. One that is disabled stays as it is (protocol reference 6.9).
    fileprivate var isManaged: Bool {
        guard live != nil else { return false }
        switch config {
        case .present(let config): return config.effectiveOperation != .disable
        case .absent, .unreadable: return true
        }
    }

    private func has(_ types: Set<MessageType>) -> Bool {
        messages.values.contains { types.contains($0.messageType) && $0.targetSession == live?.id }
    }

    /// Whether a message that tells it to freeze or to thaw waits for it.
    fileprivate var isToldStatus: Bool { has([.participantStatusChange]) }

    /// Whether messages about transitions wait for it.
    fileprivate var hasTransitions: Bool { has([.stateTransition, .cancellation]) }
}
