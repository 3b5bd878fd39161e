import ArgumentParser
import Coordination
import Foundation
import HelixAdmin
import HelixRecords
import Logging

struct EventsCommand: AsyncParsableCommand, Sendable {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Tell what happened in a cluster and why: the journal that its leader keeps.",
        discussion: """
            The leader notes who came and went, what failed or takes too long, what was moved and because of what, when \
            maintenance began and why, and so on. The last \(Journal.limit) events are kept. Their numbers only grow, so \
            that --since goes on where one has stopped.

            EXAMPLES
              helix events orders
              helix events orders --since 2h --kind failed --kind late
              helix events orders --since 4711 --watch
            """)

    @OptionGroup var target: ClusterArgument
    @Option(
        help: ArgumentHelp(
            "Only what came after the event with this number, or in this time: a number with s, m, h or d.",
            valueName: "number|duration"),
        transform: EventsSince.init(text:))
    var since: EventsSince?
    @Option(help: "Only events of this kind; can be given several times.")
    var kind: [JournalEvent.Kind] = []
    @Option(help: "Only the last so many of what is there already.")
    var limit: Int?
    @Flag(help: "Go on, and tell what happens as it happens. End with Ctrl-C.")
    var watch = false
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if let limit, limit < 0 { throw ValidationError("--limit is a number from 0, not \(limit)") }
    }

    func run() async throws {
        let logger = common.log.logger("helix")
        guard watch else {
            let journal = try await common.connection.withSession(logger) { session in
                try await Administrator(session: session, logger: logger).journal(of: target.cluster)
            }
            return try common.output.show(EventsReport(chosen(journal.events, isFirst: true)))
        }
        do {
            try await Interruptible.run(orThrow: "no longer watching") { try await follow(logger) }
        } catch is Interrupted {}  // that is how it ends
    }

    /// Goes on with another session when one is lost, from where it was.
    private func follow(_ logger: Logger) async throws {
        var known: Int64 = 0
        if case .index(let index)? = since { known = index }
        var isFirst = true
        while true {
            do {
                (known, isFirst) = try await follow(after: known, isFirst: isFirst, logger)
            } catch let error as NoAnswer {
                throw NoAnswer(description: "\(error); go on later with --since \(known)")
            }
        }
    }

    /// Follows until the session or the connection is lost.
    private func follow(after index: Int64, isFirst: Bool, _ logger: Logger) async throws -> (Int64, Bool) {
        try await common.connection.withSession(logger) { session in
            var (known, isFirst) = (index, isFirst)
            do {
                let administrator = Administrator(session: session, logger: logger)
                try await administrator.followJournal(of: target.cluster, after: known) { events in
                    for event in chosen(events, isFirst: isFirst) { try common.output.showNext(EventLine(event)) }
                    known = events.last?.index ?? known
                    isFirst = false
                }
            } catch let error as CoordinationError where error.isTransient || error.endsSession {
                try Task.checkCancellation()
                logger.info("The connection was lost; connecting again", metadata: ["error": "\(error)"])
            }
            return (known, isFirst)
        }
    }

    private func chosen(_ events: [JournalEvent], isFirst: Bool) -> [JournalEvent] {
        let now = Int64(Date().timeIntervalSince1970 * 1_000)
        let chosen = events.filter { event in
            (kind.isEmpty || kind.contains(event.kind)) && since?.includes(event, now: now) ?? true
        }
        return isFirst ? chosen.suffix(limit ?? chosen.count) : chosen
    }
}

/// From where on events are told.
enum EventsSince: Sendable, Hashable {
    /// After the event with this number.
    case index(Int64)
    /// Not older than that, in milliseconds.
    case age(Int64)

    init(text: String) throws {
        if let index = Int64(text), index >= 0 {
            self = .index(index)
        } else if let span = try? TimeSpan(text: text) {
            self = .age(span.duration.components.seconds * 1_000)
        } else {
            throw ValidationError("“\(text)” is neither the number of an event nor a length of time such as 30m")
        }
    }

    func includes(_ event: JournalEvent, now: Int64) -> Bool {
        switch self {
        case .index(let index): event.index > index
        case .age(let age): event.time >= now - age
        }
    }
}

/// What `helix events` shows.
struct EventsReport: Rendering {
    let events: [EventLine]

    init(_ events: [JournalEvent]) { self.events = events.map(EventLine.init) }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(events)
    }

    var text: String {
        guard !events.isEmpty else { return "nothing was noted" }
        var table = TextTable("NUMBER", "TIME", "KIND", "ABOUT", "WHAT")
        for event in events { table.add(String(event.number), event.time, event.kind, event.subject, event.what) }
        return table.description
    }
}

/// One event; as a line of its own while it is watched.
struct EventLine: Rendering {
    let number: Int64
    /// ISO 8601, UTC.
    let time: String
    /// Milliseconds since 1970.
    let timestamp: Int64
    let kind: String
    let resource: String?
    let partition: String?
    let instance: String?
    let what: String

    init(_ event: JournalEvent) {
        number = event.index
        timestamp = event.time
        // A journal that somebody has spoilt is shown all the same; beyond the year 9999 there is no such form.
        let shown = min(max(0, event.time), 253_402_300_799_000)
        time = Date(timeIntervalSince1970: Double(shown) / 1_000).formatted(.iso8601)
        kind = event.kind.rawValue
        (resource, partition, instance, what) = (event.resource, event.partition, event.instance, event.text)
    }

    /// What it is about, in one word or two.
    var subject: String? {
        let parts = [instance, partition ?? resource].compactMap(\.self)
        return parts.isEmpty ? nil : parts.joined(separator: " ")
    }

    var text: String { [String(number), time, kind, subject ?? "-", what].joined(separator: "  ") }
}
