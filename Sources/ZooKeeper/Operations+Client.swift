internal import CZooKeeper
internal import Coordination

extension ReadOperation {
    /// Hands the read to the client.
    func submit(_ handle: ClientHandle, _ token: UnsafeRawPointer?) -> Int32 {
        let handle = handle.pointer
        let watch: watcher_fn? = watcher == nil ? nil : watchEvent
        let context = watcher.flatMap { UnsafeMutableRawPointer(bitPattern: $0.id) }
        switch self {
        case .get(let path, _): return zoo_awget(handle, path, watch, context, dataCompletion, token)
        case .exists(let path, _): return zoo_awexists(handle, path, watch, context, statCompletion, token)
        case .children(let path, _):
            return zoo_awget_children2(handle, path, watch, context, childrenCompletion, token)
        }
    }

    func result(_ reply: Reply) -> Result<ReadResult, CoordinationError> {
        switch reply {
        case .data(let data, let stat): return .success(.data(data, stat))
        case .stat(let stat): return .success(.stat(stat))
        case .children(let names, let stat): return .success(.children(names, stat))
        case .refused(let error): return .failure(error)
        case .failed(let code):
            if code == .noNode, case .exists = self { return .success(.stat(nil)) }
            return .failure(code.error(name, path))
        case .done, .path, .results, .failedOperation: preconditionFailure("a read answers with what it read")
        }
    }
}

extension WriteOperation {
    /// Hands a single write to the client; a check exists in transactions only.
    func submit(_ handle: ClientHandle, _ token: UnsafeRawPointer?) -> Int32 {
        let handle = handle.pointer
        switch self {
        case .create(let path, let data, let mode, let acl):
            return AccessControlVector.withVector(acl) { acl in
                data.withClientBytes { bytes, count in
                    zoo_acreate(handle, path, bytes, count, acl, mode.clientFlags, pathCompletion, token)
                }
            }
        case .set(let path, let data, let version):
            return data.withClientBytes { bytes, count in
                zoo_aset(handle, path, bytes, count, version ?? -1, statCompletion, token)
            }
        case .delete(let path, let version):
            return zoo_adelete(handle, path, version ?? -1, voidCompletion, token)
        case .check: preconditionFailure("a check goes in a transaction")
        }
    }

    func result(_ reply: Reply) -> Result<WriteResult, CoordinationError> {
        switch reply {
        case .path(let path): .success(.created(path))
        case .stat(let stat): .success(.set(stat))
        case .done: .success(.deleted)
        case .results(let results): .success(results[0])
        case .refused(let error): .failure(error)
        case .failed(let code), .failedOperation(let code, _): .failure(code.error(name, path))
        case .data, .children: preconditionFailure("a write answers with what it wrote")
        }
    }
}

extension [UInt8] {
    /// The bytes for the duration of `body`. Never a null pointer, which would mean that there is no data at all.
    fileprivate func withClientBytes<Value>(_ body: (UnsafePointer<CChar>?, Int32) -> Value) -> Value {
        withUnsafeBytes { bytes in
            if let start = bytes.baseAddress {
                return body(start.assumingMemoryBound(to: CChar.self), Int32(bytes.count))
            }
            return withUnsafePointer(to: 0 as CChar) { body($0, 0) }
        }
    }
}
