internal import CZooKeeper
internal import Coordination

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// An access control list in the C client's form, for as long as the object lives.
final class AccessControlVector {
    private let entries: UnsafeMutableBufferPointer<CZooKeeper.ACL>
    private let vector: UnsafeMutablePointer<ACL_vector>

    init(_ list: [AccessControl]) {
        entries = .allocate(capacity: list.count)
        for (index, entry) in list.enumerated() {
            let id = Id(scheme: strdup(entry.scheme), id: strdup(entry.id))
            entries.initializeElement(at: index, to: CZooKeeper.ACL(perms: entry.permissions.rawValue, id: id))
        }
        vector = .allocate(capacity: 1)
        vector.initialize(to: ACL_vector(count: Int32(list.count), data: entries.baseAddress))
    }

    deinit {
        for entry in entries {
            free(entry.id.scheme)
            free(entry.id.id)
        }
        entries.deallocate()
        vector.deallocate()
    }

    var pointer: UnsafePointer<ACL_vector> { UnsafePointer(vector) }

    /// The list for the duration of `body`; the usual one needs no memory.
    static func withVector<Value>(_ list: [AccessControl], _ body: (UnsafePointer<ACL_vector>?) -> Value) -> Value {
        if list == AccessControl.open { return body(czk_acl_open_unsafe()) }
        let vector = AccessControlVector(list)
        return withExtendedLifetime(vector) { body(vector.pointer) }
    }
}

extension CreateMode {
    /// The C client's number for it.
    var clientFlags: Int32 {
        switch (isEphemeral, isSequential) {
        case (false, false): ZOO_PERSISTENT
        case (true, false): ZOO_EPHEMERAL
        case (false, true): ZOO_PERSISTENT_SEQUENTIAL
        case (true, true): ZOO_EPHEMERAL_SEQUENTIAL
        }
    }
}
