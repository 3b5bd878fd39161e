import Coordination
import FleetModel
import FleetWorld
import Logging
import Support
import Testing

@testable import FleetMaster

/// That a large fleet's master answers at once. `make fleet-bench` measures it in full size.
@Suite("A large fleet")
struct LargeFleetTests {
    @Test("the table of all tasks is made from memory at once, and so is a look", .timeLimit(.minutes(10)))
    func status() async throws {
        let (hosts, jobs) = (200, 10)
        let service = MemoryCoordination()
        try await service.withSession { session in
            try await LargeFleet.write(hosts: hosts, jobs: jobs, session)
            try await withThrowingTaskGroup(of: Void.self) { group in
                let quiet = Logger(label: "master") { _ in SwiftLogNoOpLogHandler() }
                let master = FleetMaster(cluster: "fleet", name: "m1", coordination: service, logger: quiet)
                group.addTask { try await master.run() }
                defer { group.cancelAll() }
                try await eventually(within: .seconds(300), "all tasks are known") {
                    master.fleet.view.board.count == hosts * jobs
                }
                var rows: [StatusRow] = []
                let clock = ContinuousClock()
                let times = (0..<3).map { _ in clock.measure { rows = master.fleet.status() } }
                let best = times.min() ?? .zero
                #expect(rows.count == hosts * jobs)
                #expect(rows.allSatisfy { $0.state == "RUNNING" && $0.detail.container != nil })
                let view = master.fleet.view
                let look = clock.measure {
                    _ = view.wantedHosts()
                    var rooms = Rooms(view)
                    for name in view.deployments.keys.sorted() {
                        guard let deployment = view.deployments[name]?.value else { continue }
                        _ = DeploymentWrites(deployment, in: view, homeless: rooms.homeless(deployment), now: 10_000)
                    }
                }
                var board = view.board
                let table = try #require(view.table)
                let take = clock.measure { _ = board.take(table, view.identities, now: 10_000) }
                print("\(hosts * jobs) tasks: status \(best), a look \(look), and \(take) to find what is different")
                // What is not optimized takes about ten times as long, and other tests run beside this one: a tenth of the
                // fleet has as much time as the whole one is to have.
                #expect(best < .milliseconds(400))
            }
        }
    }
}
