/// A piece of what a process wrote.
public struct OutputChunk: Sendable, Hashable {
    /// Where the process wrote it.
    public enum Source: UInt8, Sendable { case input = 0, output, error }

    /// Standard output or standard error; always output where there is a terminal.
    public var source: Source
    /// What it wrote. A piece may end within a line, and even within a character.
    public var bytes: [UInt8]

    /// A piece of output.
    public init(_ source: Source, _ bytes: [UInt8]) {
        self.source = source
        self.bytes = bytes
    }

    /// The piece as text, with replacement characters for what is none.
    public var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// Takes apart the frames in which output comes without a terminal: 8 bytes of header (source, three zeros, length
/// in big-endian order), then as many bytes (Engine facts 12.6). Frames may be split anywhere.
struct FrameDecoder {
    /// Longer frames are not believed: the Engine cuts output into pieces of 16 KiB.
    static let longest = 64 << 20

    private var header: [UInt8] = []
    private var source = OutputChunk.Source.output
    /// How much of the present frame is still to come; 0 between frames.
    private var missing = 0

    /// Whether the stream may end here.
    var isBetweenFrames: Bool { header.isEmpty && missing == 0 }

    /// Takes the next bytes. What has come of a frame is passed on at once, so that nobody waits for its rest.
    mutating func decode(_ bytes: some Sequence<UInt8>) throws(EngineError) -> [OutputChunk] {
        var chunks: [OutputChunk] = []
        var part: [UInt8] = []
        for byte in bytes {
            if missing > 0 {
                part.append(byte)
                missing -= 1
                if missing == 0 { chunks.append(OutputChunk(source, flush(&part))) }
            } else {
                header.append(byte)
                if header.count == 8 { try begin() }
            }
        }
        if !part.isEmpty { chunks.append(OutputChunk(source, part)) }
        return chunks
    }

    private func flush(_ part: inout [UInt8]) -> [UInt8] {
        defer { part = [] }
        return part
    }

    private mutating func begin() throws(EngineError) {
        let length = header[4...].reduce(0) { $0 << 8 | Int($1) }
        guard let source = OutputChunk.Source(rawValue: header[0]), header[1...3].allSatisfy({ $0 == 0 }),
            length <= Self.longest
        else {
            throw EngineError(
                .malformedAnswer, call: "read output",
                message: "\(header) is no header of a frame; was the container made with a terminal?")
        }
        (self.source, missing, header) = (source, length, [])
    }
}
