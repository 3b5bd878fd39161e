/// Something that happened and must never happen.
public struct Violation: Sendable, Hashable, CustomStringConvertible {
    /// When, since the start of the simulation.
    public let time: Duration
    /// Which rule was broken, in kebab-case.
    public let rule: String
    /// What happened.
    public let text: String

    /// Time, rule, what happened.
    public var description: String { "\(time) \(rule): \(text)" }
}
