import HelixRecords
import HelixSimulation
import TestSupport

extension FuzzTarget {
    /// The bytes of a znode.
    ///
    /// What is accepted can be written, and what is written reads back as the same record and is written as the same
    /// bytes; both readers accept the same; a refusal says why.
    static let recordCodec = FuzzTarget(name: "codec", share: 400) { generator in
        try CodecInput.check(CodecInput.make(&generator))
    }
}

/// Data for the codec, and what must hold for it.
enum CodecInput {
    static func make(_ generator: inout SeededGenerator) throws -> [UInt8] {
        switch Int.random(in: 0..<1024, using: &generator) {
        case 0..<4: return ByteMutation.depthBomb(&generator)
        case 4..<6: return ByteMutation.hugeNumber(&generator)
        case 6: return generator.once(in: 4) ? try gzipBomb(&generator) : []
        case 7..<128: return ByteMutation.noise(&generator)
        default: return try spoiltRecord(&generator)
        }
    }

    private static func spoiltRecord(_ generator: inout SeededGenerator) throws -> [UInt8] {
        var record = generator.once(in: 4) ? generator.record() : SampleRecords.spoilt(&generator)
        let isCompressed = generator.once(in: 8)
        if isCompressed { record.simpleFields["enableCompression"] = "true" }
        var data = try record.encoded()
        if isCompressed, generator.once(in: 4) { data += data }  // a container may hold several members
        if !generator.once(in: 8) { ByteMutation.apply(to: &data, &generator) }
        return data
    }

    /// Some kilobytes that inflate to megabytes, below the limit or above, and members without content after them.
    private static func gzipBomb(_ generator: inout SeededGenerator) throws -> [UInt8] {
        // What is above the limit takes long in a debug build: rarely.
        let megabytes = generator.once(in: 8) ? 80 : generator.pick([1, 4])
        return try gzip(megabytes: megabytes, emptyMembers: generator.pick([0, 1000, 40_000]))
    }

    /// A container of members of one megabyte each, and of members that hold nothing.
    static func gzip(megabytes: Int, emptyMembers: Int) throws -> [UInt8] {
        let text = String(repeating: " ", count: 1 << 20)
        let record = ZNRecord(id: "a", simpleFields: ["enableCompression": "true", "a": text])
        let member = try record.encoded()
        let empty: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        let full = Array(repeatElement(member, count: megabytes).joined())
        return full + Array(repeatElement(empty, count: emptyMembers).joined())
    }

    static func check(_ data: [UInt8]) throws -> Reception {
        let record: ZNRecord
        do throws(RecordError) {
            record = try ZNRecord(decoding: data, path: "p")
        } catch {
            try require(!error.reason.isEmpty && error.path == "p", "a refusal without a reason: \(error)")
            try require(error.isEmpty == data.isEmpty, "\(error): isEmpty is \(error.isEmpty)")
            return .refused
        }
        try checkWriting(record, of: data)
        try checkReader(data)
        return .accepted
    }

    private static func checkWriting(_ record: ZNRecord, of data: [UInt8]) throws {
        // A list may be cut when it is written; then what was written is the record.
        let written = try record.encoded(path: "p")
        let again = try ZNRecord(decoding: written, path: "p")
        try require(
            again == record || record.simpleFields["listField.bound"] != nil, "another record is read back: \(record)")
        try require(try again.encoded(path: "p") == written, "other bytes are written the second time: \(record)")
    }

    private static func checkReader(_ data: [UInt8]) throws {
        do throws(RecordError) {
            try RecordReader.read(data, path: "p") { reader throws(RecordError) in
                while try reader.next() != nil {}
            }
        } catch {
            throw Violation("the piecemeal reader refuses what the other accepts: \(error)")
        }
    }
}
