/// Encodes a current state over and over while few of its partitions change from one time to the next.
///
/// A participant writes the whole record at every commit. This keeps each partition's entry encoded, so that a commit
/// of k of n partitions encodes k and copies the rest.
package struct CurrentStateEncoder: Sendable {
    /// The record without its partitions.
    private let header: [UInt8]
    private let compress: Bool
    private let path: String
    /// The partitions in the order in which they are written.
    private var partitions: [String] = []
    /// The entry of each partition, `"name":{…}`.
    private var fragments: [[UInt8]] = []
    private var fragmentSize = 0

    private static let footer = Array("}}".utf8)

    /// Begins with the whole of a current state.
    /// - Parameter path: the znode, for errors.
    package init(_ state: CurrentState, path: String) {
        var writer = JSONWriter()
        state.record.appendHead(to: &writer)
        writer.append("{")
        header = writer.bytes
        compress = state.record.asksForCompression
        self.path = path
        partitions = state.record.mapFields.keys.sorted()
        fragments = partitions.map { Self.fragment($0, state.record.mapFields[$0] ?? [:]) }
        fragmentSize = fragments.reduce(0) { $0 + $1.count }
    }

    /// Whether there is no partition left, so that the znode can go.
    package var isEmpty: Bool { partitions.isEmpty }

    /// A replica as it was taken in last, `nil` when there is none.
    package subscript(partition: String) -> ReplicaState? {
        let place = index(of: partition)
        guard place < partitions.count, partitions[place] == partition else { return nil }
        let record = Array(#"{"id":"","mapFields":{"#.utf8) + fragments[place] + Self.footer
        return (try? ZNRecord(decoding: record, path: path))?.mapFields[partition].map(ReplicaState.init(fields:))
    }

    /// Takes in a replica's new state, or with `nil` that it is gone.
    package mutating func set(_ replica: ReplicaState?, for partition: String) {
        let place = index(of: partition)
        let isKnown = place < partitions.count && partitions[place] == partition
        if isKnown { fragmentSize -= fragments[place].count }
        guard let replica else {
            if isKnown {
                partitions.remove(at: place)
                fragments.remove(at: place)
            }
            return
        }
        let fragment = Self.fragment(partition, replica.fields)
        fragmentSize += fragment.count
        if isKnown {
            fragments[place] = fragment
        } else {
            partitions.insert(partition, at: place)
            fragments.insert(fragment, at: place)
        }
    }

    /// The record as it is now: the same bytes as `ZNRecord.encoded()` of it.
    /// - Throws: `RecordError` when it is larger than the write limit.
    package func encoded(limits: RecordLimits = .standard) throws(RecordError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(header.count + fragmentSize + fragments.count + Self.footer.count)
        bytes += header
        for (index, fragment) in fragments.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes += fragment
        }
        bytes += Self.footer
        return try limits.finish(bytes, compress: compress, path: path)
    }

    /// Where a partition is, or belongs.
    private func index(of partition: String) -> Int {
        var range = partitions.indices
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if partitions[middle] < partition {
                range = middle + 1..<range.upperBound
            } else {
                range = range.lowerBound..<middle
            }
        }
        return range.lowerBound
    }

    private static func fragment(_ partition: String, _ fields: [String: String]) -> [UInt8] {
        var writer = JSONWriter()
        writer.appendText(partition)
        writer.append(":")
        writer.appendObject(fields) { $0.appendText($1) }
        return writer.bytes
    }
}
