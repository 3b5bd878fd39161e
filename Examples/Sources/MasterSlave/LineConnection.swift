import NIOCore
import NIOPosix

/// Where a node listens.
struct Address: Sendable, Hashable, CustomStringConvertible {
    var host: String
    var port: Int

    var description: String { "\(host):\(port)" }
}

/// A connection to a node, on which questions are answered in the order in which they were asked.
struct LineConnection: Sendable, Equatable {
    private let channel: any Channel

    init(to address: Address) async throws {
        channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connectTimeout(.seconds(1))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.speakLines()
                    try channel.pipeline.syncOperations.addHandler(AnswerHandler())
                }
            }
            .connect(host: address.host, port: address.port).get()
    }

    /// Asks, and waits for the answer.
    /// - Parameter limit: how long to wait; as long as the connection lasts unless set.
    /// - Throws: when there is no answer; the connection is closed then.
    func ask(_ request: Request, within limit: TimeAmount? = nil) async throws -> Reply {
        let answer = channel.eventLoop.makePromise(of: String.self)
        let written = channel.eventLoop.makePromise(of: Void.self)
        written.futureResult.cascadeFailure(to: answer)
        channel.writeAndFlush(Question(line: request.line, answer: answer), promise: written)
        let alarm = limit.map { limit in
            channel.eventLoop.scheduleTask(in: limit) { [channel] in channel.close(promise: nil) }
        }
        defer { alarm?.cancel() }
        return try await withTaskCancellationHandler {
            let line = try await answer.futureResult.get()
            guard let reply = Reply(line: line) else { throw NoAnswer(found: line) }
            return reply
        } onCancel: {
            close()
        }
    }

    static func == (a: LineConnection, b: LineConnection) -> Bool { a.channel === b.channel }

    func close() { channel.close(promise: nil) }
}

/// What came instead of an answer.
struct NoAnswer: Error {
    var found: String
}

private struct Question: Sendable {
    var line: String
    var answer: EventLoopPromise<String>
}

/// Brings questions and answers together.
private final class AnswerHandler: ChannelDuplexHandler {
    typealias InboundIn = String
    typealias OutboundIn = Question
    typealias OutboundOut = String

    private var waiting = CircularBuffer<EventLoopPromise<String>>()

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let question = unwrapOutboundIn(data)
        waiting.append(question.answer)
        context.write(wrapOutboundOut(question.line), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        waiting.popFirst()?.succeed(unwrapInboundIn(data))
    }

    func channelInactive(context: ChannelHandlerContext) {
        while let answer = waiting.popFirst() { answer.fail(ChannelError.ioOnClosedChannel) }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
