/// Something that happened to a container, image, network or volume.
public struct EngineEvent: Sendable, Hashable {
    /// What it happened to, for example `container`.
    public var type: String
    /// What happened, in Docker's words: for example `start`, `die`, `oom`, `destroy`, `exec_create`, `health_status`.
    public var action: String
    /// What follows the action after a colon: the command of an exec, the health.
    public var detail: String?
    /// Whom it happened to; a container's id.
    public var id: String
    /// More about it, with Docker's names: labels, `image`, `name`, `exitCode`, `signal`.
    public var attributes: [String: String]
    /// When it happened, in nanoseconds since 1970. With it a stream is taken up again.
    public var time: Int64

    /// An event.
    public init(
        type: String = "container", _ action: String, detail: String? = nil, id: String,
        attributes: [String: String] = [:], time: Int64 = 0
    ) {
        self.type = type
        self.action = action
        self.detail = detail
        self.id = id
        self.attributes = attributes
        self.time = time
    }

    /// How the container's command ended; of `die` only.
    public var exitCode: Int? { action == "die" ? attributes["exitCode"].flatMap { Int($0) } : nil }
}

/// Which events are wanted.
public struct EventFilter: Sendable, Hashable {
    /// What they happen to; everything if empty.
    public var types: [String]
    /// Labels of whom they happen to.
    public var labels: [String: String]

    // There is none by action: older Podmans have other names for some, and look for those only (Engine facts 12.10).

    /// A filter.
    public init(types: [String] = ["container"], labels: [String: String] = [:]) {
        self.types = types
        self.labels = labels
    }
}

/// An event as Engines write it: Docker with an actor, older ones with `id` and `status` as well, Podman with some
/// names of its own (Engine facts 12.7, 12.10).
struct EventBody: Decodable {
    struct Subject: Decodable {
        var id: String?
        var attributes: [String: String]?
    }

    var type: String?
    var action: String?
    var actor: Subject?
    var status: String?
    var id: String?
    var from: String?
    var time: Int64?
    var timeNano: Int64?

    var event: EngineEvent? {
        guard let words = action ?? status else { return nil }
        let parts = words.split(separator: ":", maxSplits: 1).map(String.init)
        var attributes = actor?.attributes ?? [:]
        if let image = from, attributes["image"] == nil { attributes["image"] = image }
        if let code = attributes["containerExitCode"], attributes["exitCode"] == nil { attributes["exitCode"] = code }
        let name = parts.first ?? words
        return EngineEvent(
            type: type ?? "container", ["died": "die", "remove": "destroy"][name] ?? name,
            detail: parts.count > 1 ? String(parts[1].drop { $0 == " " }) : nil, id: actor?.id ?? id ?? "",
            attributes: attributes, time: timeNano ?? (time ?? 0) * 1_000_000_000)
    }
}
