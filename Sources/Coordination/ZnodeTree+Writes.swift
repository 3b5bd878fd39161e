extension ZnodeTree {
    /// What a transaction did, and what watches have to hear of it, in order.
    package struct Applied: Sendable {
        package var results: [WriteResult] = []
        package var events: [WatchEvent] = []
    }

    /// Applies all operations as one transaction, or none.
    ///
    /// - Parameter time: milliseconds since 1970.
    /// - Throws: the error of the first operation that fails, with its index.
    package mutating func apply(
        _ transaction: [WriteOperation], by requester: Requester, at time: Int64
    ) throws(CoordinationError) -> Applied {
        var step = Step(zxid: nextZxid(), time: time, requester: requester)
        for (index, operation) in transaction.enumerated() {
            do {
                step.applied.results.append(try apply(operation, in: &step))
            } catch {
                for change in step.undo.reversed() { revert(change) }
                var error = error
                error.operationIndex = index
                throw error
            }
        }
        return step.applied
    }

    /// Removes the ephemeral znodes of a session that has ended, as one transaction.
    package mutating func endSession(_ session: SessionID) -> [WatchEvent] {
        let zxid = nextZxid()
        let paths = ephemerals(of: session)
        for path in paths { remove(path, zxid: zxid) }
        return paths.flatMap(Self.eventsOfDeletion)
    }

    /// How to take back one operation of a transaction that fails later.
    private enum Undo {
        case create(String, parent: Stat)
        case set(String, data: [UInt8], stat: Stat)
        case delete(String, Znode, parent: Stat)
    }

    /// Why an operation is refused, before it is known what the operation was.
    private struct Refusal: Error {
        let code: CoordinationError.Code
    }

    private struct Step {
        let zxid: Int64
        let time: Int64
        let requester: Requester
        var applied = Applied()
        var undo: [Undo] = []
    }

    private mutating func apply(
        _ operation: WriteOperation, in step: inout Step
    ) throws(CoordinationError) -> WriteResult {
        try operation.validated()
        do {
            switch operation {
            case .create(let path, let data, let mode, let acl):
                return .created(try create(path, data, mode, acl, in: &step))
            case .set(let path, let data, let version):
                return .set(try set(path, data, version, in: &step))
            case .delete(let path, let version):
                try delete(path, version, in: &step)
                return .deleted
            case .check(let path, let version):
                _ = try find(path, version, .read, by: step.requester)
                return .checked
            }
        } catch {
            throw CoordinationError(error.code, operation: operation.name, path: operation.path)
        }
    }

    // The order of the checks is ZooKeeper's, since it decides which error is reported.

    private mutating func create(
        _ path: String, _ data: [UInt8], _ mode: CreateMode, _ acl: [AccessControl], in step: inout Step
    ) throws(Refusal) -> String {
        guard let acl = step.requester.resolve(acl) else { throw Refusal(code: .invalidACL) }
        let parentPath = ZnodePath.parent(of: path)
        guard let parent = facts(of: parentPath) else { throw Refusal(code: .noNode) }
        guard step.requester.may(.create, parent.acl) else { throw Refusal(code: .notAuthorized) }
        let path = mode.isSequential ? path + Self.digits(parent.creations) : path
        if znodes[path] != nil { throw Refusal(code: .nodeExists) }
        if parent.stat.ephemeralOwner != nil { throw Refusal(code: .noChildrenForEphemerals) }

        step.undo.append(.create(path, parent: parent.stat))
        var znode = Znode(data: data, acl: acl)
        znode.stat.createdZxid = step.zxid
        znode.stat.modifiedZxid = step.zxid
        znode.stat.childrenModifiedZxid = step.zxid
        znode.stat.createdAt = step.time
        znode.stat.modifiedAt = step.time
        znode.stat.ephemeralOwner = mode.isEphemeral ? step.requester.session : nil
        insert(znode, at: path, under: parentPath)
        znodes[parentPath]?.creations += 1
        znodes[parentPath]?.stat.childrenModifiedZxid = step.zxid
        step.applied.events.append(WatchEvent(path: path, kind: .created))
        step.applied.events.append(WatchEvent(path: parentPath, kind: .childrenChanged))
        return path
    }

    private mutating func set(
        _ path: String, _ data: [UInt8], _ version: Int32?, in step: inout Step
    ) throws(Refusal) -> Stat {
        var znode = try find(path, version, .write, by: step.requester)
        step.undo.append(.set(path, data: znode.data, stat: znode.stat))
        znode.data = data
        znode.stat.version &+= 1
        znode.stat.modifiedZxid = step.zxid
        znode.stat.modifiedAt = step.time
        znodes[path] = znode
        step.applied.events.append(WatchEvent(path: path, kind: .dataChanged))
        return znode.currentStat
    }

    private mutating func delete(
        _ path: String, _ version: Int32?, in step: inout Step
    ) throws(Refusal) {
        guard path != "/" else { throw Refusal(code: .badArguments) }
        guard let parent = facts(of: ZnodePath.parent(of: path)) else { throw Refusal(code: .noNode) }
        guard let znode = znodes[path] else { throw Refusal(code: .noNode) }
        guard step.requester.may(.delete, parent.acl) else { throw Refusal(code: .notAuthorized) }
        guard znode.matches(version) else { throw Refusal(code: .badVersion) }
        guard znode.children.isEmpty else { throw Refusal(code: .notEmpty) }
        step.undo.append(.delete(path, znode, parent: parent.stat))
        remove(path, zxid: step.zxid)
        step.applied.events += Self.eventsOfDeletion(of: path)
    }

    private func find(
        _ path: String, _ version: Int32?, _ permission: AccessControl.Permissions, by requester: Requester
    ) throws(Refusal) -> Znode {
        guard let znode = znodes[path] else { throw Refusal(code: .noNode) }
        guard requester.may(permission, znode.acl) else { throw Refusal(code: .notAuthorized) }
        guard znode.matches(version) else { throw Refusal(code: .badVersion) }
        return znode
    }

    /// A parent without the names of its children: to hold these here would mean to copy them when one is added.
    private func facts(of path: String) -> (acl: [AccessControl], stat: Stat, creations: Int32)? {
        znodes[path].map { ($0.acl, $0.stat, $0.creations) }
    }

    private mutating func revert(_ change: Undo) {
        switch change {
        case .create(let path, let parentStat):
            let parentPath = ZnodePath.parent(of: path)
            remove(path, zxid: 0)
            znodes[parentPath]?.creations -= 1
            znodes[parentPath]?.stat = parentStat
        case .set(let path, let data, let stat):
            znodes[path]?.data = data
            znodes[path]?.stat = stat
        case .delete(let path, let znode, let parentStat):
            let parentPath = ZnodePath.parent(of: path)
            insert(znode, at: path, under: parentPath)
            znodes[parentPath]?.stat = parentStat
        }
    }

    private mutating func insert(_ znode: Znode, at path: String, under parentPath: String) {
        if let owner = znode.stat.ephemeralOwner { ephemerals[owner, default: []].insert(path) }
        znodes[path] = znode
        znodes[parentPath]?.children.insertSorted(ZnodePath.name(of: path))
    }

    private mutating func remove(_ path: String, zxid: Int64) {
        guard let znode = znodes.removeValue(forKey: path) else { return }
        if let owner = znode.stat.ephemeralOwner {
            ephemerals[owner]?.remove(path)
            if ephemerals[owner]?.isEmpty == true { ephemerals[owner] = nil }
        }
        let parentPath = ZnodePath.parent(of: path)
        znodes[parentPath]?.children.removeSorted(ZnodePath.name(of: path))
        znodes[parentPath]?.stat.childrenModifiedZxid = zxid
    }

    private static func eventsOfDeletion(of path: String) -> [WatchEvent] {
        [
            WatchEvent(path: path, kind: .deleted),
            WatchEvent(path: ZnodePath.parent(of: path), kind: .childrenChanged),
        ]
    }

    /// Ten digits, as sequential names have.
    private static func digits(_ number: Int32) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, 10 - text.count)) + text
    }
}

extension ZnodeTree.Znode {
    fileprivate func matches(_ version: Int32?) -> Bool {
        guard let version, version != -1 else { return true }
        return version == stat.version
    }
}
