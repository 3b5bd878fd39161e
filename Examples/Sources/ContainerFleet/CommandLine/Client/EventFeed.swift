import AsyncHTTPClient
import FleetMaster
import NIOCore
import NIOHTTP1

extension MasterClient {
    /// Tells of events as they happen, and goes on with another master when one is lost.
    /// - Parameter index: of the last event that is known.
    func follow(after index: Int64, _ body: (FleetEvent) async throws -> Void) async throws {
        var (index, turn) = (index, 0)
        while !Task.isCancelled {
            let master = target.masters[turn % target.masters.count]
            do {
                let request = request(.GET, master + "/v1/events/stream", [("after", "\(index)")])
                let answer = try await http.execute(request, timeout: .hours(24), logger: nil)
                guard answer.status == .ok else {
                    throw Self.error(answer.status, String(buffer: try await answer.body.collect(upTo: 1 << 20)))
                }
                var lines = LineSplitter()
                for try await piece in answer.body {
                    for line in lines.add(piece.readableBytesView) where line.hasPrefix("data: ") {
                        let event = try Self.decode(FleetEvent.self, String(line.dropFirst(6)))
                        index = max(index, event.index)
                        try await body(event)
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
