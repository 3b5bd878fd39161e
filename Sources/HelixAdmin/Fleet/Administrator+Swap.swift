public import Coordination
public import HelixRecords
import Logging
import StateModels

/// Replacing an instance by another one with the same logical id (protocol reference 6.6 "Swap", 9.5).
extension Administrator {
    /// Begins to replace an instance: the new one is filled with what the old one has, beside it.
    ///
    /// A new instance that is not configured is added, in the same place of the topology as the old one.
    /// - Returns: the new instance's configuration.
    /// - Throws: ``AdministrationError`` with `.illegalMove` when one of them has an operation that does not allow it,
    ///   `.invalidValue` when the new one is configured with another logical id.
    @discardableResult
    public func startSwap(
        from old: String, to new: String, in cluster: String, reason: String = ""
    ) async throws -> InstanceConfig {
        let new = Names.normalized(instance: new)
        let paths = try await paths(of: cluster)
        guard let original = try await read(InstanceConfig.self, paths.instanceConfig(old))?.view else {
            throw doesNotExist(old, paths)
        }
        guard original.isAssignable else {
            throw AdministrationError(
                .illegalMove,
                "instance \(old) is \(original.effectiveOperation.rawValue), expected ENABLE or DISABLE: only an instance "
                    + "that is in use can be replaced; enable it, or let its replicas move to others")
        }
        let config = try await clusterConfig(paths)
        let (key, id) = (config.topologyKeys.last ?? "INSTANCE", try original.logicalID(in: config))
        if let present = try await read(InstanceConfig.self, paths.instanceConfig(new))?.view {
            let found = try present.logicalID(in: config)
            guard found == id, new != old else {
                throw AdministrationError(
                    .invalidValue,
                    "instance \(new) has the logical id \(found), expected \(id) as \(old) has; set \(key)=\(id) in its "
                        + "DOMAIN, or name an instance that does not exist yet")
            }
        } else {
            let domain = try original.domain + (original.domain.contains { $0.key == key } ? [] : [(key, id)])
            try await addInstance(new, in: cluster) { config in
                config.setDomain(domain)
                config.zone = original.zone
            }
        }
        try await setOperation(.swapIn, of: new, in: cluster, reason: reason)
        return try await describeInstance(new, in: cluster).config
    }

    /// How far a swap has come, and what is in the way of its completion.
    /// - Parameter watcher: is told when there may be another answer.
    public func swapStatus(
        from old: String, to new: String, in cluster: String, watcher: Watcher? = nil
    ) async throws -> SwapStatus {
        try await lookAtSwap(from: old, to: new, try await paths(of: cluster), watcher).status
    }

    /// Waits until a swap can be completed. It watches, and asks again only when something changed.
    /// - Parameter onProgress: is told how far it has come, first at once and then whenever that has changed.
    /// - Returns: the status without obstacles, or one in which an instance has another operation than it should have.
    @discardableResult
    public func awaitSwap(
        from old: String, to new: String, in cluster: String, onProgress: (SwapStatus) async throws -> Void = { _ in }
    ) async throws -> SwapStatus {
        try await follow(
            onProgress,
            { status in
                status.isReady || status.obstacles.contains { if case .operation = $0 { true } else { false } }
            }
        ) { try await swapStatus(from: old, to: new, in: cluster, watcher: $0) }
    }

    /// Completes a swap in one transaction: the new instance takes over the old one's settings and operation, the old one
    /// becomes UNKNOWN, and lists and maps that users wrote (SEMI_AUTO, CUSTOMIZED, resource configurations) name the new
    /// one from then on.
    /// - Returns: what was found before.
    /// - Throws: ``AdministrationError`` with `.notReady`, which tells everything that is in the way; then nothing was
    ///   written.
    @discardableResult
    public func completeSwap(from old: String, to new: String, in cluster: String) async throws -> SwapStatus {
        let paths = try await paths(of: cluster)
        for _ in 0..<3 {
            let look = try await lookAtSwap(from: old, to: new, paths)
            guard look.status.isReady else { throw Self.notReady(look.status) }
            var (leaving, coming) = (look.old.view, look.new.view)
            coming.takeOver(from: leaving)
            leaving.setOperation(.unknown, reason: "replaced by \(new)", at: now())
            do throws(CoordinationError) {
                try await session.commit(
                    [.check(paths.liveInstance(old)), .check(paths.liveInstance(new))] + [
                        try set(coming, paths.instanceConfig(new), look.new.version),
                        try set(leaving, paths.instanceConfig(old), look.old.version),
                    ] + look.rewrites)
                logger.debug("swap completed", metadata: ["helix.old": "\(old)", "helix.new": "\(new)"])
                return look.status
            } catch {
                guard [.badVersion, .noNode].contains(error.code) else { throw error }
            }
        }
        throw AdministrationError(
            .conflict,
            "the swap of \(old) and \(new) was not completed: others keep changing the same records; look again")
    }

