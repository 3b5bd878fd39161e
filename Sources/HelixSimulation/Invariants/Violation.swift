/// Something that happened and must never happen.
public struct Violation: Sendable, Hashable, CustomStringConvertible {
    /// When, since the start of the simulation.
    public let time: Duration
    /// Which rule was broken, in kebab-case.
    public let rule: String
    /// What happened.
    public let text: String

    /// Something that happened at a time and broke a rule.
    public init(time: Duration, rule: String, text: String) {
        self.time = time
        self.rule = rule
        self.text = text
    }

    /// Time, rule, what happened.
    public var description: String { "\(time) \(rule): \(text)" }
}
