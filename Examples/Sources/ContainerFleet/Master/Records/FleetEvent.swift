/// Something that happened, for people and for programs that follow.
public struct FleetEvent: Sendable, Hashable, Codable {
    /// Where it is in the journal: later ones have larger numbers, not every number is taken.
    public var index: Int64
    /// When, in milliseconds since 1970.
    public var time: Int64
    /// What it is about: `job`, `deployment`, `task`, `host`.
    public var topic: String
    /// Which one.
    public var subject: String
    /// What happened.
    public var text: String

    /// Something that happens now, and has no index yet.
    public init(topic: String, subject: String, text: String, time: Int64) {
        index = 0
        self.time = time
        self.topic = topic
        self.subject = subject
        self.text = text
    }
}

/// Something that happened to a task.
public struct TaskEvent: Sendable, Hashable, Codable {
    /// When, in milliseconds since 1970.
    public var time: Int64
    /// The job, `name:version:hash`.
    public var job: String
    /// The deployment.
    public var deployment: String
    /// The host.
    public var host: String
    /// The place: the host, or a number.
    public var place: String
    /// The state that it came to.
    public var state: String
    /// What it did, more exactly.
    public var phase: String?
    /// The container.
    public var container: String?
    /// What holds it up.
    public var throttle: String?
    /// Why it is so.
    public var reason: String?
    /// How its container ended.
    public var exit: Int?
}

/// What was asked of a master.
public struct AuditEntry: Sendable, Hashable, Codable {
    /// When, in milliseconds since 1970.
    public var time: Int64
    /// Who.
    public var user: String
    /// What, for example `POST /v1/jobs`.
    public var action: String
    /// On what.
    public var subject: String
    /// `OK`, or the error's code.
    public var outcome: String
    /// The master.
    public var master: String

    /// Something that was asked.
    public init(time: Int64, user: String, action: String, subject: String, outcome: String, master: String) {
        self.time = time
        self.user = user
        self.action = action
        self.subject = subject
        self.outcome = outcome
        self.master = master
    }
}
