import AsyncHTTPClient
import Coordination
import FleetAPI
import FleetMaster
import FleetWorld
import Hummingbird
import Logging
import NIOCore

/// How long a master takes to answer for the table of all tasks: over HTTP on the loopback interface, from the request to the
/// last byte. The master has read the records of the fleet before; what they say was written by nobody but this program.
enum StatusBench {
    struct Figures: Encodable {
        var tasks: Int
        var bytes: Int
        var best: Double
        var median: Double
        var worst: Double
        var limit = 200.0

        var isGood: Bool { median < limit }
        var text: String {
            "GET /v1/status of \(tasks) tasks, \(bytes / 1_000) kB: \(Self.rounded(median)) ms (best \(Self.rounded(best)), "
                + "worst \(Self.rounded(worst))); the bar is \(Self.rounded(limit)) ms: \(isGood ? "met" : "MISSED")"
        }

        static func rounded(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
    }

    static func run(hosts: Int, jobs: Int) async throws -> Figures {
        let quiet = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        let service = MemoryCoordination()
        let session = try await service.openSession(SessionConfiguration())
        try await LargeFleet.write(hosts: hosts, jobs: jobs, session)
        let master = FleetMaster(cluster: "fleet", name: "m1", coordination: service, logger: quiet)
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        let server = try FleetServer(master.fleet, access: .open, logger: quiet).application(
            at: .hostname("127.0.0.1", port: 0)
        ) { listening.yield($0 ?? 0) }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await master.run() }
            group.addTask { try await server.run() }
            defer { group.cancelAll() }
            var known = ports.makeAsyncIterator()
            let port = await known.next() ?? 0
            let clock = ContinuousClock()
            while master.fleet.view.board.count < hosts * jobs { try await clock.sleep(for: .milliseconds(50)) }
            let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/v1/status")
            var times: [Double] = []
            var bytes = 0
            for _ in 0..<11 {
                let begin = clock.now
                let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
                bytes = try await answer.body.collect(upTo: 1 << 28).readableBytes
                times.append(begin.duration(to: clock.now).milliseconds)
            }
            times.sort()
            return Figures(
                tasks: hosts * jobs, bytes: bytes, best: times[0], median: times[times.count / 2],
                worst: times[times.count - 1])
        }
    }
}
