import CZlib

/// Data in the gzip container (RFC 1952), which readers recognise by its first two bytes (protocol reference 1.4).
enum Gzip {
    /// No record that fits the write limit inflates to more in earnest; a few kilobytes of zeros would.
    static let inflationLimit = 64 << 20

    static func isCompressed(_ data: [UInt8]) -> Bool { data.count >= 2 && data[0] == 0x1F && data[1] == 0x8B }

    /// - Throws: `RecordError` when the data is damaged or would inflate beyond `limit` bytes.
    static func inflate(
        _ data: [UInt8], path: String, limit: Int = inflationLimit
    ) throws(RecordError) -> [UInt8] {
        var stream = z_stream()
        guard czlib_inflate_init_gzip(&stream) == Z_OK else {
            throw RecordError(path: path, reason: "zlib has no memory to inflate \(data.count) bytes; free some")
        }
        defer { inflateEnd(&stream) }
        // The last four bytes say how large the content is; they are a hint only, and outside data.
        let hint = data.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        var output = [UInt8](repeating: 0, count: min(max(hint, 256), max(4 * data.count, 1024), limit) + 1)
        var (filled, consumed) = (0, 0)
        while true {
            var status = Z_OK
            output.withUnsafeMutableBufferPointer { target in
                data.withUnsafeBufferPointer { source in
                    stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress! + consumed)
                    stream.avail_in = UInt32(source.count - consumed)
                    stream.next_out = target.baseAddress! + filled
                    stream.avail_out = UInt32(target.count - filled)
                    status = CZlib.inflate(&stream, Z_NO_FLUSH)
                    consumed = source.count - Int(stream.avail_in)
                    filled = target.count - Int(stream.avail_out)
                }
            }
            if filled > limit {
                throw RecordError(
                    path: path,
                    reason: "\(data.count) bytes of gzip inflate to more than \(limit); this is no record of Helix")
            }
            switch status {
            case Z_STREAM_END where consumed == data.count:
                output.removeLast(output.count - filled)
                return output
            case Z_STREAM_END: inflateReset(&stream)  // a container may hold several members
            case Z_OK where filled == output.count || consumed < data.count: break
            default:
                throw RecordError(
                    path: path,
                    reason:
                        "byte \(consumed): the gzip data is damaged or cut short (zlib status \(status)); write the "
                        + "record again")
            }
            // Only what is full grows: the members may be many, and each may hold next to nothing.
            if filled == output.count { output += repeatElement(0, count: min(filled + 1024, limit + 1 - filled)) }
        }
    }

    static func deflate(_ data: [UInt8], path: String) throws(RecordError) -> [UInt8] {
        var stream = z_stream()
        guard czlib_deflate_init_gzip(&stream, Z_DEFAULT_COMPRESSION) == Z_OK else {
            throw RecordError(path: path, reason: "zlib has no memory to compress \(data.count) bytes; free some")
        }
        defer { deflateEnd(&stream) }
        var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(data.count))))
        var status = Z_OK
        data.withUnsafeBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                status = CZlib.deflate(&stream, Z_FINISH)
            }
        }
        guard status == Z_STREAM_END else {
            throw RecordError(path: path, reason: "zlib cannot compress \(data.count) bytes (status \(status))")
        }
        output.removeLast(Int(stream.avail_out))
        return output
    }
}
