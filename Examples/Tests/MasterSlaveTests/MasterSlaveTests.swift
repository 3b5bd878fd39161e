import Foundation
import HelixSpectator
import Shared
import Support
import Testing
import ZooKeeper

@testable import MasterSlave

private let partitions = (0..<8).map { "kv_\($0)" }

@Suite("MasterSlave, the key-value store")
struct MasterSlaveTests {
    @Test("keeps every acknowledged write, whichever node is killed", .timeLimit(.minutes(5)))
    func losesNothing() async throws {
        try await withStage("MasterSlave") { stage in
            try await stage.perform("setup", "--partitions", "8", "--replicas", "3")
            _ = try stage.start("controller", "controller")
            let acks = stage.directory.appending(path: "acks").path
            let spectator = Spectator(cluster: "store", coordination: .zooKeeper(stage.zookeeper))
            try await spectator.withRoutingTables { tables in
                var nodes: [Int: ChildProcess] = [:]
                for _ in 0..<4 {
                    let node = try stage.start("node", "node", "--port", "0")
                    nodes[try await port(of: node)] = node
                }
                try await isWhole(tables, nodes.count)
                let load = try stage.start("load", "load", "--acks", acks)
                for round in 1...5 {
                    try await hasAcks(acks, in: partitions, since: now())
                    // As the README says: kill -9, and the one with the most masters at that.
                    let (port, victim) = try heaviest(try #require(spectator.routingTable), nodes)
                    let isFrozen = round.isMultiple(of: 2)
                    if isFrozen { victim.signal(SIGSTOP) } else { try await victim.kill() }
                    try await isWhole(tables, nodes.count - 1, without: port)
                    try await hasAcks(acks, in: partitions, since: now())
                    if isFrozen { victim.signal(SIGCONT) } else { nodes[port] = try restart(port, on: stage) }
                    try await isWhole(tables, nodes.count)
                }
                #expect(try await load.terminate() == 0)
                print(load.lines("DONE").first ?? "")
                #expect(try await stage.perform("verify", "--acks", acks).contains("lost=0"))
                for node in nodes.values { #expect(try await node.terminate() == 0) }
            }
            try check(Ack.all(in: acks))
        }
    }

    @Test("answers people: put, get, delete, by whatever node is asked", .timeLimit(.minutes(5)))
    func answersPeople() async throws {
        try await withStage("MasterSlave") { stage in
            try await stage.perform("setup", "--partitions", "2", "--replicas", "2")
            let first = try stage.start("node", "node", "--port", "0", "--controller")
            let ports = [try await port(of: first), try await port(of: try stage.start("node", "node", "--port", "0"))]
            #expect(try await stage.perform("put", "fruit", "apple pie").hasPrefix("OK "))
            #expect(try await stage.perform("get", "fruit") == "VALUE apple pie\n")
            let answers = try await ports.asyncMap { port in
                try await LineConnection(to: Address(host: "127.0.0.1", port: port)).ask(.get("fruit"))
            }
            #expect(answers.contains(.value("apple pie")))
            #expect(answers.contains { if case .moved(_, let port) = $0 { ports.contains(port) } else { false } })
            #expect(try await stage.perform("delete", "fruit").hasPrefix("OK "))
            #expect(try await stage.perform("get", "fruit") == "NONE\n")
        }
    }

    // MARK: What is waited for

    private func port(of node: ChildProcess) async throws -> Int {
        try await eventually("a node that serves") { !node.lines("SERVING").isEmpty }
        return try #require(node.lines("SERVING").first?.split(separator: ":").last.flatMap { Int($0) })
    }

    private func restart(_ port: Int, on stage: Stage) throws -> ChildProcess {
        try stage.start("node", "node", "--port", "\(port)")
    }

    /// Waits until every partition has its master and two slaves on this many live nodes.
    private func isWhole(_ tables: RoutingTables, _ count: Int, without port: Int? = nil) async throws {
        let clock = ContinuousClock()
        let start = clock.now
        for await routes in tables {
            let live = routes.instances.filter { $0.isLive }
            let isWhole = partitions.allSatisfy { partition in
                let replicas = routes.replicas(of: "kv", partition: partition).filter { $0.instance.port != port }
                return replicas.count { $0.state == "MASTER" } == 1 && replicas.count { $0.state == "SLAVE" } == 2
            }
            if live.count == count, isWhole { return }
            guard clock.now - start < .seconds(60) else { break }
        }
        throw TestFailure("the cluster did not become whole on \(count) nodes")
    }

    private func hasAcks(_ file: String, in partitions: [String], since time: Int64) async throws {
        try await eventually(within: .seconds(30), "acknowledged writes in every partition") {
            guard FileManager.default.fileExists(atPath: file) else { return false }
            let counts = Dictionary(grouping: try Ack.all(in: file).filter { $0.start > time }, by: \.partition)
            return partitions.allSatisfy { counts[$0]?.count ?? 0 > 20 }
        }
    }

    private func heaviest(_ routes: RoutingTable, _ nodes: [Int: ChildProcess]) throws -> (Int, ChildProcess) {
        let masters = partitions.flatMap { routes.instances(serving: "kv", partition: $0, in: "MASTER") }
        let counts = Dictionary(grouping: masters.compactMap(\.port)) { $0 }.mapValues(\.count)
        let port = try #require(counts.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key)
        return (port, try #require(nodes[port]))
    }

    /// No two masters of a partition acknowledged at once, and no position was given twice.
    private func check(_ acks: [Ack]) throws {
        for (partition, acks) in Dictionary(grouping: acks, by: \.partition) {
            #expect(Set(acks.map(\.position)).count == acks.count, "\(partition): each write has a position of its own")
            var newest: (token: Int64, end: Int64) = (0, .min)
            // By the end of the first write of each master, none that began later is acknowledged by an older one.
            for ack in acks.sorted(by: { $0.end < $1.end }) {
                #expect(
                    ack.position.token >= newest.token || ack.start <= newest.end,
                    "\(partition): \(ack.position) was acknowledged after a newer master had acknowledged")
                if ack.position.token > newest.token { newest = (ack.position.token, ack.end) }
            }
        }
        #expect(Set(acks.map(\.partition)).count == partitions.count)
    }
}

extension Sequence {
    fileprivate func asyncMap<Value>(_ transform: (Element) async throws -> Value) async throws -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
