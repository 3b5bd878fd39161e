package import Coordination

/// The servers of an ensemble and the path below which a session works: `host1:2181,host2:2181/chroot`.
package struct ConnectString: Sendable, Equatable {
    package struct Server: Sendable, Hashable, CustomStringConvertible {
        /// A name, an IPv4 address, or an IPv6 address without brackets.
        var host: String
        var port: UInt16

        package var description: String {
            host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }

    package private(set) var servers: [Server]
    /// Empty, or a path that does not end with a slash.
    package private(set) var chroot: String

    /// ZooKeeper's port, for servers that name none.
    private static let defaultPort: UInt16 = 2181

    /// - Throws: `.badArguments`, which tells what is wrong with the text.
    package init(_ text: String) throws(CoordinationError) {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
            .map(Substring.init)
        servers = []
        for item in parts[0].split(separator: ",", omittingEmptySubsequences: false) {
            servers.append(try Self.server(String(item), in: text))
        }
        chroot = parts.count == 2 && !parts[1].isEmpty ? "/" + parts[1] : ""
        if !chroot.isEmpty, let fault = ZnodePath.fault(in: chroot) {
            throw Self.malformed(text, "its chroot is \(chroot), but \(fault)")
        }
    }

    private static func server(_ item: String, in text: String) throws(CoordinationError) -> Server {
        let item = item.drop(while: \.isWhitespace)
        let trimmed = item.prefix(item.count - item.reversed().prefix(while: \.isWhitespace).count)
        var host = trimmed
        var port: Substring?
        if trimmed.first == "[", let bracket = trimmed.firstIndex(of: "]") {
            host = trimmed[trimmed.index(after: trimmed.startIndex)..<bracket]
            let rest = trimmed[trimmed.index(after: bracket)...]
            if !rest.isEmpty { port = rest.dropFirst(rest.first == ":" ? 1 : 0) }
        } else if let colon = trimmed.lastIndex(of: ":") {
            host = trimmed[..<colon]
            port = trimmed[trimmed.index(after: colon)...]
        }
        guard !host.isEmpty, !host.contains(where: \.isWhitespace) else {
            throw malformed(text, "it has a server without a name")
        }
        guard isPlausible(host) else {
            throw malformed(text, "“\(host)” is neither the name nor the address of a server")
        }
        guard let port else { return Server(host: String(host), port: defaultPort) }
        guard let number = UInt16(port), number > 0 else {
            throw malformed(text, "the port of \(host) is “\(port)”, not a number from 1 to 65535")
        }
        return Server(host: String(host), port: number)
    }

    /// Brackets enclose an address and are no part of it; only an address has colons, and it has nothing but ASCII.
    private static func isPlausible(_ host: Substring) -> Bool {
        let hasColon = host.utf8.contains(UInt8(ascii: ":"))
        return host.utf8.allSatisfy { byte in
            byte != UInt8(ascii: "[") && byte != UInt8(ascii: "]") && (byte < 0x80 || !hasColon)
        }
    }

    private static func malformed(_ text: String, _ fault: String) -> CoordinationError {
        CoordinationError(
            .badArguments, operation: "open session",
            reason: "found the connect text “\(text)”, but \(fault); expected host1:2181,host2:2181/chroot")
    }
}
