/// The routing tables of a spectator, as they come: the present one first, as soon as it is known, then each that is
/// newer. A consumer that was busy gets the latest table only. Ends with the spectator, or when the task is cancelled.
///
/// Any number of consumers may iterate; each sees the present table.
public struct RoutingTables: AsyncSequence, Sendable {
    /// A table.
    public typealias Element = RoutingTable
    /// Iterating does not fail.
    public typealias Failure = Never

    let latest: LatestValue<RoutingTable>

    /// One consumer's place in the sequence.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let latest: LatestValue<RoutingTable>
        var version = 0

        /// Waits for a table that this consumer has not seen.
        public mutating func next() async -> RoutingTable? {
            guard let (table, version) = await latest.next(after: version) else { return nil }
            self.version = version
            return table
        }

        /// Waits for a table that this consumer has not seen.
        public mutating func next(isolation actor: isolated (any Actor)?) async -> RoutingTable? { await next() }
    }

    /// A consumer that begins with the present table.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(latest: latest) }
}
