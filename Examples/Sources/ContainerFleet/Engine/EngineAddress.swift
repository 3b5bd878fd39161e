/// Where an Engine listens.
public enum EngineAddress: Sendable, Hashable, CustomStringConvertible {
    /// A Unix socket.
    case socket(path: String)
    /// A port, without encryption.
    case port(host: String, port: Int)

    /// What `DOCKER_HOST` would say.
    public var description: String {
        switch self {
        case .socket(let path): "unix://\(path)"
        case .port(let host, let port): "tcp://\(host):\(port)"
        }
    }

    /// Reads `unix://` and `tcp://`.
    public init?(_ text: String) {
        if text.hasPrefix("unix://"), text.count > 7 {
            self = .socket(path: String(text.dropFirst(7)))
        } else if text.hasPrefix("tcp://"), let colon = text.lastIndex(of: ":"),
            let port = Int(text[text.index(after: colon)...]), (1...65535).contains(port)
        {
            let host = text[..<colon].dropFirst(6)
            guard !host.isEmpty else { return nil }
            self = .port(host: String(host), port: port)
        } else {
            return nil
        }
    }

    /// Finds the Engine of this host: `DOCKER_HOST` if it is set, else the first of the sockets of Docker, of Podman,
    /// and of the user's own Podman that exists (Engine facts 12.2).
    /// - Parameters:
    ///   - environment: the process's environment.
    ///   - exists: whether there is a file.
    /// - Returns: Docker's socket where there is none of them, so that errors name it.
    /// - Throws: ``EngineError`` when `DOCKER_HOST` says what cannot be used.
    public static func find(
        environment: [String: String], exists: (String) -> Bool
    ) throws(EngineError) -> EngineAddress {
        if let host = environment["DOCKER_HOST"], !host.isEmpty {
            guard let address = EngineAddress(host) else {
                throw EngineError(
                    .unreachable, call: "find the Engine",
                    message: "DOCKER_HOST is “\(host)”; expected unix:///path or tcp://host:port")
            }
            return address
        }
        var paths = ["/var/run/docker.sock", "/run/podman/podman.sock"]
        if let runtime = environment["XDG_RUNTIME_DIR"], !runtime.isEmpty {
            paths.append("\(runtime)/podman/podman.sock")
        }
        return .socket(path: paths.first(where: exists) ?? paths[0])
    }
}
