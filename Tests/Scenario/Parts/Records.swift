import Coordination
import HelixAdmin
import HelixRecords
import HelixSimulation
import StateModels
import Synchronization

/// Somebody spoils records, or deletes what is not his.
struct Records: ScenarioPart {
    var faults: [FaultKind] {
        [
            FaultKind("spoil-ideal-state", weight: 2) { world, random in
                guard let resource = StandardScenario.resources.randomElement(using: &random) else { return }
                try await world.spoil(world.paths.idealState(resource.name), &random)
            },
            FaultKind("spoil-instance-config", weight: 2) { world, random in
                try await world.spoil(world.paths.instanceConfig(world.someParticipant(&random)), &random)
            },
            FaultKind("spoil-live-instance", weight: 2) { world, random in
                let name = world.someParticipant(&random)
                try await world.spoil(world.paths.liveInstance(name), &random)
            },
            FaultKind("spoil-current-state", weight: 2) { world, random in
                let name = world.someParticipant(&random)
                guard let session = world.record(world.paths.liveInstance(name))?.simpleFields["SESSION_ID"] else {
                    return
                }
                let folder = world.paths.currentStates(name, session: session)
                guard let record = world.simulation.ensemble.children(of: folder).randomElement(using: &random) else {
                    return
                }
                try await world.spoil("\(folder)/\(record)", &random)
            },
            FaultKind("spoil-external-view", weight: 2) { world, random in
                guard let resource = StandardScenario.resources.randomElement(using: &random) else { return }
                try await world.spoil(world.paths.externalView(resource.name), &random)
            },
            FaultKind("spoil-state-model", weight: 1) { world, random in
                try await world.spoil(world.paths.stateModel("MasterSlave"), &random)
            },
            FaultKind("hostile-message", weight: 3) { world, random in
                let queue = world.paths.messages(world.someParticipant(&random))
                let data = Garbage.bytes(&random)
                let id = "hostile-\(random.next())"
                try await world.interfere { try await $0.create("\(queue)/\(id)", data) }
            },
            FaultKind("message-for-a-session-that-is-gone", weight: 3) { world, random in
                try await world.sendStaleMessage(to: world.someParticipant(&random), &random)
            },
            FaultKind("delete-leader", weight: 3) { world, random in
                world.sometimesInMidWrite(&random) { world.deleteLeader() }
            },
            FaultKind("delete-external-view", weight: 2) { world, random in
                guard let resource = StandardScenario.resources.randomElement(using: &random) else { return }
                let path = world.paths.externalView(resource.name)
                world.spoilt.withLock { $0[path] = [] }
                try await world.interfere { try await $0.deleteRecursively(path) }
            },
        ]
    }

    func heal(_ world: ScenarioWorld) async throws {
        let spoilt = world.spoilt.withLock { spoilt in
            defer { spoilt = [:] }
            return spoilt.sorted { $0.key < $1.key }
        }
        for (path, data) in spoilt { try await world.repair(path, data) }
        // A leader does not watch the views that it has written; the next one looks at them all.
        if spoilt.contains(where: { $0.key.hasPrefix(world.paths.externalViews) }) {
            try await world.insistAsOutsider { try await $0.delete(world.paths.leader) }
        }
        for name in world.participants {
            for id in world.simulation.ensemble.children(of: world.paths.messages(name)) where id.hasPrefix("hostile") {
                try await world.interfere { try await $0.delete("\(world.paths.messages(name))/\(id)") }
            }
        }
    }
}

/// What is no record.
enum Garbage {
    static func bytes(_ random: inout SeededGenerator) -> [UInt8] {
        let texts = [
            "", "{", "null", "[]", "{\"id\":3,\"mapFields\":7}", "{\"id\":\"x\",\"simpleFields\":[]}",
            "\u{1f}\u{8b}garbage", "42",
        ]
        return Array((texts.randomElement(using: &random) ?? "").utf8)
    }
}

extension ScenarioWorld {
    /// Somebody deletes the leader's znode.
    func deleteLeader() {
        cluster.timeline.note("outsider", "deletes the leader's znode")
        interfere(.delete(paths.leader))
    }

    /// Somebody writes at once what he should not.
    func interfere(_ operation: WriteOperation) {
        let outsider = SessionID(rawValue: 0xbad)
        cluster.judge.exempt(outsider)
        simulation.ensemble.interfere([operation], as: outsider)
    }

    /// Does something with the znodes directly, as somebody does who should not.
    func interfere(_ body: @escaping @Sendable (any CoordinationSession) async throws -> Void) async throws {
        try await cluster.attempt("outsider") { try await self.asOutsider(body) }
    }

    private func asOutsider(_ body: @escaping @Sendable (any CoordinationSession) async throws -> Void) async throws {
        try await cluster.withOwnSession("outsider") { session in
            self.cluster.judge.exempt(session.id)
            try await body(session)
        }
    }

    func spoil(_ path: String, _ random: inout SeededGenerator) async throws {
        guard let present = simulation.ensemble.data(at: path) else { return }
        let garbage = Garbage.bytes(&random)
        spoilt.withLock { $0[path] = $0[path] ?? present }
        cluster.timeline.note("outsider", "spoils \(path)")
        try await interfere { try await $0.set(path, garbage) }
    }

    /// Writes back what was there. A record that a live process owns is put right by starting that process anew.
    fileprivate func repair(_ path: String, _ data: [UInt8]) async throws {
        let parts = path.split(separator: "/").map(String.init)
        if parts.contains("EXTERNALVIEW") { return }
        if parts.contains("LIVEINSTANCES") || parts.contains("CURRENTSTATES") {
            let name = parts[2]
            guard simulation.ensemble.data(at: path) != nil else { return }
            return kill(name, restartAfter: .seconds(1))
        }
        try await insistAsOutsider { try await $0.set(path, data) }
    }

    /// Does something with the znodes directly, until it is done or there is no such znode.
    fileprivate func insistAsOutsider(
        _ body: @escaping @Sendable (any CoordinationSession) async throws -> Void
    ) async throws {
        for _ in 0..<50 {
            do {
                return try await asOutsider(body)
            } catch let error as CoordinationError where error.code == .noNode {
                return
            } catch let error as CoordinationError {
                cluster.timeline.note("outsider", "fails: \(error)")
                try await cluster.advance(by: .seconds(1))
            }
        }
    }

    fileprivate func sendStaleMessage(to name: String, _ random: inout SeededGenerator) async throws {
        guard let resource = StandardScenario.resources.randomElement(using: &random) else { return }
        var message = Message(id: "stale-\(random.next())", type: .stateTransition)
        message.messageState = .new
        message.createdAt = simulation.milliseconds
        message.source = "outsider"
        message.target = name
        message.targetSession = "1000abc"
        message.resource = resource.name
        message.partition = "\(resource.name)_0"
        message.stateModel = resource.settings.stateModel
        message.fromState = StateModel.error
        message.toState = "OFFLINE"
        let data = try message.encoded()
        let path = paths.message(name, message.id)
        try await interfere { try await $0.create(path, data) }
    }
}
