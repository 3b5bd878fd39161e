import Coordination
import Foundation
import HelixAdmin
import TestSupport
import Testing

/// Controllers as processes of their own, that die and freeze.
@Suite("A controller that dies or freezes is replaced", .timeLimit(.minutes(5)))
struct LeaderProcessTests {
    /// What happens to the leader.
    enum Fault: CaseIterable, Sendable {
        case killed, frozen
    }

    @Test("in the middle of a bootstrap; nothing of a leader that was frozen is written", arguments: Fault.allCases)
    func leader(fault: Fault) async throws {
        let all = ["node_1", "node_2", "node_3"]
        try await RealCluster.with(instances: all) { cluster in
            let zooKeeper = cluster.server.connectText + cluster.chroot
            let participants = all.map { running(cluster.participant($0, delay: .milliseconds(100))) }
            try await beside(participants) {
                func start(_ name: String) throws -> RunningCommand {
                    try HelixBinary.start(
                        ["controller", cluster.name, "--name", name, "--session-timeout", "1.5"],
                        zooKeeper: zooKeeper)
                }
                let first = try start("first")
                try await cluster.awaitLeader { $0 == "first" }
                let second = try start("second")
                try await cluster.addResource("db", partitions: 48, replicas: 3)
                try await cluster.awaitMasters("db", 1)
                first.signal(fault == .killed ? SIGKILL : SIGSTOP)
                try await cluster.awaitLeader { $0 == "second" }
                try await cluster.awaitSettled("db", partitions: 48, replicas: 3, on: all)
                first.signal(SIGCONT)
                try await cluster.addResource("users", partitions: 6, replicas: 2)
                try await cluster.awaitSettled("users", partitions: 6, replicas: 2, on: all)
                if fault == .frozen {
                    // It has noticed, and takes over from the other one in its turn.
                    second.signal(SIGTERM)
                    #expect(try await second.ended().code == 0)
                    try await cluster.awaitLeader { $0 == "first" }
                    first.signal(SIGTERM)
                    #expect(try await first.ended().code == 0)
                }
            }
            let checker = try cluster.judge()
            #expect(checker.violations == [])
            #expect(checker.messagesByTerm[1] > 0, "the second took over in the middle")
        }
    }
}
