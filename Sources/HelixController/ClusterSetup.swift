import Coordination
import HelixRecords
import Logging
import StateModels

/// What a cluster needs before a controller can run it (protocol reference 3).
enum ClusterSetup {
    /// - Throws: `ControllerError` naming what is missing.
    static func check(_ session: any CoordinationSession, _ paths: ClusterPaths) async throws {
        let required = paths.clusterSetup
        var missing: [String] = []
        for (path, result) in zip(required, await session.read(required.map { .exists($0) })) {
            if case .stat(nil) = try result.get() { missing.append(path) }
        }
        guard missing.isEmpty else {
            throw ControllerError(
                description: "the cluster '\(paths.cluster)' is not set up: \(missing.joined(separator: ", ")) "
                    + "\(missing.count == 1 ? "is" : "are") missing; run 'helix cluster create \(paths.cluster)', which "
                    + "adds what is missing and keeps what is there")
        }
    }

    /// Writes the built-in state models where they are absent; one that a user changed is left as it is.
    /// - Throws: `Deposed`; `CoordinationError` when the session is over.
    static func addStateModels(_ office: Office, _ context: ControllerContext) async throws {
        do {
            try await office.session.persistently(context) { try await add(office, context) }
        } catch let error as CoordinationError where !error.endsSession {
            context.logger.warning("The built-in state models could not be added", metadata: ["error": "\(error)"])
        }
    }

    private static func add(_ office: Office, _ context: ControllerContext) async throws {
        let known = Set(try await office.session.children(context.paths.stateModels))
        let writes = try StateModel.builtIn.filter { !known.contains($0.name) }.map { model in
            WriteOperation.create(context.paths.stateModel(model.name), data: try model.record.encoded())
        }
        for case .failure(let error) in try await office.write(writes) where error.code != .nodeExists { throw error }
    }
}
