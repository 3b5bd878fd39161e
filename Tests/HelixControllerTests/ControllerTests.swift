import Coordination
import HelixRecords
import StateModels
import Testing

@testable import HelixController

@Suite("A controller carries its cluster to where it should be", .timeLimit(.minutes(1)))
struct ControllerTests {
    @Test("A resource comes up, and its external view shows it")
    func bringUp() async throws {
        let service = MemoryCoordination()
        try await service.withSession { session in
            let cluster = try await ScriptedCluster("test", in: session)
            let paths = cluster.paths
            for name in ["a", "b", "c"] { try await cluster.addInstance(name) }
            try await cluster.addResource("db", partitions: 6, replicas: 2)
            try await withThrowingTaskGroup(of: Void.self) { group in
                defer { group.cancelAll() }
                for name in ["a", "b", "c"] {
                    group.addTask { try await runScriptedParticipant(name, cluster: paths, in: service) }
                }
                group.addTask {
                    try await Controller(cluster: "test", name: "controller", coordination: service).run()
                }
                try await cluster.awaitView("db") { view in
                    view.count == 6 && view.values.allSatisfy { $0.values.sorted() == ["MASTER", "SLAVE"] }
                }
            }
        }
    }
}