    /// Calls a swap off: the new instance becomes UNKNOWN, and its replicas are dropped.
    /// - Throws: ``AdministrationError`` with `.illegalMove` when it is not SWAP_IN.
    public func cancelSwap(to new: String, in cluster: String, reason: String = "") async throws {
        let paths = try await paths(of: cluster)
        guard let config = try await read(InstanceConfig.self, paths.instanceConfig(new))?.view else {
            throw doesNotExist(new, paths)
        }
        guard config.effectiveOperation == .swapIn else {
            throw AdministrationError(
                .illegalMove,
                "instance \(new) is \(config.effectiveOperation.rawValue), expected SWAP_IN: there is no swap to call off"
            )
        }
        try await setOperation(.unknown, of: new, in: cluster, reason: reason)
    }

    // MARK: Looking

    private struct SwapLook {
        var status: SwapStatus
        var old: Found<InstanceConfig>
        var new: Found<InstanceConfig>
        /// What puts the new one into lists and maps.
        var rewrites: [WriteOperation] = []
    }

    private func lookAtSwap(
        from old: String, to new: String, _ paths: ClusterPaths, _ watcher: Watcher? = nil
    ) async throws -> SwapLook {
        // Armed first: what is read below is not older than what is watched.
        if let watcher { _ = try await optionalStats([old, new].map(paths.instanceConfig), watcher) }
        guard let original = try await read(InstanceConfig.self, paths.instanceConfig(old)) else {
            throw doesNotExist(old, paths)
        }
        guard let copy = try await read(InstanceConfig.self, paths.instanceConfig(new)) else {
            throw doesNotExist(new, paths)
        }
        let work = try await work(of: [old, new], paths, watcher: watcher)
        let names = Set((work[old]?.states ?? []).compactMap(\.stateModel)).sorted()
        let records = try await optionalRecords(StateModelRecord.self, names.map(paths.stateModel))
        var models: [String: StateModel] = [:]
        for (name, record) in zip(names, records) {
            if case .success(let view)? = record { models[name] = try? StateModel(record: view.record) }
        }
        let evidence = SwapEvidence(
            old: original.view, new: copy.view,
            cluster: try await clusterConfig(paths),
            work: work, models: models, modelPath: { paths.stateModel($0) })
        var look = SwapLook(status: try evidence.status(), old: original, new: copy)
        try await addRewrites(&look, from: old, to: new, paths)
        return look
    }

    private func optionalStats(_ paths: [String], _ watcher: Watcher) async throws -> [ReadResult] {
        try await session.read(paths.map { .exists($0, watcher: watcher) }).map { try $0.get() }
    }

    private func addRewrites(
        _ look: inout SwapLook, from old: String, to new: String, _ paths: ClusterPaths
    ) async throws {
        let resources = try await session.children(paths.idealStates)
        for found in try await versions(IdealState.self, resources.map(paths.idealState)) {
            guard found.view.rebalanceMode?.isPlacedByController == false else { continue }
            let path = paths.idealState(found.view.id)
            if found.view.record.isBucketized {
                let whole = try await readWhole(IdealState.self, path)?.view.record
                if whole?.names(old) == true {
                    look.status.obstacles.append(.bucketizedLists(resource: found.view.id))
                }
            } else {
                try addRewrite(of: found, at: path, &look, old, new)
            }
        }
        let configs = try await session.children(paths.resourceConfigs)
        for found in try await versions(ResourceConfig.self, configs.map(paths.resourceConfig)) {
            try addRewrite(of: found, at: paths.resourceConfig(found.view.id), &look, old, new)
        }
    }

    /// Those records that are there, with their versions.
    private func versions<View: RecordView>(_: View.Type, _ paths: [String]) async throws -> [Found<View>] {
        try present(paths, await session.read(paths.map { .get($0) }))
    }

    // Not a closure of the function above: optimizing that crashes the compiler (6.3.1).
    private func present<View: RecordView>(
        _ paths: [String], _ results: [Result<ReadResult, CoordinationError>]
    ) throws -> [Found<View>] {
        var found: [Found<View>] = []
        for (path, result) in zip(paths, results) {
            switch result {
            case .success(.data(let data, let stat)):
                found.append(Found(view: try decode(data, path), version: stat.version))
            case .failure(let error) where error.code != .noNode: throw error
            case .success, .failure: break
            }
        }
        return found
    }

    private func addRewrite<View: RecordView>(
        of found: Found<View>, at path: String, _ look: inout SwapLook, _ old: String, _ new: String
    ) throws {
        guard found.view.record.names(old) else { return }
        var record = found.view.record
        record.replaceInstance(old, by: new)
        look.rewrites.append(try set(View(record: record), path, found.version))
    }

    private func set(
        _ view: some RecordView, _ path: String, _ version: Int32
    ) throws(CoordinationError) -> WriteOperation {
        .set(path, data: try bytes(view, path), version: version)
    }

    private static func notReady(_ status: SwapStatus) -> AdministrationError {
        let (shown, more) = (status.obstacles.prefix(10), status.obstacles.count - 10)
        return AdministrationError(
            .notReady,
            "\(status.new) cannot take the place of \(status.old) yet: "
                + shown.map(\.description).joined(separator: "; ") + (more > 0 ? "; and \(more) more" : ""))
    }
}

extension ZNRecord {
    /// Whether a list or a map of the record has this name in it.
    fileprivate func names(_ instance: String) -> Bool {
        listFields.values.contains { $0.contains(instance) } || mapFields.values.contains { $0[instance] != nil }
    }
}
