import Coordination
import HelixRecords
import Logging
import StateModels

/// What became of an instance when instances were purged that have been offline for long, and why.
public struct PurgeVerdict: Sendable, Hashable {
    /// What became of it.
    public enum Outcome: Sendable, Hashable {
        /// It was dropped with all that belonged to it; in a dry run, it would be.
        case purged(offlineSince: Int64)
        /// Kept: it is alive.
        case isLive
        /// Kept: it has not been offline for so long.
        case offlineTooShort(since: Int64)
        /// Kept: it has never been there.
        case neverSeen
        /// Kept: nobody has noted when it went away.
        case offlineTimeUnknown
        /// Kept: its history cannot be read.
        case unreadable(path: String)
        /// Kept: it, or somebody who works on it, was faster each time.
        case changedMeanwhile
    }

    /// The instance.
    public var instance: String
    /// What became of it.
    public var outcome: Outcome

    /// Whether it was dropped, or would be.
    public var isPurged: Bool {
        if case .purged = outcome { true } else { false }
    }
}

/// What it is decided by whether an instance is purged.
private struct PurgeEvidence {
    var isLive: Bool
    /// `nil` when there is none.
    var history: Result<ParticipantHistory, AdministrationError>?
    /// Of the znodes that must not have changed when it is dropped.
    var versions: [String: Int32]

    /// - Parameters:
    ///   - path: the history's, for the answer.
    ///   - limit: since when it must have been offline at least, in milliseconds since 1970.
    func outcome(path: String, limit: Int64) -> PurgeVerdict.Outcome {
        if isLive { return .isLive }
        switch history {
        case nil: return .offlineTimeUnknown
        case .failure?: return .unreadable(path: path)
        case .success(let history)?:
            guard let since = history.lastOfflineTime else {
                return history.entries.isEmpty && history.offlineDates.isEmpty ? .neverSeen : .offlineTimeUnknown
            }
            return since <= limit ? .purged(offlineSince: since) : .offlineTooShort(since: since)
        }
    }
}

/// Instances that are gone for good.
extension Administrator {
    /// Drops the instances that have been offline for long, each in a transaction that fails if it comes back meanwhile.
    /// What is left below INSTANCES of an instance without configuration is dropped by the same rule.
    /// - Parameters:
    ///   - duration: for how long; OFFLINE_DURATION_FOR_PURGE_MS of the cluster's configuration unless set.
    ///   - isDryRun: whether only to tell.
    /// - Returns: what became of each instance, sorted by name.
    /// - Throws: ``AdministrationError`` with `.invalidValue` when nobody says for how long, or the duration is negative.
    public func purgeOfflineInstances(
        in cluster: String, offlineFor duration: Duration? = nil, isDryRun: Bool = false
    ) async throws -> [PurgeVerdict] {
        let paths = try await paths(of: cluster)
        let config = try await read(ClusterConfig.self, paths.clusterConfig)?.view
        guard let duration = duration ?? config?.offlineDurationForPurge else {
            throw AdministrationError(
                .invalidValue,
                "it is not said how long an instance of cluster \(cluster) must have been offline to be purged: set "
                    + "OFFLINE_DURATION_FOR_PURGE_MS in the cluster's configuration, or give a duration")
        }
        guard duration >= .zero else {
            throw AdministrationError(.invalidValue, "the duration is \(duration), expected 0 or more")
        }
        let limit = now() - duration.milliseconds
        let names = Set(try await optionalChildren([paths.instanceConfigs, paths.instances]).flatMap { $0 }).sorted()
        var verdicts: [PurgeVerdict] = []
        for (name, evidence) in zip(names, try await evidence(of: names, paths)) {
            let outcome = evidence.outcome(path: paths.instanceHistory(name), limit: limit)
            verdicts.append(PurgeVerdict(instance: name, outcome: outcome))
            guard verdicts[verdicts.count - 1].isPurged, !isDryRun else { continue }
            verdicts[verdicts.count - 1].outcome = try await purge(name, evidence, outcome, limit, paths)
        }
        return verdicts
    }

