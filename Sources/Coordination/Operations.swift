/// What the service knows about a znode beside its data.
public struct Stat: Sendable, Hashable {
    /// The transaction that created the znode.
    public var createdZxid: Int64 = 0
    /// The transaction that last set its data.
    public var modifiedZxid: Int64 = 0
    /// The transaction that last created or deleted a child.
    public var childrenModifiedZxid: Int64 = 0
    /// When the znode was created, in milliseconds since 1970 by the server's clock.
    public var createdAt: Int64 = 0
    /// When its data was last set, in milliseconds since 1970 by the server's clock.
    public var modifiedAt: Int64 = 0
    /// How often the data was set since the znode was created.
    public var version: Int32 = 0
    /// How often a child was created or deleted.
    public var childrenVersion: Int32 = 0
    /// The session that an ephemeral znode lives with; `nil` for a persistent one.
    public var ephemeralOwner: SessionID?
    /// The size of the data in bytes.
    public var dataLength: Int = 0
    /// The number of children.
    public var childrenCount: Int = 0

    /// A stat of a znode that was never touched.
    public init() {}
}

/// How long a znode lives, and whether the service numbers its name.
public struct CreateMode: Sendable, Hashable {
    /// Whether the znode vanishes with its session.
    public var isEphemeral: Bool
    /// Whether the service appends a number that only grows, as ten digits.
    public var isSequential: Bool

    /// Lives until it is deleted.
    public static let persistent = CreateMode(isEphemeral: false, isSequential: false)
    /// Vanishes when the session that created it ends. Cannot have children.
    public static let ephemeral = CreateMode(isEphemeral: true, isSequential: false)
    /// Persistent, with a number appended to its name.
    public static let persistentSequential = CreateMode(isEphemeral: false, isSequential: true)
    /// Ephemeral, with a number appended to its name.
    public static let ephemeralSequential = CreateMode(isEphemeral: true, isSequential: true)
}

/// Who may do what with a znode.
public struct AccessControl: Sendable, Hashable {
    /// What may be done.
    public struct Permissions: OptionSet, Sendable, Hashable {
        /// ZooKeeper's permission bits.
        public let rawValue: Int32
        /// The permissions of the given bits.
        public init(rawValue: Int32) { self.rawValue = rawValue }
        /// Read data and children.
        public static let read = Permissions(rawValue: 1)
        /// Set data.
        public static let write = Permissions(rawValue: 2)
        /// Create children.
        public static let create = Permissions(rawValue: 4)
        /// Delete children.
        public static let delete = Permissions(rawValue: 8)
        /// Set the access control.
        public static let administer = Permissions(rawValue: 16)
        /// Everything.
        public static let all = Permissions(rawValue: 31)
    }

    /// What may be done.
    public var permissions: Permissions
    /// The authentication scheme, for example `world`, `auth` or `digest`.
    public var scheme: String
    /// Who, in the scheme's form: `anyone` for `world`, empty for `auth`.
    public var id: String

    /// An entry of an access control list.
    public init(permissions: Permissions, scheme: String, id: String) {
        self.permissions = permissions
        self.scheme = scheme
        self.id = id
    }

    /// Everybody may do everything: what Helix uses throughout.
    public static let open = [AccessControl(permissions: .all, scheme: "world", id: "anyone")]
    /// Everybody may read.
    public static let readOnly = [AccessControl(permissions: .read, scheme: "world", id: "anyone")]
    /// Whoever shares the credentials of the creating session may do everything.
    public static let creatorOnly = [AccessControl(permissions: .all, scheme: "auth", id: "")]
}

/// A read, which may arm a one-shot watch.
public enum ReadOperation: Sendable {
    /// Data and stat; the watch reports `.dataChanged` and `.deleted`.
    case get(_ path: String, watcher: Watcher? = nil)
    /// Stat, or that there is none; the watch reports `.created`, `.dataChanged` and `.deleted`.
    case exists(_ path: String, watcher: Watcher? = nil)
    /// The names of the children and the stat; the watch reports `.childrenChanged` and `.deleted`.
    case children(_ path: String, watcher: Watcher? = nil)

    /// The znode that is read.
    public var path: String {
        switch self {
        case .get(let path, _), .exists(let path, _), .children(let path, _): path
        }
    }
}

/// What a read found.
public enum ReadResult: Sendable {
    /// Of `.get`.
    case data([UInt8], Stat)
    /// Of `.exists`: `nil` when there is no such znode.
    case stat(Stat?)
    /// Of `.children`: the names of the children, in no particular order.
    case children([String], Stat)
}

/// A write. `version: nil` means whatever version is there.
public enum WriteOperation: Sendable {
    /// Creates a znode; its parent must exist.
    case create(
        _ path: String, data: [UInt8] = [], mode: CreateMode = .persistent, acl: [AccessControl] = AccessControl.open)
    /// Sets the data of a znode that exists.
    case set(_ path: String, data: [UInt8], version: Int32? = nil)
    /// Deletes a znode without children.
    case delete(_ path: String, version: Int32? = nil)
    /// Changes nothing, but fails its transaction unless the znode exists and has the version.
    case check(_ path: String, version: Int32? = nil)

    /// The znode that is written.
    public var path: String {
        switch self {
        case .create(let path, _, _, _), .set(let path, _, _), .delete(let path, _), .check(let path, _): path
        }
    }
}

/// What a write did.
public enum WriteResult: Sendable, Hashable {
    /// The path as it was created, with its number if the mode was sequential.
    case created(String)
    /// The stat after the write.
    case set(Stat)
    /// The znode is gone.
    case deleted
    /// The znode is as expected.
    case checked
}
