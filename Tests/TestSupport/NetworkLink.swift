internal import Dispatch
internal import Foundation
internal import Synchronization

/// A wire between clients and a server on the loopback interface that can be frozen and cut, while the server itself
/// goes on: what the server thinks of a silent client can be seen.
public final class NetworkLink: Sendable {
    private enum Condition {
        case whole, frozen, cut
    }

    private struct State {
        var condition = Condition.whole
        var connections: [Int32: Int32] = [:]
        var isClosed = false
    }

    /// Where clients connect to.
    public let port: UInt16
    private let target: UInt16
    private let host: UInt8
    private let listener: Int32
    private let state = Mutex(State())
    private let changed = NSCondition()

    /// A link to a port of the loopback interface.
    /// - Parameter host: the last number of the address where clients connect to, 127.0.0.1 unless set.
    /// - Throws: ``ServerError`` when there is no free port.
    public init(to target: UInt16, host: UInt8 = 1) throws {
        self.target = target
        self.host = host
        (listener, port) = try Loopback.listen(host: host)
        DispatchQueue(label: "link").async { self.acceptAll() }
    }

    /// What clients connect to.
    public var connectText: String { "127.0.0.\(host):\(port)" }

    /// Nothing comes through any more, in either direction; connections stay.
    public func freeze() { change(to: .frozen) }

    /// All connections break, and new ones break at once.
    public func cut() {
        change(to: .cut)
        for (client, server) in state.withLock({ $0.connections }) {
            shutdown(client, Int32(SHUT_RDWR))
            shutdown(server, Int32(SHUT_RDWR))
        }
    }

    /// What was held back comes through, and new connections are made.
    public func restore() { change(to: .whole) }

    /// Ends the link for good.
    public func close() {
        state.withLock { $0.isClosed = true }
        cut()
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private func change(to condition: Condition) {
        state.withLock { $0.condition = condition }
        changed.withLock { changed.broadcast() }
    }

    /// Blocks while the link is frozen.
    /// - Returns: whether it is whole then.
    private func passes() -> Bool {
        changed.withLock {
            while true {
                switch state.withLock({ $0.condition }) {
                case .whole: return true
                case .cut: return false
                case .frozen: changed.wait()
                }
            }
        }
    }

    private func acceptAll() {
        while case let client = accept(listener, nil, nil), client >= 0 {
            DispatchQueue(label: "link").async { self.connect(client) }
        }
        Foundation.close(listener)
    }

    private func connect(_ client: Int32) {
        guard passes(), let server = Loopback.connect(port: target) else {
            Foundation.close(client)
            return
        }
        state.withLock { $0.connections[client] = server }
        let directions = DispatchGroup()
        for (source, sink) in [(client, server), (server, client)] {
            DispatchQueue(label: "link").async(group: directions) { self.pump(source, sink) }
        }
        directions.wait()
        state.withLock { $0.connections[client] = nil }
        Foundation.close(client)
        Foundation.close(server)
    }

    private func pump(_ source: Int32, _ sink: Int32) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = recv(source, &buffer, buffer.count, 0), count > 0, passes() {
            guard send(sink, buffer, count, Int32(MSG_NOSIGNAL)) == count else { break }
        }
        shutdown(source, Int32(SHUT_RDWR))
        shutdown(sink, Int32(SHUT_RDWR))
    }
}
