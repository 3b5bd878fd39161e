import FleetAgent
import FleetEngine
import FleetSupport
import Foundation
import Support
import Testing

@Suite("A host whose Engine is killed", .needsEngine, .serialized, .timeLimit(.minutes(5)))
struct EngineLossTests {
    @Test("an Engine that is killed is taken up when it is back: what runs is kept, what ended is replaced (B16)")
    func killed() async throws {
        let engine = try await PrivateEngine.started()
        let data = engine.directory.appending(path: "shared")
        try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
        let configuration = HostConfiguration(cluster: "tests", host: "lossy")
        let host = try HostSupervisor(
            engine.docker, store: AgentDisk(at: engine.directory.appending(path: "agent").path), configuration)
        var idle = TaskSpec(image: PrivateEngine.image, command: ["sleep", "100000"])
        idle.stopTimeout = .seconds(1)
        // Its first run ends when it is told to, and says so; the next goes on.
        let script = """
            test -e /data/ended && exec sleep 100000
            while ! test -e /data/end; do sleep 0.1; done; touch /data/ended; exit 3
            """
        var ending = TaskSpec(image: PrivateEngine.image, command: ["sh", "-c", script])
        ending.volumes = [Volume(data.path, at: "/data")]
        let specs = (idle, ending)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await host.run() }
            try await host.start("a_0", specs.0)
            try await host.start("b_0", specs.1)
            func containers() async -> [String?] { await host.currentReports().map(\.container) }
            let before = await containers()

            try await engine.crash()
            try await eventually("it is missed") { await !host.isEngineThere }
            _ = FileManager.default.createFile(atPath: data.appending(path: "end").path, contents: nil)
            try await eventually("one has ended meanwhile") {
                FileManager.default.fileExists(atPath: data.appending(path: "ended").path)
            }
            try await engine.recover()
            try await eventually(within: .seconds(60), "it is replaced") {
                let reports = await host.currentReports()
                return reports.map(\.phase) == [.running, .running] && reports[1].restarts == 1
            }
            let after = await containers()
            #expect(after[0] == before[0] && after[1] != before[1])

            // Events come again.
            try await engine.docker.kill(try #require(after[0]), signal: "KILL")
            try await eventually(within: .seconds(2), "its end is noticed") {
                await host.currentReports()[0].restarts == 1
            }
            group.cancelAll()
        }
    }
}
