import Coordination
import HelixAdmin
import HelixRecords
import Synchronization
import Testing

/// An administrator of an embedded service whose clock stands at 1,700,000,000,000 ms and whose message ids are numbered.
struct Bench: Sendable {
    static let time: Int64 = 1_700_000_000_000

    let service: MemoryCoordination
    let session: any CoordinationSession
    let administrator: Administrator

    init() async throws {
        service = MemoryCoordination(milliseconds: { Self.time })
        session = try await service.openSession()
        let counter = Counter()
        administrator = Administrator(
            session: session, now: { Self.time }, makeMessageID: { "message-\(counter.next())" }, host: "desk")
    }

    /// With the cluster `c`, set up.
    static func withCluster() async throws -> Bench {
        let bench = try await Bench()
        try await bench.administrator.addCluster("c")
        return bench
    }

    var paths: ClusterPaths { ClusterPaths(cluster: "c") }

    func record(_ path: String) async throws -> ZNRecord {
        try ZNRecord(decoding: try await session.get(path).data, path: path)
    }

    func text(_ path: String) async throws -> String {
        String(decoding: try await session.get(path).data, as: UTF8.self)
    }

    func version(_ path: String) async throws -> Int32 { try await session.get(path).stat.version }

    func put(_ path: String, _ record: ZNRecord) async throws {
        try await session.createWithParents(path)
        try await session.set(path, try record.encoded())
    }

    /// Makes an instance alive, with the states that it has of a resource.
    func start(_ instance: String, session: String = "5", states: [String: [String: String]] = [:]) async throws {
        try await put(
            paths.liveInstance(instance),
            LiveInstance.make(instance: instance, sessionID: session, process: "1@desk").record)
        for (resource, partitions) in states {
            var state = CurrentState(resource: resource, sessionID: session, stateModel: "MasterSlave")
            for (partition, text) in partitions { state[partition] = ReplicaState(currentState: text) }
            try await put(paths.currentState(instance, session: session, resource: resource), state.record)
        }
    }

    /// All znodes and their data, to see that nothing was written.
    func snapshot() async throws -> [String] {
        var lines: [String] = []
        for path in try await session.subtree("/") {
            let (data, stat) = try await session.get(path)
            lines.append("\(path) \(stat.version) \(String(decoding: data, as: UTF8.self))")
        }
        return lines
    }
}

final class Counter: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}

/// Expects that `body` is refused with a code and a message that contains the words, and that nothing was written.
func expectRefusal(
    _ code: AdministrationError.Code, _ words: [String] = [], by bench: Bench,
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async throws {
    let before = try await bench.snapshot()
    do {
        try await body()
        Issue.record("expected a refusal: \(code)", sourceLocation: sourceLocation)
    } catch let error as AdministrationError {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        for word in words {
            #expect(error.message.contains(word), "\(error.message)", sourceLocation: sourceLocation)
        }
    }
    #expect(try await bench.snapshot() == before, "something was written", sourceLocation: sourceLocation)
}
