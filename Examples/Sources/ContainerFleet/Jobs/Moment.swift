#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A moment, to the second. Its text is of the form `2027-01-31T12:00:00Z` (RFC 3339).
public struct Moment: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Seconds since 1970, in UTC.
    public var seconds: Int64

    /// Seconds since 1970.
    public init(seconds: Int64) { self.seconds = seconds }

    /// Reads a text, in any time zone.
    public init?(_ text: String) {
        guard let date = try? Date(text, strategy: .iso8601) else { return nil }
        seconds = Int64(date.timeIntervalSince1970)
    }

    /// In UTC.
    public var description: String { Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601) }

    /// Earlier ones come first.
    public static func < (a: Moment, b: Moment) -> Bool { a.seconds < b.seconds }
}
