import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Tries whether somebody answers at a port.
public protocol Prober: Sendable {
    /// Asks with `GET`.
    /// - Returns: what was wrong; `nil` for an answer with a status from 200 to 399.
    func http(host: String, port: Int, path: String, timeout: Duration) async -> String?

    /// Connects, and closes the connection.
    /// - Returns: what was wrong; `nil` when somebody accepted.
    func tcp(host: String, port: Int, timeout: Duration) async -> String?

    /// Whether a port of this host can be listened at now.
    func isFree(_ port: Int, isTCP: Bool) -> Bool
}

/// Tries over the network.
public struct NetworkProber: Prober {
    /// A prober.
    public init() {}

    /// See ``Prober/http(host:port:path:timeout:)``.
    public func http(host: String, port: Int, path: String, timeout: Duration) async -> String? {
        var request = HTTPClientRequest(url: "http://\(host):\(port)\(path.hasPrefix("/") ? "" : "/")\(path)")
        request.headers.add(name: "Connection", value: "close")
        do {
            let answer = try await Self.client.execute(request, timeout: timeout.timeAmount)
            return (200..<400).contains(answer.status.code) ? nil : "the answer's status is \(answer.status.code)"
        } catch {
            return "no answer: \(error)"
        }
    }

    /// See ``Prober/tcp(host:port:timeout:)``.
    public func tcp(host: String, port: Int, timeout: Duration) async -> String? {
        let client = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).connectTimeout(timeout.timeAmount)
        do {
            try await client.connect(host: host, port: port).get().close()
            return nil
        } catch {
            return "no connection: \(error)"
        }
    }

    /// See ``Prober/isFree(_:isTCP:)``.
    public func isFree(_ port: Int, isTCP: Bool) -> Bool {
        let kind = isTCP ? Int32(SOCK_STREAM.rawValue) : Int32(SOCK_DGRAM.rawValue)
        let socket = socket(AF_INET, kind, 0)
        guard socket >= 0 else { return false }
        defer { close(socket) }
        var reuse: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    /// What is answered elsewhere does not tell anything of the container.
    private static let client = HTTPClient(
        eventLoopGroup: .singletonMultiThreadedEventLoopGroup,
        configuration: HTTPClient.Configuration(redirectConfiguration: .disallow))
}

extension Duration {
    fileprivate var timeAmount: TimeAmount {
        let (seconds, attoseconds) = components
        return .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