    private func purge(
        _ instance: String, _ evidence: PurgeEvidence, _ outcome: PurgeVerdict.Outcome, _ limit: Int64,
        _ paths: ClusterPaths
    ) async throws -> PurgeVerdict.Outcome {
        var (evidence, outcome) = (evidence, outcome)
        for _ in 0..<3 {
            guard case .purged = outcome else { return outcome }
            let live = paths.liveInstance(instance)
            let deletions = try await deletions(of: instance, paths, versions: evidence.versions)
            do throws(CoordinationError) {
                // It cannot be alive, nor have been meanwhile: that would have changed its history.
                try await session.commit([.create(live), .delete(live)] + deletions)
                logger.debug("instance purged", metadata: ["helix.instance": "\(instance)"])
                return outcome
            } catch {
                guard [.nodeExists, .badVersion, .notEmpty, .noNode].contains(error.code) else { throw error }
            }
            evidence = try await self.evidence(of: [instance], paths)[0]
            outcome = evidence.outcome(path: paths.instanceHistory(instance), limit: limit)
        }
        return .changedMeanwhile
    }

    private func evidence(of instances: [String], _ paths: ClusterPaths) async throws -> [PurgeEvidence] {
        let lives = try await missing(instances.map(paths.liveInstance))
        let isGone = Set(lives)
        let configs = await session.read(instances.map { .exists(paths.instanceConfig($0)) })
        let histories = await session.read(instances.map { .get(paths.instanceHistory($0)) })
        return try instances.enumerated().map { index, instance in
            var found = PurgeEvidence(isLive: !isGone.contains(paths.liveInstance(instance)), versions: [:])
            if case .stat(let stat?) = try configs[index].get() {
                found.versions[paths.instanceConfig(instance)] = stat.version
            }
            switch histories[index] {
            case .success(.data(let data, let stat)):
                let path = paths.instanceHistory(instance)
                found.versions[path] = stat.version
                found.history = Result { () throws(AdministrationError) in try decode(data, path) }
            case .failure(let error) where error.code != .noNode: throw error
            case .success, .failure: break
            }
            return found
        }
    }

    // MARK: By force

    /// Takes an instance out of the cluster that does not go by itself (protocol reference 9.6): in one transaction it
    /// becomes UNKNOWN and its live znode is deleted, so that its replicas come up elsewhere at once.
    ///
    /// Its process goes on, and so does what it serves: whoever kills an instance makes sure that the process ends.
    /// - Returns: what it had.
    /// - Throws: ``AdministrationError`` with `.isNotAlive` when it is not alive.
    @discardableResult
    public func killInstance(
        _ instance: String, in cluster: String, reason: String = ""
    ) async throws -> InstanceDescription {
        let paths = try await paths(of: cluster)
        for _ in 0..<3 {
            let description = try await describeInstance(instance, in: cluster)
            guard description.live != nil else {
                throw AdministrationError(
                    .isNotAlive, "instance \(instance) is not alive in cluster \(cluster), so there is nothing to kill")
            }
            guard var config = try await read(InstanceConfig.self, paths.instanceConfig(instance)) else { continue }
            config.view.setOperation(.unknown, reason: reason, at: now())
            do throws(CoordinationError) {
                try await session.commit([
                    .set(
                        paths.instanceConfig(instance), data: try bytes(config.view, paths.instanceConfig(instance)),
                        version: config.version),
                    .delete(paths.liveInstance(instance)),
                ])
                logger.debug("instance killed", metadata: ["helix.instance": "\(instance)"])
                return description
            } catch {
                guard [.badVersion, .noNode].contains(error.code) else { throw error }
            }
        }
        throw AdministrationError(
            .conflict, "instance \(instance) was not killed: others keep changing its records; look again")
    }
}

extension Duration {
    /// Whole milliseconds; a century at most.
    fileprivate var milliseconds: Int64 {
        min(max(0, components.seconds), 3_155_760_000) * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}
