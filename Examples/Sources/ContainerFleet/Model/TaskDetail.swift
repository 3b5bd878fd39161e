#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What an agent says of a task beside its state: compact JSON in INFO of the current state.
public struct TaskDetail: Sendable, Hashable, Codable {
    /// What it does, more exactly than the state says: `PULLING_IMAGE`, `HEALTHCHECKING` …
    public var phase: String?
    /// The container, by its id or the beginning of it.
    public var container: String?
    /// Ports of the host, by the names that the job has for them.
    public var ports: [String: Int]?
    /// What holds it up: `FLAPPING`, `IMAGE_MISSING`, `IMAGE_PULL_FAILED`, `PORT_CONFLICT`; `nil` when nothing does.
    public var throttle: String?
    /// Why it is so, if that is not plain.
    public var reason: String?
    /// How its last container ended.
    public var exit: Int?
    /// How its last container ended that was to run on, also when another one has taken its place: nothing is missed of what
    /// happens between two reports.
    public var former: FormerContainer?
    /// How often it was started again.
    public var restarts: Int?
    /// How far a pull has come, in hundredths.
    public var pulled: Int?
    /// Where its agent answers those who want logs, `host:port`.
    public var agent: String?

    /// Nothing to say.
    public init() {}

    /// The longest text that the cluster keeps beside a state.
    public static let limit = 512

    /// As it is reported. What is too long for the cluster loses its reason's end first, then its ports and
    /// what was before.
    public var text: String {
        let whole = encoded
        guard whole.utf8.count > Self.limit else { return whole }
        var shorter = self
        let surplus = whole.utf8.count - Self.limit
        shorter.reason = reason.map { String($0.prefix(max(0, $0.count - surplus - 8))) + "…" }
        if shorter.encoded.utf8.count > Self.limit { shorter.ports = nil }
        if shorter.encoded.utf8.count > Self.limit { shorter.former = nil }
        return shorter.encoded
    }

    private var encoded: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    /// Reads what was reported. What is no JSON, for example the reason of a failed transition, is a reason.
    public init(text: String) {
        if text.hasPrefix("{"), let detail = try? JSONDecoder().decode(TaskDetail.self, from: Data(text.utf8)) {
            self = detail
        } else {
            self.init()
            reason = text.isEmpty ? nil : text
        }
    }
}

/// A container that ended though it was to run on.
public struct FormerContainer: Sendable, Hashable, Codable {
    /// The container, by the beginning of its id.
    public var container: String
    /// How it ended, if that is known.
    public var exit: Int?
    /// When, in milliseconds since 1970.
    public var time: Int64

    /// A container that ended.
    public init(container: String, exit: Int?, time: Int64) {
        self.container = container
        self.exit = exit
        self.time = time
    }
}
