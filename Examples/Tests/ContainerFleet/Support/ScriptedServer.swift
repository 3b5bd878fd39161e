public import FleetEngine
import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// Plays an Engine that says what a test wants it to say, on a socket of its own.
public final class ScriptedServer: Sendable {
    /// A request that came.
    public struct Request: Sendable, Hashable {
        /// For example `GET`.
        public var method: String
        /// The path with its query.
        public var path: String
        /// The lines of the head, without the first.
        public var headers: [String]
        /// What followed the head.
        public var body: String
    }

    /// What is answered, down to the bytes.
    public struct Answer: Sendable {
        /// What becomes of the connection when everything is said.
        public enum Ending: Sendable { case keep, close }

        /// Each is sent on its own.
        public var pieces: [[UInt8]]
        /// What becomes of the connection.
        public var ending: Ending

        /// Bytes as they are.
        public init(raw pieces: [[UInt8]], then ending: Ending = .keep) {
            self.pieces = pieces
            self.ending = ending
        }

        /// A whole answer.
        public init(status: Int = 200, headers: [String] = [], _ body: String = "") {
            let head = ["HTTP/1.1 \(status) Whatever", "Content-Length: \(body.utf8.count)"] + headers
            self.init(raw: [Array((head.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)])
        }

        /// An answer whose body comes in chunks, each sent in pieces of a few bytes.
        public init(chunks: [[UInt8]], piece: Int = 3, then ending: Ending = .keep, isComplete: Bool = true) {
            var bytes = Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
            for chunk in chunks { bytes += Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + [13, 10] }
            if isComplete { bytes += Array("0\r\n\r\n".utf8) }
            let pieces = stride(from: 0, to: bytes.count, by: piece).map {
                Array(bytes[$0..<min($0 + piece, bytes.count)])
            }
            self.init(raw: pieces, then: ending)
        }

        /// Nothing at all.
        public static var silence: Answer { Answer(raw: []) }
        /// A closed connection.
        public static var hangUp: Answer { Answer(raw: [], then: .close) }
        /// What is answered to `/_ping`.
        public static var ping: Answer { Answer(headers: ["Api-Version: 1.43", "Server: Script/1"], "OK") }
    }

    /// Where it listens.
    public let address: EngineAddress
    private let seen = Mutex<(requests: [Request], closed: Int, channels: [any Channel])>(([], 0, []))
    private let answer: @Sendable (Request) -> Answer

    private init(path: String, answer: @escaping @Sendable (Request) -> Answer) {
        address = .socket(path: path)
        self.answer = answer
    }

    /// The requests that came, but for pings.
    public var requests: [Request] { seen.withLock { $0.requests } }
    /// How many connections have ended.
    public var closedConnections: Int { seen.withLock { $0.closed } }

    /// Plays while something else happens.
    /// - Parameter answer: what is answered; pings are answered as they should be.
    public static func play(
        _ answer: @escaping @Sendable (Request) -> Answer, while body: (ScriptedServer) async throws -> Void
    ) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "script-\(UUID().uuidString.prefix(8))").path
        let server = ScriptedServer(path: path, answer: answer)
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    server.seen.withLock { $0.channels.append(channel) }
                    try channel.pipeline.syncOperations.addHandler(Player(server))
                }
            }
            .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(server))
        } catch {
            result = .failure(error)
        }
        try await listener.close()
        for channel in server.seen.withLock({ $0.channels }) { try? await channel.close() }
        try result.get()
    }

    fileprivate func take(_ request: Request) -> Answer {
        if request.path == "/_ping" { return .ping }
        seen.withLock { $0.requests.append(request) }
        return answer(request)
    }

    fileprivate func noteEnd() { seen.withLock { $0.closed += 1 } }

    /// Takes a request from what has come, if it is all there.
    fileprivate static func next(_ bytes: inout [UInt8]) -> Request? {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n").map(String.init)
        let length = lines.first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.split(separator: " ").last ?? "") }
        let rest = bytes[end.upperBound...]
        guard rest.count >= length ?? 0, let first = lines.first else { return nil }
        let words = first.split(separator: " ")
        let body = String(decoding: rest.prefix(length ?? 0), as: UTF8.self)
        bytes = Array(rest.dropFirst(length ?? 0))
        return Request(
            method: String(words[0]), path: String(words[1]), headers: Array(lines.dropFirst()), body: body)
    }
}

/// Plays on one connection.
private final class Player: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let server: ScriptedServer
    private var bytes: [UInt8] = []

    init(_ server: ScriptedServer) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes += Array(buffer: unwrapInboundIn(data))
        while let request = ScriptedServer.next(&bytes) {
            let answer = server.take(request)
            for piece in answer.pieces {
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: piece)), promise: nil)
            }
            if answer.ending == .close { context.close(promise: nil) }
        }
    }

    func channelInactive(context: ChannelHandlerContext) { server.noteEnd() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
