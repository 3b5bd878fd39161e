#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// Turns the names of servers into addresses, so that the C client never has to.
///
/// The client would do it by itself, but on every turn of its loop while it is not connected, each time complaining of
/// every name that does not resolve, and without a defined outcome when none does.
enum HostResolver {
    /// How the addresses of servers are found: ``resolve(_:)``, or what a test does instead.
    typealias Lookup = @Sendable ([ConnectString.Server]) -> Resolution

    struct Resolution: Equatable {
        /// Numeric `address:port`, in the order of the servers, each once.
        var addresses: [String] = []
        /// The servers whose names did not resolve, each with the reason.
        var failures: [Failure] = []

        /// What the C client takes. With an even number of addresses that are all down it never pauses between its
        /// attempts (it looks for the end of its list at every other address only), so that one is named twice.
        var clientList: String {
            let isEven = addresses.count.isMultiple(of: 2)
            return (addresses + (isEven ? addresses.prefix(1) : [])).joined(separator: ",")
        }
    }

    struct Failure: Equatable {
        var server: ConnectString.Server
        var reason: String
    }

    /// Asks the system for the addresses of all servers. Blocks for as long as that takes.
    @Sendable static func resolve(_ servers: [ConnectString.Server]) -> Resolution {
        var resolution = Resolution()
        for server in servers {
            switch addresses(of: server) {
            case .success(let addresses):
                resolution.addresses += addresses.filter { !resolution.addresses.contains($0) }
            case .failure(let error):
                resolution.failures.append(Failure(server: server, reason: error.reason))
            }
        }
        return resolution
    }

    /// Whether a server is given by its address, so that there is nothing to resolve.
    static func isNumeric(_ server: ConnectString.Server) -> Bool {
        if case .success = addresses(of: server, flags: AI_NUMERICHOST) { return true }
        return false
    }

    private struct ResolutionError: Error {
        var reason: String
    }

    private static func addresses(
        of server: ConnectString.Server, flags: CInt = 0
    ) -> Result<[String], ResolutionError> {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_flags = flags
        #if canImport(Glibc)
            hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        #else
            hints.ai_socktype = SOCK_STREAM
        #endif
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(server.host, nil, &hints, &list)
        guard code == 0 else { return .failure(ResolutionError(reason: String(cString: gai_strerror(code)))) }
        defer { freeaddrinfo(list) }
        var found: [String] = []
        for entry in sequence(first: list, next: { $0?.pointee.ai_next }).prefix(while: { $0 != nil }) {
            if let entry, let text = numericForm(of: entry.pointee) { found.append("\(text):\(server.port)") }
        }
        return .success(found)
    }

    private static func numericForm(of entry: addrinfo) -> String? {
        var buffer = [CChar](repeating: 0, count: 64)
        let code = getnameinfo(
            entry.ai_addr, entry.ai_addrlen, &buffer, socklen_t(buffer.count), nil, 0, NI_NUMERICHOST)
        guard code == 0 else { return nil }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
