import Logging
import Synchronization

/// What each process of a simulation saw and did, in the order in which it happened: for people who look for a fault.
public final class Timeline: Sendable, CustomStringConvertible {
    /// One line of a timeline.
    public struct Entry: Sendable, Hashable, CustomStringConvertible {
        /// When, since the start of the simulation.
        public let time: Duration
        /// Which process; empty for the world.
        public let process: String
        /// What.
        public let text: String

        /// Seconds, process, what.
        public var description: String {
            let milliseconds = time.nanoseconds / 1_000_000
            let fraction = String(milliseconds % 1000)
            let clock = "\(milliseconds / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
            let gap = String(repeating: " ", count: max(0, 10 - clock.count))
            let name = process.isEmpty ? "*" : process
            return "\(gap)\(clock)  \(name)\(String(repeating: " ", count: max(0, 14 - name.count)))  \(text)"
        }
    }

    /// Whether entries are kept; else only noting costs nearly nothing.
    public let isRecording: Bool
    private let clock: SimulatedClock
    private let content = Mutex<[Entry]>([])

    init(clock: SimulatedClock, isRecording: Bool) {
        self.clock = clock
        self.isRecording = isRecording
    }

    /// What was noted, in order.
    public var entries: [Entry] { content.withLock { $0 } }

    /// Notes that something happened.
    /// - Parameter process: where; empty for the world.
    public func note(_ process: String = "", _ text: @autoclosure () -> String) {
        guard isRecording else { return }
        let entry = Entry(time: clock.now.elapsed, process: process, text: text())
        content.withLock { $0.append(entry) }
    }

    /// All lines.
    public var description: String { entries.map(\.description).joined(separator: "\n") }

    /// A logger whose lines become a part of the timeline.
    func logger(for process: String) -> Logger {
        Logger(label: process) { _ in
            guard self.isRecording else { return SwiftLogNoOpLogHandler() }
            return TimelineLogHandler(timeline: self, process: process)
        }
    }
}

private struct TimelineLogHandler: LogHandler {
    let timeline: Timeline
    let process: String
    var logLevel = Logger.Level.debug
    var metadata: Logger.Metadata = [:]

    /// What every line of a process would repeat.
    private static let selfEvident: Set<String> = ["helix.cluster", "helix.instance", "helix.controller"]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        var facts = all.filter { !Self.selfEvident.contains($0.key) }.sorted { $0.key < $1.key }
            .map { "\($0.key)=\($0.value)" }
        if let error = event.error { facts.append("error=\(error)") }
        timeline.note(process, "\(event.message)" + (facts.isEmpty ? "" : "  [\(facts.joined(separator: " "))]"))
    }
}
