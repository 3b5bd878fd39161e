/// What an Engine sends piece by piece: output, events, the progress of a pull.
///
/// The stream is read once. Whoever stops reading, by leaving the loop or by being cancelled, closes the connection
/// behind it; no task runs on its own.
public struct EngineStream<Element: Sendable>: AsyncSequence, Sendable {
    /// Reads the stream.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let advance: () async throws -> Element?

        /// The next piece; `nil` at the end.
        /// - Throws: ``EngineError`` when the Engine ends it with an error, or is lost; `CancellationError`.
        public mutating func next() async throws -> Element? { try await advance() }
    }

    private let start: @Sendable () -> () async throws -> Element?

    /// A stream that is made up when it is read.
    /// - Parameter start: called once by each reader; what it returns is called for each piece, until it says `nil`.
    public init(_ start: @escaping @Sendable () -> () async throws -> Element?) { self.start = start }

    /// A stream of what is there already.
    public init(_ elements: [Element]) {
        self.init {
            var rest = elements.makeIterator()
            return { rest.next() }
        }
    }

    /// Begins to read.
    public func makeAsyncIterator() -> Iterator { Iterator(advance: start()) }

    /// Reads to the end.
    public func collect() async throws -> [Element] {
        var elements: [Element] = []
        for try await element in self { elements.append(element) }
        return elements
    }
}
