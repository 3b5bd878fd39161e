import ArgumentParser
import AsyncHTTPClient
import FleetMaster
import Foundation
import NIOCore
import NIOHTTP1

struct EventsCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Show what happened, and with --watch what happens.",
        discussion: """
            Every event has an index; --after INDEX goes on from there. A watch that loses its master goes on with another.

            EXAMPLES
              fleet events --watch
              fleet events --after 41007 --json
            """)

    @OptionGroup var client: ClientOptions
    @Flag(name: .shortAndLong, help: "Go on as things happen.") var watch = false
    @Option(help: "Only what came after this index.") var after: Int64?
    @Option(help: "How many of the last; all that are kept unless set.") var last: Int?

    func perform(_ masters: MasterClient) async throws -> Answer {
        let (all, json) = try await masters.read([FleetEvent].self, "/v1/events", [("after", after.map(String.init))])
        let events = last.map { Array(all.suffix($0)) } ?? all
        guard watch else {
            return Answer(
                json: last == nil ? json : try JSONText.of(events), text: events.map(Self.line).joined(separator: "\n"))
        }
        for event in events { try show(event) }
        try await follow(masters, after: all.last?.index ?? after ?? 0)
        return Answer()
    }

    private func follow(_ masters: MasterClient, after start: Int64) async throws {
        var (index, turn) = (start, 0)
        while !Task.isCancelled {
            let master = masters.target.masters[turn % masters.target.masters.count]
            do {
                let request = masters.request(.GET, master + "/v1/events/stream", [("after", "\(index)")])
                let answer = try await masters.http.execute(request, timeout: .hours(24), logger: nil)
                guard answer.status == .ok else {
                    throw MasterClient.error(
                        answer.status, String(buffer: try await answer.body.collect(upTo: 1 << 20)))
                }
                var lines = LineSplitter()
                for try await piece in answer.body {
                    for line in lines.add(piece.readableBytesView) where line.hasPrefix("data: ") {
                        let event = try MasterClient.decode(FleetEvent.self, String(line.dropFirst(6)))
                        index = max(index, event.index)
                        try show(event)
                    }
                }
            } catch let error as FleetError where error.code != .storeUnavailable {
                throw error
            } catch {
                if Task.isCancelled { throw CancellationError() }
            }
            turn += 1
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    private func show(_ event: FleetEvent) throws {
        Terminal.print(client.json ? try JSONText.of(event) : Self.line(event))
    }

    private static func line(_ event: FleetEvent) -> String {
        "\(Terminal.time(event.time))  \(event.index)  \(event.topic) \(event.subject): \(event.text)"
    }
}

/// Puts lines together from pieces.
struct LineSplitter {
    private var rest: [UInt8] = []

    mutating func add(_ bytes: some Sequence<UInt8>) -> [String] {
        var lines: [String] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                lines.append(String(decoding: rest, as: UTF8.self))
                rest = []
            } else {
                rest.append(byte)
            }
        }
        return lines
    }
}
