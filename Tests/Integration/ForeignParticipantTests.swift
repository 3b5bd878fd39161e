import Coordination
import Foundation
import HelixAdmin
import HelixRecords
import TestSupport
import Testing
import ZooKeeper

/// A participant in Python, driven by our controller beside participants of ours.
@Suite("A participant of another language is driven like any other", .timeLimit(.minutes(5)))
struct ForeignParticipantTests {
    private static let cluster = "mixed"
    private static let program = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Foreign/participant.py")

    @Test("It joins, comes up, takes over and is taken over from, and drops its replicas")
    func mixedCluster() async throws {
        try await withZooKeeper { server in
            try await ZooKeeperCoordination(server.connectText).withSession { session in
                let administrator = Administrator(session: session)
                _ = try await administrator.addCluster(Self.cluster)
                for name in ["foreign_1", "foreign_2", "swift_1"] {
                    try await administrator.addInstance(name, in: Self.cluster)
                }
                try await administrator.addResource(
                    "db", ResourceSettings(partitions: 12, stateModel: "MasterSlave", replicas: .count(2)),
                    in: Self.cluster)
                let controller = try HelixBinary.start(
                    ["controller", Self.cluster, "--session-timeout", "2"], zooKeeper: server.connectText)
                let swift = try Self.startOurs(server)
                var foreign = try ["foreign_1", "foreign_2"].map { try Self.startForeign($0, server) }
                let view = Observation(session: session)

                try await view.settled(on: ["foreign_1", "foreign_2", "swift_1"])
                #expect(foreign[0].output.contains("SLAVE-MASTER"))

                // One of them is killed: the others, of either language, take over.
                foreign[1].signal(SIGKILL)
                try await view.settled(on: ["foreign_1", "swift_1"])
                foreign[1] = try Self.startForeign("foreign_2", server)
                try await view.settled(on: ["foreign_1", "foreign_2", "swift_1"])

                // Ours is killed: the foreign ones take over from it.
                swift.signal(SIGKILL)
                try await view.settled(on: ["foreign_1", "foreign_2"])

                try await administrator.dropResource("db", in: Self.cluster)
                try await view.gone()
                #expect(foreign[0].output.contains("OFFLINE-DROPPED"))
                #expect(
                    !foreign.contains { $0.output.contains("refused") }, "nothing was asked for twice or out of turn")

                var checker = InvariantChecker(cluster: Self.cluster)
                checker.replay(try server.transactionLog().changes)
                #expect(checker.violations == [])
                controller.signal(SIGTERM)
                #expect(try await controller.ended().code == 0)
            }
        }
    }

    private static func startOurs(_ server: ZooKeeperServer) throws -> RunningCommand {
        try HelixBinary.start(
            ["participant", cluster, "swift_1", "--session-timeout", "2"], zooKeeper: server.connectText)
    }

    private static func startForeign(_ name: String, _ server: ZooKeeperServer) throws -> RunningCommand {
        // Debian's own Python: python3-kazoo is made for that one.
        try RunningCommand(
            executable: URL(filePath: "/usr/bin/python3"), [program.path, server.connectText, cluster, name])
    }

    /// The cluster as it is in ZooKeeper.
    private struct Observation {
        let session: any CoordinationSession
        let paths = ClusterPaths(cluster: cluster)

        func settled(on instances: Set<String>) async throws {
            try await eventually(within: .seconds(60), "the cluster has settled on \(instances.sorted())") {
                guard let (data, _) = try await session.getIfPresent(paths.externalView("db")) else { return false }
                let view = try ZNRecord(decoding: data, path: "db").mapFields
                let masters = view.values.flatMap { $0.filter { $0.value == "MASTER" }.keys }
                return view.count == 12 && masters.count == 12 && Set(masters) == instances
                    && view.values.allSatisfy { $0.count == 2 && instances.isSuperset(of: $0.keys) }
            }
        }

        /// The view is gone, and so is every replica.
        func gone() async throws {
            try await eventually(within: .seconds(60), "the resource is gone") {
                guard try await session.exists(paths.externalView("db")) == nil else { return false }
                for instance in ["foreign_1", "foreign_2"] {
                    let folder = paths.currentStateSessions(instance)
                    for path in try await session.subtree(folder) where path.hasSuffix("/db") {
                        guard let (data, _) = try await session.getIfPresent(path) else { continue }
                        let live = try await session.get(paths.liveInstance(instance)).data
                        let sessionID = try LiveInstance(decoding: live, path: instance).sessionID ?? ""
                        let isCurrent = path == paths.currentState(instance, session: sessionID, resource: "db")
                        if isCurrent, !(try ZNRecord(decoding: data, path: path).mapFields.isEmpty) { return false }
                    }
                }
                return true
            }
        }
    }
}
