internal import Dispatch
internal import Glibc

/// Plain sockets on the loopback interface.
enum Loopback {
    /// A port that nobody used a moment ago.
    static func freePort() throws -> UInt16 {
        let (descriptor, port) = try bound()
        close(descriptor)
        return port
    }

    /// A socket that listens on a free port.
    /// - Parameter host: the last number of the address.
    static func listen(host: UInt8 = 1) throws -> (descriptor: Int32, port: UInt16) {
        let (descriptor, port) = try bound(host)
        guard Glibc.listen(descriptor, 128) == 0 else { throw ServerError("cannot listen: \(lastError)") }
        return (descriptor, port)
    }

    private static func bound(_ host: UInt8 = 1) throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, stream, 0)
        guard descriptor >= 0 else { throw ServerError("no socket: \(lastError)") }
        var address = self.address(port: 0, host: host)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 && getsockname(descriptor, address, &length) == 0
            }
        }
        guard isBound else {
            close(descriptor)
            throw ServerError("no free port: \(lastError)")
        }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    /// A socket that is connected to a port; `nil` when nobody listens there.
    static func connect(port: UInt16) -> Int32? {
        let descriptor = socket(AF_INET, stream, 0)
        guard descriptor >= 0 else { return nil }
        var address = self.address(port: port)
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                Glibc.connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        if isConnected { return descriptor }
        close(descriptor)
        return nil
    }

    /// Sends a word to a port and reads all that comes back; empty when nobody answers within a second.
    static func ask(_ word: String, port: UInt16) async -> String {
        await withCheckedContinuation { continuation in
            DispatchQueue(label: "loopback").async { continuation.resume(returning: askBlocking(word, port)) }
        }
    }

    private static func askBlocking(_ word: String, _ port: UInt16) -> String {
        guard let descriptor = connect(port: port) else { return "" }
        defer { close(descriptor) }
        var timeout = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        guard send(descriptor, word, word.utf8.count, Int32(MSG_NOSIGNAL)) == word.utf8.count else { return "" }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 {
            answer += buffer.prefix(count)
        }
        return String(decoding: answer, as: UTF8.self)
    }

    private static func address(port: UInt16, host: UInt8 = 1) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = (0x7f00_0000 + UInt32(host)).bigEndian
        return address
    }

    private static var lastError: String { String(cString: strerror(errno)) }

    private static let stream = CInt(SOCK_STREAM.rawValue)
}
