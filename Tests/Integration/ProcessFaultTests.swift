import Coordination
import Foundation
import HelixAdmin
import HelixRecords
import TestSupport
import Testing
import ZooKeeper

/// Real processes that are killed, stopped and restarted, and a server that goes away, judged by the server's log.
@Suite("Processes die, and the cluster carries on", .timeLimit(.minutes(4)))
struct ProcessFaultTests {
    private static let cluster = "faults"
    private static let resource = "db"
    private static let partitions = 24
    private static let replicas = 3
    /// Seconds.
    private static let sessionTimeout = 2.0

    @Test(
        "Leader and participants are killed and stopped, the server restarts: bounds hold at every zxid, all converges")
    func faults() async throws {
        try await withZooKeeper { server in
            try await ZooKeeperCoordination(server.connectText).withSession { session in
                let administrator = Administrator(session: session)
                _ = try await administrator.addCluster(Self.cluster)
                for node in 1...4 { try await administrator.addInstance("node_\(node)", in: Self.cluster) }
            }
            var controllers = try ["one", "two"].map { try Self.startController($0, server) }
            var participants: [String: RunningCommand] = [:]
            for node in 1...4 { participants["node_\(node)"] = try Self.startParticipant("node_\(node)", server) }
            let observer = Observer(server.connectText)
            try await observer.awaitLive(4)

            // The leader dies in the middle of the bring-up.
            try await ZooKeeperCoordination(server.connectText).withSession { session in
                try await Administrator(session: session).addResource(
                    Self.resource,
                    ResourceSettings(
                        partitions: Self.partitions, stateModel: "MasterSlave", replicas: .count(Self.replicas)),
                    in: Self.cluster)
            }
            try await observer.awaitView("some replicas are up") { !$0.isEmpty }
            let leader = try await observer.leader()
            let index = leader == "one" ? 0 : 1
            controllers[index].signal(SIGKILL)
            try await observer.awaitSettled(on: Array(participants.keys))
            try await observer.awaitLeader(otherThan: leader)
            controllers[index] = try Self.startController("three", server)

            // A participant dies and comes back.
            participants["node_2"]?.signal(SIGKILL)
            try await observer.awaitSettled(on: ["node_1", "node_3", "node_4"])
            participants["node_2"] = try Self.startParticipant("node_2", server)
            try await observer.awaitSettled(on: Array(participants.keys))

            // Another one is stopped for twice its session timeout, and goes on as if nothing had happened.
            participants["node_3"]?.signal(SIGSTOP)
            try await observer.awaitSettled(on: ["node_1", "node_2", "node_4"])
            try await Task.sleep(for: .seconds(Self.sessionTimeout))  // the fault itself lasts so long
            participants["node_3"]?.signal(SIGCONT)
            try await observer.awaitSettled(on: Array(participants.keys))

            // The server dies and comes back, and a participant dies meanwhile.
            await server.kill()
            participants["node_4"]?.signal(SIGKILL)
            try await server.restart()
            try await observer.awaitSettled(on: ["node_1", "node_2", "node_3"])

            var checker = InvariantChecker(cluster: Self.cluster)
            checker.replay(try server.transactionLog().changes)
            #expect(checker.violations == [])
            #expect(checker.transactions > 50)

            for process in controllers + participants.values { process.signal(SIGTERM) }
            #expect(try await participants["node_1"]?.ended().code == 0)
            #expect(try await controllers[index].ended().code == 0)
        }
    }

    private static func startController(_ name: String, _ server: ZooKeeperServer) throws -> RunningCommand {
        try HelixBinary.start(
            ["controller", cluster, "--name", name, "--session-timeout", "\(sessionTimeout)"],
            zooKeeper: server.connectText)
    }

    /// With a delay, so that there is a middle of things.
    private static func startParticipant(_ name: String, _ server: ZooKeeperServer) throws -> RunningCommand {
        try HelixBinary.start(
            ["participant", cluster, name, "--delay", "200", "--session-timeout", "\(sessionTimeout)"],
            zooKeeper: server.connectText)
    }

    /// Somebody outside who reads znodes, each time in a session of its own: the server goes away meanwhile.
    private struct Observer {
        let connectText: String
        let paths = ClusterPaths(cluster: cluster)

        init(_ connectText: String) { self.connectText = connectText }

        private func read<Value: Sendable>(
            _ body: @escaping @Sendable (any CoordinationSession) async throws -> Value
        ) async throws -> Value {
            try await ZooKeeperCoordination(connectText).withSession { try await body($0) }
        }

        func leader() async throws -> String? {
            try await read { [paths] session in
                guard let (data, _) = try await session.getIfPresent(paths.leader) else { return nil }
                return try LiveInstance(decoding: data, path: paths.leader).record.id
            }
        }

        func awaitLeader(otherThan former: String?) async throws {
            try await eventually(within: .seconds(60), "another controller leads") {
                let leader = try await leader()
                return leader != nil && leader != former
            }
        }

        func awaitLive(_ count: Int) async throws {
            try await read { [paths] session in
                try await eventually(within: .seconds(60), "\(count) instances are live") {
                    let live = try await session.children(paths.liveInstances)
                    return live.count == count
                }
            }
        }

        func awaitView(
            _ what: String, _ condition: @escaping @Sendable ([String: [String: String]]) -> Bool
        ) async throws {
            try await read { [paths] session in
                let path = paths.externalView(resource)
                try await eventually(within: .seconds(60), what) {
                    guard let (data, _) = try await session.getIfPresent(path) else { return false }
                    return condition(try ZNRecord(decoding: data, path: path).mapFields)
                }
            }
        }

        /// Every partition has one master and its slaves, all on these instances, evenly.
        func awaitSettled(on instances: [String]) async throws {
            let names = Set(instances)
            try await awaitView("the cluster has settled on \(names.sorted())") { view in
                let isComplete =
                    view.count == partitions
                    && view.values.allSatisfy { states in
                        states.values.sorted() == ["MASTER"] + Array(repeating: "SLAVE", count: replicas - 1)
                            && names.isSuperset(of: states.keys)
                    }
                let loads = names.map { name in view.values.count { $0[name] != nil } }
                return isComplete && loads.max()! - loads.min()! <= 1
            }
        }
    }
}
