import Coordination
import HelixAdmin
import Logging
import MessageQueue
import StateModels

/// The state models that a participant serves, as the cluster has them.
struct ServedModels: Sendable {
    let cluster: String
    /// The names of those to serve; empty for all that can be read.
    let wanted: [String]
    let logger: Logger

    /// Reads the models, again if the connection is lost: a participant waits for ZooKeeper, and does not end for it.
    func read(in session: any CoordinationSession) async throws -> [StateModel] {
        while true {
            do {
                return try await attempt(Administrator(session: session, logger: logger))
            } catch let error as CoordinationError where error.isTransient {
                logger.info("The connection was lost; trying again", metadata: ["error": "\(error)"])
                guard await session.isConnectedAgain(pausingOn: ContinuousClock()) else { throw error }
            }
        }
    }

    private func attempt(_ administrator: Administrator) async throws -> [StateModel] {
        var models: [StateModel] = []
        if !wanted.isEmpty {
            for name in wanted { models.append(try await administrator.stateModel(name, in: cluster)) }
            return models
        }
        for name in try await administrator.stateModels(in: cluster) {
            do {
                models.append(try await administrator.stateModel(name, in: cluster))
            } catch let error as AdministrationError where error.code == .unreadableRecord {
                logger.warning("A state model is left out", metadata: ["error": "\(error)"])
            }
        }
        return models
    }
}
