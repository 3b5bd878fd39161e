import Coordination
public import HelixRecords

/// Customised states: what instances say of partitions of their own accord, and the views that the controller makes of that
/// (protocol reference 4.17).
extension Administrator {
    /// The types that the controller puts together into views, in their order.
    public func aggregatedTypes(of cluster: String) async throws -> [String] {
        let paths = try await paths(of: cluster)
        return try await read(CustomizedStateConfig.self, paths.customizedStateConfig)?.view.aggregatedTypes ?? []
    }

    /// Has the controller put the states of a type together into views. Does nothing when it does.
    public func aggregate(_ type: String, in cluster: String) async throws {
        try Names.check(type, .stateType)
        try await changeTypes(of: cluster) { types in
            if !types.contains(type) { types.append(type) }
        }
    }

    /// The controller no longer puts the states of a type together; their views go. Does nothing when it does not.
    public func stopAggregating(_ type: String, in cluster: String) async throws {
        try await changeTypes(of: cluster) { $0.removeAll { $0 == type } }
    }

    /// The view of a resource, `nil` when there is none.
    public func customizedView(_ type: String, of resource: String, in cluster: String) async throws -> ExternalView? {
        let paths = try await paths(of: cluster)
        return try await readWhole(ExternalView.self, "\(paths.customizedViews(type))/\(resource)")?.view
    }

    private func changeTypes(of cluster: String, _ change: (inout [String]) -> Void) async throws {
        let paths = try await paths(of: cluster)
        // Clusters that older releases have set up lack the folder.
        if try await !exists(paths.customizedStateConfigs) {
            try await session.createWithParents(paths.customizedStateConfigs)
        }
        try await self.change(
            CustomizedStateConfig.self, at: paths.customizedStateConfig,
            name: "the configuration of customised states of cluster \(cluster)",
            new: CustomizedStateConfig(id: cluster)
        ) { change(&$0.aggregatedTypes) }
    }
}
