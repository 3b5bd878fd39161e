import Coordination
public import HelixRecords
import StateModels

/// How a resource is to be.
public struct ResourceSettings: Sendable, Hashable {
    /// The controller's own strategy: even, at the smallest number of moves. Controllers of other makes do not know it.
    public static let defaultStrategy = "balanced"

    /// How many partitions it has; at least one.
    public var partitions: Int
    /// The name of its state model, which the cluster must have.
    public var stateModel: String
    /// How many replicas each partition should have. Where it is `nil` nothing is placed until the resource is
    /// rebalanced, as with Helix's own tools.
    public var replicas: IdealState.Replicas?
    /// Who computes the placement; the controller unless set.
    public var mode: IdealState.RebalanceMode
    /// REBALANCE_STRATEGY, by which the controller places: ``defaultStrategy`` unless set, or the name of one of Helix's
    /// own strategies, which is that of its Java class or `DEFAULT` (protocol reference 6.7).
    public var strategy: String = Self.defaultStrategy
    /// The class or name of the rebalancer, which USER_DEFINED resources need.
    public var rebalancer: String?
    /// Which of the participants' factories serves the resource.
    public var stateModelFactory: String = "DEFAULT"
    /// How many replicas of the resource one instance may have at most.
    public var maxPartitionsPerInstance: Int?
    /// How many replicas to keep while a rebalance is delayed.
    public var minActiveReplicas: Int?
    /// Only instances with this tag may hold replicas.
    public var instanceGroupTag: String?
    /// How long replicas of an instance that went away wait for it.
    public var rebalanceDelay: Duration?
    /// When the top state goes back to an instance that returns.
    public var failback: IdealState.Failback = .immediate
    /// How many partitions one child znode holds; 0 keeps the resource in one piece.
    public var bucketSize: Int = 0

    /// A resource with the defaults described at each property.
    public init(
        partitions: Int, stateModel: String, replicas: IdealState.Replicas? = nil,
        mode: IdealState.RebalanceMode = .fullAuto
    ) {
        self.partitions = partitions
        self.stateModel = stateModel
        self.replicas = replicas
        self.mode = mode
    }
}

/// What there is to know of a resource.
public struct ResourceDescription: Sendable, Hashable {
    /// What it should look like.
    public var idealState: IdealState
    /// Its further settings, `nil` when it has none.
    public var config: ResourceConfig?
    /// What it looks like to those who route to it, `nil` when nothing has been published.
    public var externalView: ExternalView?
}

/// Resources.
extension Administrator {
    /// Adds a resource (protocol reference 9.2).
    /// - Returns: the ideal state that was written.
    /// - Throws: ``AdministrationError`` with `.alreadyExists`, `.doesNotExist` for its state model, `.invalidValue`,
    ///   or `.tooFewInstances` where replicas are to be assigned at once.
    @discardableResult
    public func addResource(
        _ resource: String, _ settings: ResourceSettings, in cluster: String
    ) async throws -> IdealState {
        try Names.check(resource, .resource)
        let paths = try await paths(of: cluster)
        if try await exists(paths.idealState(resource)) {
            throw AdministrationError(
                .alreadyExists,
                "resource \(resource) exists in cluster \(cluster) already; change its ideal state, or drop it first")
        }
        let model = try await model(settings.stateModel, paths)
        var idealState = try Self.idealState(resource, settings)
        if let replicas = settings.replicas {
            try await assign(&idealState, replicas, prefix: resource, model, paths)
        }
        try RecordRules.idealState.check(
            from: ZNRecord(id: resource), to: idealState.record, name: "the ideal state of resource \(resource)")
        try await store(idealState, replacing: nil, paths)
        return idealState
    }

