import Coordination
public import HelixRecords
public import StateModels

/// State models.
extension Administrator {
    /// The names of the state models, sorted.
    public func stateModels(in cluster: String) async throws -> [String] {
        try await session.children(try await paths(of: cluster).stateModels)
    }

    /// A state model.
    /// - Throws: ``AdministrationError`` with `.doesNotExist`, or `.unreadableRecord` naming every fault of the definition.
    public func stateModel(_ name: String, in cluster: String) async throws -> StateModel {
        try await model(name, try await paths(of: cluster))
    }

    /// Adds a state model. Does nothing when the same is there already.
    /// - Parameter isReplacing: whether to replace a different one of that name. Replicas that are in a state which the
    ///   new one does not have are then beyond the controller's reach.
    /// - Throws: ``AdministrationError`` with `.alreadyExists` when there is a different one, and it is not to be replaced.
    public func addStateModel(_ model: StateModel, in cluster: String, replacing isReplacing: Bool = false) async throws
    {
        try Names.check(model.name, .stateModel)
        let paths = try await paths(of: cluster)
        let new = StateModelRecord(record: model.record)
        try await change(
            StateModelRecord.self, at: paths.stateModel(model.name), name: "state model \(model.name)", new: new
        ) { found in
            if Self.isSame(found.record, model) { return }
            guard isReplacing || found == new else {
                throw AdministrationError(
                    .alreadyExists,
                    "cluster \(cluster) has a different state model \(model.name) already; give yours another name, or "
                        + "replace it explicitly")
            }
            found = new
        }
    }

    /// Records may differ in form and still mean the same.
    private static func isSame(_ record: ZNRecord, _ model: StateModel) -> Bool {
        do {
            return try StateModel(record: record) == model
        } catch {
            return false
        }
    }

    /// What is wrong with a definition, one sentence each; empty when it can be used.
    public func problems(ofStateModel record: ZNRecord) -> [String] {
        do throws(StateModelError) {
            return try StateModel(record: record).faults.map(\.description)
        } catch {
            return error.faults.map(\.description)
        }
    }

    func model(_ name: String, _ paths: ClusterPaths) async throws -> StateModel {
        try Names.check(name, .stateModel)
        guard let found = try await read(StateModelRecord.self, paths.stateModel(name)) else {
            let known = try await session.children(paths.stateModels)
            throw AdministrationError(
                .doesNotExist,
                "there is no state model \(name) in cluster \(paths.cluster), which has \(known.joined(separator: ", ")); "
                    + "check the name, or add the state model")
        }
        do {
            return try StateModel(record: found.view.record)
        } catch {
            throw AdministrationError(
                .unreadableRecord,
                "state model \(name) of cluster \(paths.cluster) cannot be used: \(error); replace it explicitly")
        }
    }
}

/// A definition as it stands in its record.
struct StateModelRecord: RecordView {
    var record: ZNRecord
}
