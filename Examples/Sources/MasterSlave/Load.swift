import ArgumentParser
import Foundation
import HelixSpectator
import ServiceLifecycle
import Shared
import Synchronization

struct Load: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write without end, and note what was acknowledged. Ctrl-C ends it when all is acknowledged.")

    @OptionGroup var options: ClusterOptions
    @Option(help: "How many clients write at the same time.") var clients = 4
    @Option(help: "How often each key is written before the client goes on to the next.") var rewrites = 5
    @Option(help: "The file for what was acknowledged.") var acks = "/tmp/store.acks"

    func run() async throws {
        let spectator = options.spectator(of: Store.cluster)
        let generator = try LoadGenerator(
            clients: clients, rewrites: rewrites, keys: try await Store.keys(options), spectator: spectator, file: acks)
        try await options.run(spectator, generator)
    }

    func validate() throws {
        guard clients > 0, rewrites > 0 else { throw ValidationError("--clients and --rewrites: expected at least 1") }
    }
}

/// Each client writes 1, 2, 3 and so on, and goes on when a number is acknowledged. A key that it has done with is
/// never written again, so whatever is lost stays lost.
private struct LoadGenerator: Service {
    let clients: Int
    let rewrites: Int
    let keys: KeySpace
    let spectator: Spectator
    let file: FileHandle
    let count = Counter()

    init(clients: Int, rewrites: Int, keys: KeySpace, spectator: Spectator, file path: String) throws {
        self.clients = clients
        self.rewrites = rewrites
        self.keys = keys
        self.spectator = spectator
        try Data().write(to: URL(filePath: path))
        file = try FileHandle(forWritingTo: URL(filePath: path))
    }

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in 0..<clients { group.addTask { try await write(as: client) } }
            group.addTask { try await report() }
            for _ in 0..<clients { try await group.next() }
            group.cancelAll()
        }
        say("DONE acks=\(count.total) longest-wait=\(count.longest)ms")
    }

    private func write(as number: Int) async throws {
        let client = StoreClient(keys: keys, spectator: spectator)
        var value = 0
        while !Task.isShuttingDownGracefully {
            let key = "client\(number)-key\(value / rewrites)"
            value += 1
            let start = now()
            let reply = try await client.make(Change(key: key, value: "\(value)"))
            guard case .done(let position) = reply else { throw Unexpected(reply: reply) }
            let ack = Ack(
                key: key, value: value, partition: keys.partition(of: key), position: position, start: start, end: now()
            )
            try file.write(contentsOf: Data((ack.line + "\n").utf8))
            count.add(ack.end - ack.start)
        }
    }

    private func report() async throws {
        while true {
            do { try await ContinuousClock().sleep(for: .seconds(1)) } catch { return }
            say("LOAD acks=\(count.total) longest-wait=\(count.longest)ms")
        }
    }

    private struct Unexpected: Error { var reply: Reply }
}

/// An acknowledged write: which, by which master, and from when to when it took, in milliseconds since 1970.
struct Ack: Sendable, Hashable {
    var key: String
    var value: Int
    var partition: String
    var position: Position
    var start: Int64
    var end: Int64

    var line: String { "\(key) \(value) \(partition) \(position.token) \(position.number) \(start) \(end)" }

    /// The writes that were noted in a file.
    static func all(in path: String) throws -> [Ack] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").compactMap { Ack(line: $0) }
    }
}

extension Ack {
    /// The ack of a line; `nil` when the line is none.
    init?(line: Substring) {
        let words = line.split(separator: " ")
        let numbers = ([1] + Array(3..<7)).compactMap { words.indices.contains($0) ? Int64(words[$0]) : nil }
        guard words.count == 7, numbers.count == 5 else { return nil }
        self.init(
            key: String(words[0]), value: Int(numbers[0]), partition: String(words[2]),
            position: Position(token: numbers[1], number: numbers[2]), start: numbers[3], end: numbers[4])
    }
}

private final class Counter: Sendable {
    private let state = Mutex((total: 0, longest: Int64(0)))

    var total: Int { state.withLock { $0.total } }
    var longest: Int64 { state.withLock { $0.longest } }

    func add(_ wait: Int64) {
        state.withLock { $0 = ($0.total + 1, max($0.longest, wait)) }
    }
}
