import Coordination
public import HelixRecords
import StateModels

/// Assigning replicas, and the records that are spread over several znodes.
extension Administrator {
    /// Ends every delayed rebalance: what waits for instances that went away or were disabled is placed elsewhere at once,
    /// and top states that an instance left behind go back where FAILBACK is NEVER.
    ///
    /// Who goes away later is waited for as before (protocol reference 4.4, LAST_ON_DEMAND_REBALANCE_TIMESTAMP).
    public func rebalanceOnDemand(_ cluster: String) async throws {
        let time = now()
        try await updateClusterConfig(cluster) { $0.lastOnDemandRebalance = time }
    }

    /// Gives a resource its replicas (protocol reference 9.2). In FULL_AUTO and USER_DEFINED mode the controller places
    /// them; in SEMI_AUTO and CUSTOMIZED mode an even assignment to the instances that may serve is written, which
    /// replaces the one that is there.
    /// - Parameters:
    ///   - replicas: how many each partition should have.
    ///   - prefix: what the partitions' names begin with; the resource's name unless set.
    /// - Returns: the ideal state as it is now.
    /// - Throws: ``AdministrationError`` with `.tooFewInstances` when an assignment needs more instances than there are.
    @discardableResult
    public func rebalance(
        _ resource: String, in cluster: String, replicas: IdealState.Replicas, prefix: String? = nil
    ) async throws -> IdealState {
        let paths = try await paths(of: cluster)
        for _ in 0..<3 {
            guard let found = try await readWhole(IdealState.self, paths.idealState(resource)) else {
                throw noResource(resource, paths)
            }
            var idealState = found.view
            guard let name = idealState.stateModel else {
                throw AdministrationError(
                    .invalidValue, "resource \(resource) has no STATE_MODEL_DEF_REF; set it to a state model")
            }
            let model = try await model(name, paths)
            try await assign(&idealState, replicas, prefix: prefix ?? resource, model, paths)
            try RecordRules.idealState.check(
                from: found.view.record, to: idealState.record, name: "the ideal state of resource \(resource)")
            do throws(CoordinationError) {
                try await store(idealState, replacing: found.version, paths)
                return idealState
            } catch {
                guard [.badVersion, .noNode].contains(error.code) else { throw error }
            }
        }
        throw AdministrationError(
            .conflict, "resource \(resource) was not rebalanced: others keep changing its ideal state; try again")
    }

    /// Writes replicas and partitions into an ideal state.
    func assign(
        _ idealState: inout IdealState, _ replicas: IdealState.Replicas, prefix: String, _ model: StateModel,
        _ paths: ClusterPaths
    ) async throws {
        let partitions = idealState.numPartitions ?? 0
        let names = (0..<partitions).map { "\(prefix)_\($0)" }
        if let first = names.first { try Names.check(first, .partition) }
        idealState.replicas = replicas
        switch idealState.rebalanceMode {
        case .semiAuto, .customized:
            let lists = try await lists(idealState, replicas, paths)
            idealState.preferenceLists = Dictionary(uniqueKeysWithValues: zip(names, lists))
            idealState.instanceStateMap = Dictionary(
                uniqueKeysWithValues: zip(names, lists.map { DefaultAssignment.states(of: $0, model) }))
        default:
            idealState.preferenceLists = Dictionary(uniqueKeysWithValues: names.map { ($0, []) })
            idealState.instanceStateMap = Dictionary(uniqueKeysWithValues: names.map { ($0, [:]) })
        }
    }

    private func lists(
        _ idealState: IdealState, _ replicas: IdealState.Replicas, _ paths: ClusterPaths
    ) async throws -> [[String]] {
        let partitions = idealState.numPartitions ?? 0
        if replicas == .anyLiveInstance, idealState.rebalanceMode == .semiAuto {
            return Array(repeating: [IdealState.anyLiveInstance], count: partitions)
        }
        let tag = idealState.instanceGroupTag
        let instances = try await instanceConfigs(paths)
            .filter { config in config.isAssignable && (tag.map { config.tags.contains($0) } ?? true) }.map(\.id)
        let wanted = if case .count(let count) = replicas { count } else { instances.count }
        guard wanted <= instances.count else {
            throw AdministrationError(
                .tooFewInstances,
                "resource \(idealState.id) cannot have \(wanted) replicas: cluster \(paths.cluster) has "
                    + "\(instances.count) instances that may serve\(tag.map { " with tag \($0)" } ?? ""); add instances, "
                    + "or ask for fewer replicas")
        }
        return DefaultAssignment.lists(partitions: partitions, replicas: wanted, instances: instances)
    }

