import Coordination
import HelixRecords
import HelixSpectator
import Testing

@testable import helix

@Suite("What is told of a routing table", .timeLimit(.minutes(5)))
struct RouteChangeTests {
    /// The table of a cluster with instances n1_1 to n3_3 and the given replicas, in memory.
    private func table(_ resources: [String: [String: [String: String]]]) async throws -> RoutingTable {
        let service = MemoryCoordination()
        let paths = ClusterPaths(cluster: "c")
        try await service.withSession { session in
            for path in paths.clusterSetup { try await session.createWithParents(path) }
            for number in 1...3 {
                let name = "n\(number)_\(number)"
                try await session.create(paths.instanceConfig(name), InstanceConfig(id: name).encoded())
            }
            for (resource, map) in resources {
                try await session.create(
                    paths.externalView(resource), ZNRecord(id: resource, mapFields: map).encoded())
            }
        }
        let spectator = Spectator(cluster: "c", coordination: service)
        let first = try await spectator.withRoutingTables { tables in
            var iterator = tables.makeAsyncIterator()
            return await iterator.next()
        }
        return try #require(first)
    }

    @Test("all of the first table, then only what differs")
    func changes() async throws {
        let first = try await table(["a": ["a_0": ["n1_1": "LEADER"]], "b": ["b_0": ["n3_3": "ONLINE"]]])
        let second = try await table(["a": ["a_0": ["n1_1": "STANDBY", "n2_2": "LEADER"], "a_1": ["n1_1": "LEADER"]]])
        #expect(
            RouteChange.changes(from: nil, to: first, resource: nil).map(\.text) == [
                "a  a_0  n1_1  none → LEADER", "b  b_0  n3_3  none → ONLINE",
            ])
        #expect(
            RouteChange.changes(from: first, to: second, resource: nil).map(\.text) == [
                "a  a_0  n1_1  LEADER → STANDBY", "a  a_0  n2_2  none → LEADER", "a  a_1  n1_1  none → LEADER",
                "b  b_0  n3_3  ONLINE → none",
            ])
        #expect(
            RouteChange.changes(from: first, to: second, resource: "b").map(\.text) == ["b  b_0  n3_3  ONLINE → none"])
        #expect(RouteChange.changes(from: second, to: second, resource: nil).isEmpty)
    }

    @Test("that there are no replicas, where there are none")
    func empty() async throws {
        let changes = ChangeLines(resource: nil)
        let table = try await table([:])
        #expect(changes.take(table).map(\.text) == ["no replicas yet"])
        #expect(changes.take(table).isEmpty)
    }

    @Test("one line of JSON for each change")
    func json() async throws {
        let table = try await table(["a": ["a_0": ["n1_1": "LEADER"]]])
        let changes = ChangeLines(resource: nil)
        let lines = try changes.take(table).map { try JSON.line($0) }
        #expect(lines.count == 1)
        #expect(lines[0].hasPrefix(#"{"instance":"n1_1","partition":"a_0","resource":"a","to":"LEADER","zxid":"#))
        #expect(changes.take(table).isEmpty)
    }

    @Test("the map by resource and partition, with addresses where they are wanted")
    func reports() async throws {
        let table = try await table(["a": ["a_10": ["n2_2": "LEADER"], "a_2": ["n1_1": "LEADER", "n2_2": "STANDBY"]]])
        #expect(
            MapReport(table, resources: ["a"], partition: nil).text == """
                RESOURCE  PARTITION  REPLICAS
                a         a_2        n1_1:LEADER  n2_2:STANDBY
                a         a_10       n2_2:LEADER
                """)
        #expect(MapReport(table, resources: ["a"], partition: "a_10").text.split(separator: "\n").count == 2)
        #expect(
            RouteReport(table, resource: "a").text.split(separator: "\n")[1]
                == "a         a_2        LEADER   n1_1 (not alive)  n1:1")
        #expect(
            InstanceAddresses(table.instances(serving: "a", in: "LEADER")).text == "n1_1  n1:1\nn2_2  n2:2")
        let json = try JSON.line(MapReport(table, resources: ["a"], partition: "a_10"))
        #expect(json.contains(#""resources":{"a":{"a_10":{"n2_2":"LEADER"}}}"#))
    }
}
