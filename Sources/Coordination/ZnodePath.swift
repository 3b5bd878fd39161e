/// What makes a text the path of a znode (ZooKeeper programmer's guide, "The ZooKeeper Data Model").
package enum ZnodePath {
    /// The path of the znode above; the root's is the root.
    package static func parent(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    /// The last component.
    package static func name(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
        return String(path[path.utf8.index(after: slash)...])
    }

    /// The components of a path below another one; `nil` when it is not below.
    ///
    /// Byte by byte, as the server sees it: a slash under a combining mark separates components too.
    package static func components(of path: String, below root: String) -> [String]? {
        guard path.utf8.starts(with: root.utf8) else { return nil }
        let rest = path.utf8.dropFirst(root.utf8.count)
        guard rest.first == UInt8(ascii: "/") else { return nil }
        return rest.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
    }

    /// Why `path` is not the path of a znode, or `nil` if it is.
    ///
    /// - Parameter isSequential: the service appends a number, so that the last component may be empty.
    package static func fault(in path: String, isSequential: Bool = false) -> String? {
        guard path.utf8.first == UInt8(ascii: "/") else { return "a path starts with a slash" }
        if path.utf8.count == 1 { return nil }
        var length = 0  // of the component so far
        var dots = 0
        var isASCII = true
        for byte in path.utf8.dropFirst() {
            if byte == UInt8(ascii: "/") {
                if let fault = fault(inComponentOf: length, dots: dots) { return fault }
                (length, dots) = (0, 0)
                continue
            }
            if byte < 0x20 || byte == 0x7f { return "a path has no control characters" }
            if byte >= 0x80 { isASCII = false }
            length += 1
            if byte == UInt8(ascii: ".") { dots += 1 }
        }
        if length == 0, !isSequential { return "a path does not end with a slash" }
        if !isSequential, let fault = fault(inComponentOf: length, dots: dots) { return fault }
        return isASCII || path.unicodeScalars.allSatisfy(isAllowed)
            ? nil : "a path has no control or private characters and none beyond U+FFEF"
    }

    private static func fault(inComponentOf length: Int, dots: Int) -> String? {
        if length == 0 { return "a path has no empty components" }
        return length == dots && dots <= 2 ? "a path has no . or .. components" : nil
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        // The server sees UTF-16, and refuses surrogates with the private ones.
        case 0x7f...0x9f, 0xd800...0xf8ff, 0xfff0...: false
        default: true
        }
    }
}

extension ReadOperation {
    /// The operation's name in errors and metrics.
    package var name: String {
        switch self {
        case .get: "get"
        case .exists: "exists"
        case .children: "children"
        }
    }

    package var watcher: Watcher? {
        switch self {
        case .get(_, let watcher), .exists(_, let watcher), .children(_, let watcher): watcher
        }
    }

    /// Refuses a malformed path before anything is sent.
    package func validated() throws(CoordinationError) {
        guard let fault = ZnodePath.fault(in: path) else { return }
        throw CoordinationError(.badArguments, operation: name, path: path, reason: fault)
    }
}

extension WriteOperation {
    /// The operation's name in errors and metrics.
    package var name: String {
        switch self {
        case .create: "create"
        case .set: "set"
        case .delete: "delete"
        case .check: "check"
        }
    }

    /// Refuses a malformed operation before anything is sent.
    package func validated() throws(CoordinationError) {
        var isSequential = false
        if case .create(_, _, let mode, let acl) = self {
            isSequential = mode.isSequential
            if acl.isEmpty {
                throw CoordinationError(
                    .invalidACL, operation: name, path: path, reason: "an access control list has at least one entry")
            }
        }
        guard let fault = ZnodePath.fault(in: path, isSequential: isSequential) else { return }
        throw CoordinationError(.badArguments, operation: name, path: path, reason: fault)
    }
}
