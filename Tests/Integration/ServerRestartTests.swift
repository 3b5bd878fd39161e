import Coordination
import HelixAdmin
import TestSupport
import Testing
import ZooKeeper

@Suite("The server goes away, and the cluster carries on when it is back", .timeLimit(.minutes(5)))
struct ServerRestartTests {
    @Test(
        "in the middle of a bootstrap, for less and for more than a session's timeout",
        arguments: [Duration.zero, RealCluster.sessionTimeout * 2])
    func restart(outage: Duration) async throws {
        let all = ["node_1", "node_2", "node_3"]
        try await withZooKeeper { server in
            try await RealCluster.with(instances: all, on: server) { cluster in
                let participants = all.map { running(cluster.participant($0, delay: .milliseconds(100))) }
                let controllers = ["one", "two"].map { running(cluster.controller($0)) }
                try await beside(participants + controllers) {
                    try await cluster.addResource("db", partitions: 48, replicas: 3)
                    try await cluster.awaitMasters("db", 1)
                    await server.kill()
                    if outage > .zero { try await Task.sleep(for: outage) }  // the fault itself lasts so long
                    try await server.restart()
                    try await cluster.awaitSettled("db", partitions: 48, replicas: 3, on: all)
                    // And once more in peace, with something to do afterwards.
                    try await server.restart()
                    try await cluster.eventually("a resource can be added") {
                        try await cluster.addResource("users", partitions: 6, replicas: 2)
                        return true
                    }
                    try await cluster.awaitSettled("users", partitions: 6, replicas: 2, on: all)
                }
                #expect(try cluster.judge().violations == [])
            }
        }
    }

    @Test(
        "the leader of an ensemble of three dies in the middle of a bootstrap, then one of the others in the middle of a failover"
    )
    func ensemble() async throws {
        let all = ["node_1", "node_2", "node_3"]
        try await withZooKeeperEnsemble { ensemble in
            let roles = await ensemble.roles()
            let (first, others) = (try #require(roles.leader), roles.followers)
            try await RealCluster.with(instances: all, on: others[0], servers: ensemble.connectText) { cluster in
                let members = ["node_1", "node_2"].map { running(cluster.participant($0, delay: .milliseconds(100))) }
                try await beside(members + ["one", "two"].map { running(cluster.controller($0)) }) {
                    try await beside([running(cluster.participant("node_3", delay: .milliseconds(100)))]) {
                        try await cluster.addResource("db", partitions: 48, replicas: 3)
                        try await cluster.awaitMasters("db", 1)
                        await first.kill()
                        try await cluster.awaitSettled("db", partitions: 48, replicas: 3, on: all)
                        try await first.restart()
                    }
                    await others[1].kill()
                    try await cluster.awaitSettled("db", partitions: 48, replicas: 2, on: ["node_1", "node_2"])
                }
                #expect(try cluster.judge().violations == [])
            }
        }
    }
}
