internal import CZooKeeper
internal import Logging

/// The C client's log, as swift-log lines of label `zookeeper.client`.
///
/// It has no notion of which handle a line belongs to. What matters of a session's life is logged by the session itself,
/// with the caller's logger; the client's own lines are for whoever looks for a fault, and so at lower levels.
enum ClientLog {
    private static let logger = Logger(label: "zookeeper.client")
    private static let setLevel: Void = zoo_set_debug_level(ZOO_LOG_LEVEL_INFO)

    /// Tells the client what to report; once in a process.
    static func start() { _ = setLevel }

    struct Line: Equatable {
        var level: Logger.Level
        var function: String
        var text: String
    }

    /// Takes a line of the form `date time:pid(thread):ZOO_ERROR@function@number: text` apart.
    static func parse(_ line: String) -> Line {
        guard let marker = line.firstRange(of: ":ZOO_") else {
            return Line(level: .debug, function: "", text: line)
        }
        let parts = line[marker.upperBound...].split(separator: "@", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let colon = parts[2].firstRange(of: ": ") else {
            return Line(level: .debug, function: "", text: line)
        }
        var text = parts[2][colon.upperBound...]
        while text.last?.isWhitespace == true { text.removeLast() }
        return Line(level: level(parts[0], text), function: String(parts[1]), text: String(text))
    }

    private static func level(_ name: Substring, _ text: Substring) -> Logger.Level {
        // A lost connection is an error to the client, even when it has just closed it itself.
        if text.hasPrefix("Socket ") { return .debug }
        switch name {
        case "ERROR": return .warning
        case "WARN", "INFO": return .debug
        default: return .trace
        }
    }

    fileprivate static func log(_ line: String) {
        let line = parse(line)
        logger.log(level: line.level, "\(line.text)", metadata: ["zookeeper.function": "\(line.function)"])
    }
}

/// Called by the client for each line, on any of its threads.
func clientLog(_ line: UnsafePointer<CChar>?) {
    if let line { ClientLog.log(String(cString: line)) }
}