    private static func idealState(_ resource: String, _ settings: ResourceSettings) throws -> IdealState {
        guard settings.partitions > 0 else {
            throw AdministrationError(
                .invalidValue,
                "resource \(resource) was not added: \(settings.partitions) partitions, expected at least 1")
        }
        guard settings.mode != .task else {
            throw AdministrationError(
                .invalidValue,
                "resource \(resource) was not added: mode TASK, expected FULL_AUTO, SEMI_AUTO, CUSTOMIZED or USER_DEFINED"
            )
        }
        if settings.mode == .userDefined, settings.rebalancer == nil {
            throw AdministrationError(
                .invalidValue,
                "resource \(resource) was not added: mode USER_DEFINED without a rebalancer; name the one to use")
        }
        var idealState = IdealState(id: resource)
        idealState.numPartitions = settings.partitions
        idealState.stateModel = settings.stateModel
        idealState.stateModelFactory = settings.stateModelFactory
        idealState.rebalanceMode = settings.mode
        idealState.rebalanceStrategy = settings.strategy
        idealState.rebalancerClass = settings.rebalancer
        idealState.replicas = .count(0)
        idealState.maxPartitionsPerInstance = settings.maxPartitionsPerInstance
        idealState.minActiveReplicas = settings.minActiveReplicas
        idealState.instanceGroupTag = settings.instanceGroupTag
        idealState.rebalanceDelay = settings.rebalanceDelay
        idealState.failback = settings.failback
        if settings.bucketSize > 0 { idealState.bucketSize = settings.bucketSize }
        return idealState
    }

    /// Drops a resource: its ideal state and its configuration. The controller then drops its replicas, and its views
    /// vanish with them.
    public func dropResource(_ resource: String, in cluster: String) async throws {
        let paths = try await paths(of: cluster)
        for _ in 0..<3 {
            let doomed =
                try await session.subtree(paths.resourceConfig(resource))
                + session.subtree(paths.idealState(resource))
            if doomed.isEmpty { throw noResource(resource, paths) }
            do throws(CoordinationError) {
                try await session.commit(doomed.reversed().map { .delete($0) })
                return
            } catch {
                guard [.notEmpty, .noNode].contains(error.code) else { throw error }
            }
        }
        throw AdministrationError(
            .conflict, "resource \(resource) was not dropped: others keep changing it; try again")
    }

    /// Lets a resource be served again.
    public func enableResource(_ resource: String, in cluster: String) async throws {
        try await updateIdealState(of: resource, in: cluster) { $0.isEnabled = true }
    }

    /// Takes a resource out of service: all its replicas go to their initial state.
    public func disableResource(_ resource: String, in cluster: String) async throws {
        try await updateIdealState(of: resource, in: cluster) { $0.isEnabled = false }
    }

    /// Changes the settings of a resource's ideal state; of one in buckets, the settings but not the lists.
    /// - Parameter change: edits the ideal state; it may be called more than once.
    /// - Returns: the ideal state as it is now.
    /// - Throws: ``AdministrationError`` with `.invalidValue` when it would not be valid any more.
    @discardableResult
    public func updateIdealState(
        of resource: String, in cluster: String, _ change: (inout IdealState) throws -> Void
    ) async throws -> IdealState {
        let paths = try await paths(of: cluster)
        guard try await exists(paths.idealState(resource)) else { throw noResource(resource, paths) }
        return try await self.change(
            IdealState.self, at: paths.idealState(resource), .idealState,
            name: "the ideal state of resource \(resource)", change)
    }

    /// The names of the resources, sorted.
    public func resources(in cluster: String) async throws -> [String] {
        try await session.children(try await paths(of: cluster).idealStates)
    }

    /// What there is to know of a resource.
    public func describeResource(_ resource: String, in cluster: String) async throws -> ResourceDescription {
        let paths = try await paths(of: cluster)
        guard let idealState = try await readWhole(IdealState.self, paths.idealState(resource)) else {
            throw noResource(resource, paths)
        }
        return ResourceDescription(
            idealState: idealState.view,
            config: try await read(ResourceConfig.self, paths.resourceConfig(resource))?.view,
            externalView: try await readWhole(ExternalView.self, paths.externalView(resource))?.view)
    }

    func noResource(_ resource: String, _ paths: ClusterPaths) -> AdministrationError {
        AdministrationError(
            .doesNotExist,
            "there is no resource \(resource) in cluster \(paths.cluster): no znode \(paths.idealState(resource)); check "
                + "the name, or add the resource")
    }
}
