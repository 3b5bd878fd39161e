import AsyncHTTPClient
import NIOCore

/// The body of an answer, as it comes.
struct ByteStream: Sendable {
    var call: String
    var body: HTTPClientResponse.Body

    /// Reads it as JSON objects.
    /// - Parameters:
    ///   - silence: how long to wait for the next bytes; for ever unless set.
    ///   - endsWithError: whether the Engine ends it only when it goes away itself.
    ///   - element: what an object means; nothing if `nil`.
    func objects<Object: Decodable, Element: Sendable>(
        _ type: Object.Type, silence: Duration? = nil, endsWithError: Bool = false,
        _ element: @escaping @Sendable (Object) throws -> Element?
    ) -> EngineStream<Element> {
        pieces(silence: silence) { [call] in
            var splitter = ObjectSplitter()
            return { bytes in
                guard let bytes else {
                    if endsWithError { throw cut(call, "the Engine closed the stream") }
                    if !splitter.isBetweenObjects { throw cut(call, "the stream was cut off within an object") }
                    return []
                }
                return try splitter.split(bytes).compactMap { object in
                    try element(Answer(call: call, bytes: object).decoded(as: Object.self))
                }
            }
        }
    }

    /// Reads it as output of a process.
    func output(hasFrames: Bool) -> EngineStream<OutputChunk> {
        pieces(silence: nil) { [call] in
            var decoder = FrameDecoder()
            return { bytes in
                guard let bytes else {
                    if !decoder.isBetweenFrames { throw cut(call, "the output was cut off within a frame") }
                    return []
                }
                return hasFrames ? try decoder.decode(bytes) : [OutputChunk(.output, bytes)]
            }
        }
    }

    /// - Parameter parser: called for each reader. What it returns takes the next bytes, `nil` at the end, and returns
    ///   the pieces that are complete with them.
    private func pieces<Element: Sendable>(
        silence: Duration?, _ parser: @escaping @Sendable () -> ([UInt8]?) throws -> [Element]
    ) -> EngineStream<Element> {
        EngineStream {
            let reader = BodyReader(body, call: call, silence: silence)
            let parse = parser()
            var ready: [Element] = []
            var hasEnded = false
            return {
                while true {
                    if !ready.isEmpty { return ready.removeFirst() }
                    if hasEnded { return nil }
                    let bytes = try await reader.next()
                    // A reader that is cancelled sees the body end.
                    try Task.checkCancellation()
                    hasEnded = bytes == nil
                    ready = try parse(bytes)
                }
            }
        }
    }
}

/// Reads a body. The connection is closed when the reader is gone, unless the body has ended.
private actor BodyReader {
    private let iterator: HTTPClientResponse.Body.AsyncIterator
    private let call: String
    private let silence: Duration?

    init(_ body: HTTPClientResponse.Body, call: String, silence: Duration?) {
        iterator = body.makeAsyncIterator()
        self.call = call
        self.silence = silence
    }

    nonisolated func next() async throws -> [UInt8]? {
        try await within(silence, call) { try await self.read() }
    }

    private func read() async throws -> [UInt8]? {
        // A copy reads on from the same place.
        var iterator = iterator
        do {
            return try await iterator.next(isolation: self).map { Array(buffer: $0) }
        } catch {
            return try await translated(call) { throw error }
        }
    }
}

private func cut(_ call: String, _ message: String) -> EngineError {
    EngineError(.connectionLost, call: call, message: message)
}
