import FleetMaster
import HTTPTypes
import Hummingbird
import NIOCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension Endpoint {
    static let news = [
        Endpoint(.get, "/v1/status", .reader) { call in
            let rows = call.fleet.status(
                job: call.query("job") ?? "", host: call.query("host") ?? "",
                deployment: call.query("deployment") ?? "")
            return Answer.bytes(ByteBuffer(bytes: StatusJSON(rows).bytes), "application/json")
        },
        Endpoint(.get, "/v1/events", .reader) { call in
            let index = try call.number("after") ?? 0
            return try Answer.json(try await call.fleet.store.events(after: index))
        },
        Endpoint(.get, "/v1/events/stream", .reader) { call in
            let last = call.request.headers[HTTPField.Name("Last-Event-ID")!].flatMap { Int64($0) }
            let index = try last ?? call.number("after") ?? 0
            return stream(call.fleet, after: index)
        },
    ]

    /// What happens, as server-sent events, from an index on.
    private static func stream(_ fleet: Fleet, after index: Int64) -> Response {
        let texts = fleet.events(after: index).map { events in ByteBuffer(string: try text(of: events)) }
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: ResponseBody(asyncSequence: texts))
    }

    private static func text(of events: [FleetEvent]) throws -> String {
        if events.isEmpty { return ": still here\n\n" }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try events.map { event in
            let data = String(decoding: try encoder.encode(event), as: UTF8.self)
            return "id: \(event.index)\nevent: \(event.topic)\ndata: \(data)\n\n"
        }.joined()
    }
}
