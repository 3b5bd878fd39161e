import ArgumentParser
import Foundation
import HelixSpectator
import ServiceLifecycle
import Shared

struct Get: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show the value of a key.")

    @OptionGroup var options: ClusterOptions
    @Argument(help: "The key.") var key: String

    func run() async throws { try await options.withClient { [key] in say(try await $0.get(key).line) } }
}

struct Put: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Set the value of a key.")

    @OptionGroup var options: ClusterOptions
    @Argument(help: "The key; a word.") var key: String
    @Argument(help: "The value; a line.") var value: String

    func run() async throws {
        let change = Change(key: key, value: value)
        try await options.withClient { say(try await $0.make(change).line) }
    }
}

struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Delete a key.")

    @OptionGroup var options: ClusterOptions
    @Argument(help: "The key.") var key: String

    func run() async throws {
        let change = Change(key: key)
        try await options.withClient { say(try await $0.make(change).line) }
    }
}

struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check that all is there that was acknowledged to a load.")

    @OptionGroup var options: ClusterOptions
    @Option(help: "The file that the load wrote.") var acks = "/tmp/store.acks"

    func run() async throws {
        let acks = try Ack.all(in: acks)
        let latest = Dictionary(acks.map { ($0.key, $0.value) }, uniquingKeysWith: max)
        let lost = try await options.withClient { client in
            var lost = 0
            for (key, value) in latest.sorted(by: { $0.key < $1.key }) {
                let reply = try await client.get(key)
                // A load that was killed may have written one more than it was told of.
                if case .value(let text) = reply, let found = Int(text), value <= found { continue }
                lost += 1
                say("LOST \(key): \(value) was acknowledged, the store says \(reply.line)")
            }
            return lost
        }
        say("VERIFIED keys=\(latest.count) acks=\(acks.count) lost=\(lost)")
        if lost > 0 { throw ExitCode.failure }
    }
}

extension ClusterOptions {
    /// Runs `body` with a client.
    func withClient<Value: Sendable>(_ body: @escaping @Sendable (StoreClient) async throws -> Value) async throws
        -> Value
    {
        let keys = try await Store.keys(self)
        let spectator = spectator(of: Store.cluster)
        return try await spectator.withRoutingTables { _ in
            try await body(StoreClient(keys: keys, spectator: spectator))
        }
    }
}