    /// Reads a record that may be spread over buckets (protocol reference 1.7).
    func readWhole<View: RecordView>(_: View.Type, _ path: String) async throws -> Found<View>? {
        guard let found = try await read(View.self, path) else { return nil }
        guard found.view.record.isBucketized else { return found }
        let buckets = try await session.children(path).map { "\(path)/\($0)" }
        let records = try await readAll(View.self, buckets).compactMap { $0?.record }
        return Found(view: View(record: found.view.record.joined(buckets: records)), version: found.version)
    }

    /// Spreads a resource over buckets of so many partitions, or brings it back into one piece.
    ///
    /// A znode holds about one megabyte: large resources have a znode for each bucket of their ideal state, current states
    /// and external view (protocol reference 1.7). The controller spreads the external view at once, participants their
    /// current states with the next transition of the resource.
    /// - Parameter bucketSize: how many partitions a bucket holds; 0 for one piece.
    /// - Returns: how many buckets there are.
    /// - Throws: ``AdministrationError`` with `.doesNotExist`, `.invalidValue` when the names of the partitions do not end in
    ///   `_` and a number, or `.conflict`.
    @discardableResult
    public func spreadResource(_ resource: String, in cluster: String, bucketSize: Int) async throws -> Int {
        guard bucketSize >= 0 else {
            throw AdministrationError(
                .invalidValue,
                "resource \(resource) was not spread: buckets of \(bucketSize) partitions, expected at least 1, or 0 for none"
            )
        }
        let paths = try await paths(of: cluster)
        for _ in 0..<3 {
            guard let found = try await readWhole(IdealState.self, paths.idealState(resource)) else {
                throw noResource(resource, paths)
            }
            var idealState = found.view
            idealState.bucketSize = bucketSize
            do {
                let count = try idealState.record.bucketized().buckets.count
                try await store(idealState, replacing: found.version, paths)
                return count
            } catch let error as RecordError {
                throw AdministrationError(.invalidValue, "resource \(resource) was not spread: \(error)")
            } catch let error as CoordinationError {
                guard [.badVersion, .noNode, .nodeExists].contains(error.code) else { throw error }
            }
        }
        throw AdministrationError(
            .conflict, "resource \(resource) was not spread: others keep changing its ideal state; try again")
    }

    /// Writes an ideal state. The buckets of one that is spread come first, so that a reader who sees the new parent
    /// finds them; buckets that are needed no longer go last.
    func store(
        _ idealState: IdealState, replacing version: Int32?, _ paths: ClusterPaths
    ) async throws(CoordinationError) {
        let path = paths.idealState(idealState.id)
        let (parent, buckets) = try parts(idealState, path)
        let data = try bytes(parent, path)
        guard let version else {
            let children = try buckets.map { (bucket) throws(CoordinationError) -> WriteOperation in
                .create("\(path)/\(bucket.id)", data: try bytes(bucket, path))
            }
            let whole = [.create(path, data: data)] + children
            if whole.reduce(0, { $0 + $1.encodedSize }) < 500_000 {
                try await session.commit(whole)
            } else {
                try await create(parent, children, path)
            }
            return
        }
        let present = Set(try await session.children(path))
        let writes = try buckets.map { (bucket) throws(CoordinationError) -> WriteOperation in
            let child = "\(path)/\(bucket.id)"
            let data = try bytes(bucket, child)
            return present.contains(bucket.id) ? .set(child, data: data) : .create(child, data: data)
        }
        let fence = WriteOperation.check(path, version: version)
        for result in try await session.writeBatched(writes, fence: fence) { _ = try result.get() }
        try await session.set(path, data, version: version)
        let needed = Set(buckets.map(\.id))
        for child in present.subtracting(needed).sorted() { try await deleteIfPresent("\(path)/\(child)") }
    }

    /// Creates an ideal state that does not fit into one transaction. While its buckets are written it does not say that it
    /// has any, so that nobody takes a part for the whole.
    private func create(
        _ parent: IdealState, _ children: [WriteOperation], _ path: String
    ) async throws(CoordinationError) {
        var empty = parent
        empty.record.simpleFields["BUCKET_SIZE"] = nil
        empty.numPartitions = 0
        try await session.create(path, try bytes(empty, path))
        do throws(CoordinationError) {
            for result in try await session.writeBatched(children, fence: .check(path, version: 0)) {
                _ = try result.get()
            }
            try await session.set(path, try bytes(parent, path), version: 0)
        } catch {
            // Not transient: nothing of it is to stay.
            if !error.endsSession, !error.isTransient { try? await session.deleteRecursively(path) }
            throw error
        }
    }

    private func parts(
        _ idealState: IdealState, _ path: String
    ) throws(CoordinationError) -> (parent: IdealState, buckets: [IdealState]) {
        do throws(RecordError) {
            let (parent, buckets) = try idealState.record.bucketized()
            return (IdealState(record: parent), buckets.map { IdealState(record: $0) })
        } catch {
            throw CoordinationError(.badArguments, operation: "encode", path: path, reason: error.reason)
        }
    }
}
