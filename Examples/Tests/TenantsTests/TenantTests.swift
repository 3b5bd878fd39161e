import HelixAdmin
import HelixRecords
import HelixSimulation
import HelixSpectator
import Testing

@Suite("Tenants in a simulated cluster", .timeLimit(.minutes(5)))
struct TenantTests {
    @Test("The partitions of a tenant are on the same nodes, and tenants are spread evenly")
    func together() async throws {
        try await withStores { cluster in
            let homes = try await cluster.homes()
            for node in nodes {
                #expect(homes.values.count { $0.contains(node) } == 2, "\(homes)")
                #expect(homes.values.count { $0.first == node } == 1, "\(homes)")
            }
        }
    }

    @Test("When a node is killed its tenants move as a whole, and no other tenant moves")
    func kill() async throws {
        try await withStores { cluster in
            let before = try await cluster.homes()
            cluster.kill("node1")
            try await cluster.settle()
            let after = try await cluster.homes()
            for tenant in tenants {
                let stayed = before[tenant]?.filter { $0 != "node1" } ?? []
                #expect(Set(stayed).isSubset(of: after[tenant] ?? []), "\(tenant)")
                if !(before[tenant]?.contains("node1") ?? false) { #expect(after[tenant] == before[tenant]) }
            }

            try await cluster.startStore("node1")
            try await cluster.settle()
            #expect(try await cluster.homes().values.count { $0.contains("node1") } == 2)
        }
    }

    @Test("A strategy that nobody knows leaves its own resource alone, and the controller says which ones it knows")
    func unknown() async throws {
        let (entries, places) = try await withStores(recording: true) { cluster in
            try await cluster.addStores("misspelt", strategy: "tenant")
            try await cluster.administrate { admin in
                let settings = ResourceSettings(partitions: 2, stateModel: "LeaderStandby", replicas: .count(1))
                try await admin.addResource("others", settings, in: cluster.name)
            }
            try await cluster.settle()
            let table = try await cluster.routingTable()
            return (
                cluster.timeline.entries.filter { $0.process == "controller" }.map(\.text),
                ["misspelt", "others", "stores"].map { table.instances(serving: $0, in: "LEADER").count }
            )
        }
        #expect(places == [0, 2, 4])
        let problem = entries.filter { $0.contains("REBALANCER_CLASS_NAME") }
        #expect(problem.count == 1)
        #expect(problem.first?.contains("misspelt: REBALANCER_CLASS_NAME names the unknown strategy 'tenant'") == true)
        #expect(problem.first?.contains("known here: balanced, tenants,") == true)
    }
}
