import Coordination
import FleetModel

extension FleetStore {
    /// A deployment.
    public func deployment(_ name: String) async throws -> Versioned<Deployment>? {
        guard let (data, stat) = try await session.getIfPresent(paths.deployment(name)) else { return nil }
        return Versioned(
            try FleetText.read(Deployment.self, data, at: paths.deployment(name)), version: stat.version,
            index: stat.modifiedZxid)
    }

    /// All deployments, by name.
    public func deployments() async throws -> [String: Versioned<Deployment>] {
        try await folder(paths.deployments) { try FleetText.read(Deployment.self, $1, at: $2) }
    }

    /// Changes a deployment, or makes one, in a transaction that no other change of what jobs have can come between.
    /// - Parameters:
    ///   - index: what the deployment's index must be, 0 where there must be none; whatever it is unless set.
    ///   - change: gets all deployments and this one; gives what it is to be. It may be called more than once.
    /// - Returns: the deployment as it is now.
    @discardableResult
    public func change(
        _ name: String, index: Int64? = nil,
        _ change: (_ all: [String: Versioned<Deployment>], _ present: Deployment?) async throws -> Deployment
    ) async throws -> Deployment {
        try await transact(name, index: index) { all, present in
            let wanted = try await change(all, present)
            return (wanted, wanted, [])
        }
    }

    /// Changes a deployment together with other records.
    /// - Parameter change: gives, after what is returned in the end, what the deployment is to be, `nil` for nothing, and
    ///   what else is written.
    func transact<Value>(
        _ name: String, index: Int64? = nil,
        _ change: (
            _ all: [String: Versioned<Deployment>], _ present: Deployment?
        ) async throws -> (Value, Deployment?, [WriteOperation])
    ) async throws -> Value {
        try await retrying("the deployment \(name)") {
            let turn = try await self.turn()
            let all = try await deployments()
            let present = all[name]
            if let index, index != present?.index ?? 0 {
                throw FleetError(
                    .stalePlan,
                    "the plan was made at index \(index), and the deployment \(name) is at \(present?.index ?? 0)",
                    cure: "plan again, look at it, and apply that")
            }
            let (value, wanted, others) = try await change(all, present?.value)
            if wanted == present?.value, others.isEmpty { return value }
            let write =
                try wanted.map { try self.write($0, over: present?.version) }
                ?? .delete(paths.deployment(name), version: present?.version)
            return try await commit([turn, write] + others) { $1 == .nodeExists || $1 == .noNode }.map { _ in value }
        }
    }

    /// The write of a deployment over the version that was read, or of a new one.
    func write(_ deployment: Deployment, over version: Int32?) throws -> WriteOperation {
        let (path, data) = (paths.deployment(deployment.name), try FleetText.bytes(deployment))
        return version.map { .set(path, data: data, version: $0) } ?? .create(path, data: data)
    }
}
