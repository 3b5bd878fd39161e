import Coordination
import HelixAdmin
import HelixController
import HelixRecords
import TestSupport
import Testing

@Suite("A cluster lives on a real server, judged by the server's log", .timeLimit(.minutes(5)))
struct ClusterLifeTests {
    @Test("it comes up, bears the loss of an instance, takes it back, and drops a resource", arguments: [0, 8])
    func life(bucketSize: Int) async throws {
        let all = ["node_1", "node_2", "node_3"]
        try await RealCluster.with(instances: all) { cluster in
            let members = [
                running(cluster.controller("one")), running(cluster.controller("two")),
                running(cluster.participant("node_1")), running(cluster.participant("node_2")),
            ]
            try await beside(members) {
                try await beside([running(cluster.participant("node_3"))]) {
                    try await cluster.addResource("db", partitions: 24, replicas: 3) { $0.bucketSize = bucketSize }
                    try await cluster.addResource("users", partitions: 12, replicas: 2)
                    try await cluster.awaitSettled("db", partitions: 24, replicas: 3, on: all)
                    try await cluster.awaitSettled("users", partitions: 12, replicas: 2, on: all)
                }
                try await cluster.awaitSettled("db", partitions: 24, replicas: 2, on: ["node_1", "node_2"])
                try await cluster.awaitSettled("users", partitions: 12, replicas: 2, on: ["node_1", "node_2"])
                try await cluster.eventually("the absence is noted") {
                    let path = cluster.paths.instanceHistory("node_3")
                    let data = try await cluster.session.get(path).data
                    return try ParticipantHistory(decoding: data, path: path).lastOfflineTime != nil
                }
                try await beside([running(cluster.participant("node_3"))]) {
                    try await cluster.awaitSettled("db", partitions: 24, replicas: 3, on: all)
                    try await cluster.awaitSettled("users", partitions: 12, replicas: 2, on: all)
                    try await cluster.administrator.dropResource("db", in: cluster.name)
                    try await cluster.awaitGone("db")
                }
            }
            let checker = try cluster.judge()
            #expect(checker.violations == [])
            #expect(checker.leaders.count == 1 || checker.leaders.count == 2)
            #expect(checker.replicas(of: "db").isEmpty)
            #expect(checker.znodes.keys.contains("EXTERNALVIEW/users"))
            // Ours take transitions of one kind in one message.
            #expect(checker.messages < 24 * 3 * 4)
        }
    }

    @Test("a leader that is cut off in the middle of a bootstrap is replaced, and writes nothing when it is back")
    func leaderCutOff() async throws {
        let all = ["node_1", "node_2", "node_3"]
        try await RealCluster.with(instances: all) { cluster in
            let link = try NetworkLink(to: cluster.server.port)
            defer { link.close() }
            let (cutOff, standby) = (cluster.controller("cut-off", through: link), cluster.controller("standby"))
            let participants = all.map { running(cluster.participant($0, delay: .milliseconds(100))) }
            try await beside(participants + [running(cutOff)]) {
                try await cluster.awaitLeader("the first leads") { $0 == "cut-off" }
                try await beside([running(standby)]) {
                    try await cluster.addResource("db", partitions: 48, replicas: 3)
                    try await cluster.awaitMasters("db", 1)
                    link.freeze()
                    try await cluster.awaitLeader("the other leads") { $0 == "standby" }
                    try await cluster.awaitSettled("db", partitions: 48, replicas: 3, on: all)
                    // What it still had to say arrives now.
                    link.restore()
                    try await cluster.eventually("it stands by") { cutOff.status == .standby }
                    try await cluster.addResource("users", partitions: 6, replicas: 2)
                    try await cluster.awaitSettled("users", partitions: 6, replicas: 2, on: all)
                }
                try await cluster.awaitLeader("the first leads again") { $0 == "cut-off" }
            }
            let checker = try cluster.judge()
            #expect(checker.violations == [])
            #expect(checker.leaders.count >= 3)
            #expect(checker.messagesByTerm[1] > 0, "it took over in the middle")
        }
    }

    @Test("a leader that resigns in the middle of a bootstrap hands over at once")
    func resignation() async throws {
        let all = ["node_1", "node_2", "node_3"]
        try await RealCluster.with(instances: all) { cluster in
            let participants = all.map { running(cluster.participant($0, delay: .milliseconds(100))) }
            try await beside(participants) {
                for round in 1...4 {
                    try await beside([running(cluster.controller("controller-\(round)"))]) {
                        try await cluster.awaitLeader { $0 == "controller-\(round)" }
                        try await cluster.addResource("db\(round)", partitions: 24, replicas: 3)
                        try await cluster.awaitMasters("db\(round)", 1)
                    }
                }
                try await beside([running(cluster.controller("last"))]) {
                    try await cluster.awaitLeader { $0 == "last" }
                    for round in 1...4 {
                        try await cluster.awaitSettled("db\(round)", partitions: 24, replicas: 3, on: all)
                    }
                }
            }
            let checker = try cluster.judge()
            #expect(checker.violations == [])
            #expect(checker.leaders.count == 5)
            #expect(
                checker.messagesByTerm.prefix(4).allSatisfy { $0 > 0 }, "each did a part: \(checker.messagesByTerm)")
        }
    }

    @Test("an instance that is cut off for longer than its session is replaced, and comes back with nothing of before")
    func participantCutOff() async throws {
        let all = ["node_1", "node_2", "node_3"]
        try await RealCluster.with(instances: all) { cluster in
            let link = try NetworkLink(to: cluster.server.port)
            defer { link.close() }
            let members = [
                running(cluster.controller("one")), running(cluster.participant("node_1")),
                running(cluster.participant("node_2")), running(cluster.participant("node_3", through: link)),
            ]
            try await beside(members) {
                try await cluster.addResource("db", partitions: 12, replicas: 2)
                try await cluster.awaitSettled("db", partitions: 12, replicas: 2, on: all)
                link.freeze()
                try await cluster.awaitSettled("db", partitions: 12, replicas: 2, on: ["node_1", "node_2"])
                link.restore()
                try await cluster.awaitSettled("db", partitions: 12, replicas: 2, on: all)
            }
            #expect(try cluster.judge().violations == [])
        }
    }
}
