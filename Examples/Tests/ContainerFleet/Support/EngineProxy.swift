public import FleetEngine
import NIOCore
import NIOPosix
import Synchronization

/// Stands between an agent and its Engine, and lets calls of one kind never arrive.
public final class EngineProxy: Sendable {
    /// Where it listens.
    public let address: EngineAddress
    private let channel: any Channel
    private let held: Held

    /// Listens at a socket, and passes everything on to an Engine but what has a text in it.
    public static func started(at path: String, to engine: EngineAddress, holding text: String) async throws
        -> EngineProxy
    {
        let held = Held(text)
        guard case .socket(let target) = engine else { preconditionFailure("a private Engine has a socket") }
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { near in
                ClientBootstrap(group: near.eventLoop).connect(unixDomainSocketPath: target).flatMapThrowing { far in
                    try far.pipeline.syncOperations.addHandler(Relay(to: near, nil))
                    try near.pipeline.syncOperations.addHandler(Relay(to: far, held))
                }
            }
            .bind(unixDomainSocketPath: path).get()
        return EngineProxy(.socket(path: path), channel, held)
    }

    private init(_ address: EngineAddress, _ channel: any Channel, _ held: Held) {
        self.address = address
        self.channel = channel
        self.held = held
    }

    /// Whether something was held back.
    public var hasHeld: Bool { held.count.withLock { $0 } > 0 }

    /// Ends it.
    public func close() async throws { try await channel.close() }
}

private final class Held: Sendable {
    let text: String
    let count = Mutex(0)

    init(_ text: String) { self.text = text }
}

/// Writes to one connection what another one says.
private final class Relay: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let other: any Channel
    private let held: Held?

    init(to other: any Channel, _ held: Held?) {
        self.other = other
        self.held = held
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        if let held, String(buffer: buffer).contains(held.text) { return held.count.withLock { $0 += 1 } }
        other.writeAndFlush(buffer, promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }
}
