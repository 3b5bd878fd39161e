import Coordination
import HelixAdmin
import HelixController
import HelixRecords
import TestSupport
import Testing

@Suite("Maintenance on a real server, judged by the server's log", .timeLimit(.minutes(5)))
struct MaintenanceTests {
    private static let all = ["node_1", "node_2", "node_3", "node_4", "node_5"]

    private func holders(_ cluster: RealCluster) async throws -> [String: Set<String>] {
        try await cluster.view("db")?.mapValues { Set($0.keys) } ?? [:]
    }

    private func isInMaintenance(_ cluster: RealCluster) async throws -> Bool {
        try await cluster.session.exists(cluster.paths.maintenance) != nil
    }

    @Test("masters move from a node that goes, under whichever leader, and nothing is placed before it ends")
    func manual() async throws {
        try await RealCluster.with(instances: Self.all) { cluster in
            let (first, second) = (cluster.controller("first"), cluster.controller("second"))
            let stayers = Self.all.dropLast().map { running(cluster.participant($0)) }
            try await cluster.addResource("db", partitions: 20, replicas: 2)
            try await beside(stayers + [running(second)]) {
                try await beside([running(first)]) {
                    try await beside([running(cluster.participant("node_5"))]) {
                        try await cluster.awaitSettled("db", partitions: 20, replicas: 2, on: Self.all)
                        try await cluster.administrator.enterMaintenance(cluster.name, reason: "disks")
                    }
                }
                let stayed = Array(Self.all.dropLast())
                try await cluster.eventually("masters move") {
                    let view = try await cluster.view("db") ?? [:]
                    return view.count == 20
                        && view.values.allSatisfy { $0["node_5"] == nil && $0.values.contains("MASTER") }
                }
                // One of each pair with the fifth is missing.
                #expect(try await holders(cluster).values.reduce(0) { $0 + $1.count } == 32)
                try await cluster.administrator.exitMaintenance(cluster.name)
                try await cluster.awaitSettled("db", partitions: 20, replicas: 2, on: stayed)
            }
            #expect(try cluster.judge().violations == [])
        }
    }

    @Test("it begins by itself when two of five nodes are gone, and ends when they are back")
    func automatic() async throws {
        try await RealCluster.with(instances: Self.all) { cluster in
            let stayers = Self.all.prefix(3).map { running(cluster.participant($0)) }
            try await cluster.addResource("db", partitions: 20, replicas: 2)
            try await beside(stayers + [running(cluster.controller("one"))]) {
                let (before, during) = (Seen(), Seen())
                try await beside(Self.all.suffix(2).map { running(cluster.participant($0)) }) {
                    try await cluster.awaitSettled("db", partitions: 20, replicas: 2, on: Self.all)
                    await before.set(try await holders(cluster))
                    // No node may be away: the first that goes is one too many, whichever it is.
                    try await cluster.administrator.updateClusterConfig(cluster.name) {
                        $0.maxOfflineInstances = 0
                        $0.offlineInstancesForAutoExit = 0
                    }
                }
                try await cluster.eventually("maintenance begins") { try await isInMaintenance(cluster) }
                try await cluster.eventually("masters move") {
                    let view = try await cluster.view("db") ?? [:]
                    return view.values.allSatisfy { map in
                        map["node_4"] == nil && map["node_5"] == nil
                            && (map.isEmpty || map.values.contains("MASTER"))
                    }
                }
                await during.set(try await holders(cluster))
                for (partition, names) in await before.holders {
                    let kept = names.subtracting(["node_4", "node_5"])
                    #expect(await during.holders[partition, default: []] == kept)
                }
                try await beside(Self.all.suffix(2).map { running(cluster.participant($0)) }) {
                    try await cluster.eventually("maintenance ends") { try await !isInMaintenance(cluster) }
                    try await cluster.awaitSettled("db", partitions: 20, replicas: 2, on: Self.all)
                    #expect(try await holders(cluster) == (await before.holders))
                }
            }
            #expect(try cluster.judge().violations == [])
        }
    }
}

/// Who held what, to be remembered.
private actor Seen {
    private(set) var holders: [String: Set<String>] = [:]

    func set(_ holders: [String: Set<String>]) { self.holders = holders }
}
