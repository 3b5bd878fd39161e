import NIOCore
import NIOPosix
import ServiceLifecycle

/// A port that nodes and clients connect to.
struct LineListener: Sendable {
    typealias Connection = NIOAsyncChannel<String, String>
    fileprivate let channel: NIOAsyncChannel<Connection, Never>
    /// Where it listens.
    let address: Address

    /// Listens; whoever connects waits until a server runs.
    /// - Parameter port: 0 for any that is free.
    init(host: String, port: Int) async throws {
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.speakLines()
                    return try Connection(wrappingChannelSynchronously: channel)
                }
            }
        address = Address(host: host, port: channel.channel.localAddress?.port ?? port)
    }
}

/// Answers lines with lines.
struct LineServer: Service {
    let listener: LineListener
    let answer: @Sendable (String) async -> String

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await self.accept() }
        } catch is CancellationError {
            // That is how it ends.
        }
    }

    private func accept() async throws {
        try await listener.channel.executeThenClose { connections in
            try await withThrowingDiscardingTaskGroup { group in
                for try await connection in connections { group.addTask { await self.serve(connection) } }
            }
        }
    }

    private func serve(_ connection: LineListener.Connection) async {
        do {
            try await connection.executeThenClose { requests, replies in
                for try await request in requests { try await replies.write(await answer(request)) }
            }
        } catch {
            // The other side is gone, or sends what is no text; either way there is nobody to tell.
        }
    }
}
