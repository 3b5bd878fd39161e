import Coordination

/// What may be a name.
package enum Names {
    package enum Kind: String {
        case cluster, instance, resource, partition
        case stateModel = "state model"
        case stateType = "type of states"
    }

    /// - Throws: ``AdministrationError`` with `.invalidName` for a text that cannot be the name of a znode, or that means
    ///   something else in a record.
    package static func check(_ name: String, _ kind: Kind) throws(AdministrationError) {
        guard let fault = fault(in: name, kind) else { return }
        throw AdministrationError(
            .invalidName, "\"\(name)\" cannot be the name of a \(kind.rawValue): \(fault); choose another name")
    }

    // Separators are looked for byte by byte: under a combining mark they are other characters, and separate as well.
    private static func fault(in name: String, _ kind: Kind) -> String? {
        if name.isEmpty { return "it is empty" }
        if name.utf8.contains(UInt8(ascii: "/")) { return "a slash separates znodes" }
        if name.first?.isWhitespace == true || name.last?.isWhitespace == true {
            return "white space at its ends would not be seen"
        }
        // Lists of partitions are joined by commas (protocol reference 4.3).
        if kind == .partition, name.utf8.contains(UInt8(ascii: ",")) { return "a comma separates partitions" }
        if kind == .cluster, name == "zookeeper" { return "ZooKeeper keeps its own znodes there" }
        return ZnodePath.fault(in: "/" + name)
    }

    /// The name of an instance as Helix writes it: `host:port` becomes `host_port` (protocol reference 4.3).
    package static func normalized(instance name: String) -> String {
        guard let colon = name.lastIndex(of: ":"), colon != name.startIndex else { return name }
        let port = name[name.index(after: colon)...]
        guard !port.isEmpty, port.allSatisfy({ $0.isASCII && $0.isNumber }) else { return name }
        return "\(name[..<colon])_\(port)"
    }
}
