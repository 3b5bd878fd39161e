/// A version of the Engine's interface, for example 1.41.
public struct EngineVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Before the dot.
    public var major: Int
    /// After the dot.
    public var minor: Int

    /// The lowest and the highest version that are spoken here: every Docker Engine from 20.10 on and every Podman
    /// from 4 on speaks one of them (Engine facts 12.2).
    public static let lowest = EngineVersion(1, 41)
    /// See ``lowest``.
    public static let highest = EngineVersion(1, 44)

    /// A version.
    public init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// Reads `1.41`.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count >= 2, let major = parts[0], let minor = parts[1] else { return nil }
        self.init(major, minor)
    }

    /// As it stands in paths, without the `v`.
    public var description: String { "\(major).\(minor)" }

    /// Lower versions come first.
    public static func < (a: EngineVersion, b: EngineVersion) -> Bool { (a.major, a.minor) < (b.major, b.minor) }

    /// The version to speak with an Engine: the highest that both sides know.
    /// - Parameter offered: the highest that the Engine knows. One that does not say (old Podman) gets the lowest.
    /// - Throws: ``EngineError`` of kind `versionRefused` when the Engine is too old.
    static func agreed(offered: String?) throws(EngineError) -> EngineVersion {
        guard let offered = offered.flatMap(EngineVersion.init(_:)) else { return lowest }
        guard offered >= lowest else {
            throw EngineError(
                .versionRefused, call: "ping", message: "the Engine speaks no later version than \(offered)")
        }
        return min(offered, highest)
    }
}

/// What an Engine says about itself.
public struct EngineInformation: Sendable, Hashable {
    /// The version of the interface that is spoken with it.
    public var version: EngineVersion
    /// The name and version of the program, for example `Docker/20.10.24 (linux)`.
    public var server: String
    /// Whether it is Podman, which differs in details (Engine facts 12.10).
    public var isPodman: Bool

    /// What an Engine says.
    public init(version: EngineVersion, server: String, isPodman: Bool) {
        self.version = version
        self.server = server
        self.isPodman = isPodman
    }
}
