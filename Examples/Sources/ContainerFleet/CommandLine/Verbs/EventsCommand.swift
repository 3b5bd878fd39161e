import ArgumentParser
import FleetMaster

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
        try await masters.follow(after: all.last?.index ?? after ?? 0) { try show($0) }
        return Answer()
    }

    private func show(_ event: FleetEvent) throws {
        Terminal.print(client.json ? try JSONText.of(event) : Self.line(event))
    }

    private static func line(_ event: FleetEvent) -> String {
        "\(Terminal.time(event.time))  \(event.index)  \(event.topic) \(event.subject): \(event.text)"
    }
}
