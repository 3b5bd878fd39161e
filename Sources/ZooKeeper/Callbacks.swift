internal import CZooKeeper
internal import Coordination
internal import Synchronization

// What the C client calls, on its completion thread. These are functions at file scope because a closure that is
// written in an isolated context compiles and then traps when it is called on a foreign thread.

func dataCompletion(
    _ rc: Int32, _ value: UnsafePointer<CChar>?, _ length: Int32, _ stat: UnsafePointer<CZooKeeper.Stat>?,
    _ token: UnsafeRawPointer?
) {
    settle(token, rc) {
        let bytes = UnsafeRawBufferPointer(start: value, count: value == nil ? 0 : max(0, Int(length)))
        return .data([UInt8](bytes), Coordination.Stat(stat))
    }
}

func statCompletion(_ rc: Int32, _ stat: UnsafePointer<CZooKeeper.Stat>?, _ token: UnsafeRawPointer?) {
    settle(token, rc) { .stat(Coordination.Stat(stat)) }
}

func childrenCompletion(
    _ rc: Int32, _ names: UnsafePointer<String_vector>?, _ stat: UnsafePointer<CZooKeeper.Stat>?,
    _ token: UnsafeRawPointer?
) {
    settle(token, rc) { .children([String](names), Coordination.Stat(stat)) }
}

func pathCompletion(_ rc: Int32, _ path: UnsafePointer<CChar>?, _ token: UnsafeRawPointer?) {
    settle(token, rc) { .path(path.map(String.init(cString:)) ?? "") }
}

func voidCompletion(_ rc: Int32, _ token: UnsafeRawPointer?) {
    settle(token, rc) { .done }
}

func transactionCompletion(_ rc: Int32, _ token: UnsafeRawPointer?) {
    let token = UInt(bitPattern: token)
    guard let buffers = inFlight.withLock({ $0.takeBuffers(for: token) }) else { return }
    settle(token, buffers.reply(ClientCode(rawValue: rc)))
}

/// The answer to the request by which a session that opens finds out whether its credentials were accepted.
func probeCompletion(_ rc: Int32, _ stat: UnsafePointer<CZooKeeper.Stat>?, _ session: UnsafeRawPointer?) {
    openSessions.session(UInt(bitPattern: session))?.credentialsAnswered(ClientCode(rawValue: rc))
}

/// The state of the connection.
func sessionEvent(
    _ handle: OpaquePointer?, _ type: Int32, _ state: Int32, _ path: UnsafePointer<CChar>?,
    _ session: UnsafeMutableRawPointer?
) {
    guard type == ZOO_SESSION_EVENT, let handle else { return }
    openSessions.session(UInt(bitPattern: session))?.connectionChanged(to: state, ClientHandle(pointer: handle))
}

/// A watch has fired. The client also calls it for every change of the connection, which is none of a watcher's
/// business.
func watchEvent(
    _ handle: OpaquePointer?, _ type: Int32, _ state: Int32, _ path: UnsafePointer<CChar>?,
    _ watcher: UnsafeMutableRawPointer?
) {
    guard type != ZOO_SESSION_EVENT, let handle, let path, let kind = WatchEvent.Kind(clientType: type) else { return }
    let session = openSessions.session(UInt(bitPattern: zoo_get_context(handle)))
    session?.deliver(WatchEvent(path: String(cString: path), kind: kind), to: UInt(bitPattern: watcher))
}

private func settle(_ token: UnsafeRawPointer?, _ rc: Int32, _ reply: () -> Reply) {
    settle(UInt(bitPattern: token), rc == ZOK.rawValue ? reply() : .failed(ClientCode(rawValue: rc)))
}

extension Coordination.Stat {
    init(_ stat: UnsafePointer<CZooKeeper.Stat>?) {
        self.init()
        guard let stat = stat?.pointee else { return }
        createdZxid = stat.czxid
        modifiedZxid = stat.mzxid
        childrenModifiedZxid = stat.pzxid
        createdAt = stat.ctime
        modifiedAt = stat.mtime
        version = stat.version
        childrenVersion = stat.cversion
        // The smallest number marks a container, which nobody owns.
        let isOwned = stat.ephemeralOwner != 0 && stat.ephemeralOwner != .min
        ephemeralOwner = isOwned ? SessionID(rawValue: stat.ephemeralOwner) : nil
        dataLength = Int(stat.dataLength)
        childrenCount = Int(stat.numChildren)
    }
}

extension [String] {
    fileprivate init(_ vector: UnsafePointer<String_vector>?) {
        self.init()
        guard let vector = vector?.pointee, let names = vector.data else { return }
        reserveCapacity(Int(vector.count))
        for index in 0..<Int(vector.count) {
            if let name = names[index] { append(String(cString: name)) }
        }
    }
}

extension WatchEvent.Kind {
    fileprivate init?(clientType type: Int32) {
        switch type {
        case ZOO_CREATED_EVENT: self = .created
        case ZOO_DELETED_EVENT: self = .deleted
        case ZOO_CHANGED_EVENT: self = .dataChanged
        case ZOO_CHILD_EVENT: self = .childrenChanged
        default: return nil
        }
    }
}
