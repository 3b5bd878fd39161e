import NIOCore

/// Cuts a stream of bytes into lines.
struct LineDecoder: ByteToMessageDecoder {
    typealias InboundOut = String

    /// The longest line that is read, since a whole partition travels in one.
    private static let limit = 64 << 20

    mutating func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        guard let length = buffer.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) else {
            guard buffer.readableBytes <= Self.limit else { throw LineTooLong() }
            return .needMoreData
        }
        var line = buffer.readSlice(length: length - buffer.readerIndex) ?? ByteBuffer()
        buffer.moveReaderIndex(forwardBy: 1)
        let text = line.readString(length: line.readableBytes) ?? ""
        context.fireChannelRead(wrapInboundOut(text.hasSuffix("\r") ? String(text.dropLast()) : text))
        return .continue
    }
}

/// Ends each line.
struct LineEncoder: MessageToByteEncoder {
    typealias OutboundIn = String

    func encode(data: String, out: inout ByteBuffer) throws {
        out.writeString(data)
        out.writeInteger(UInt8(ascii: "\n"))
    }
}

/// A line that does not end.
struct LineTooLong: Error {}

extension Channel {
    /// Reads and writes lines from here on. To be called on the event loop.
    func speakLines() throws {
        try pipeline.syncOperations.addHandler(ByteToMessageHandler(LineDecoder()))
        try pipeline.syncOperations.addHandler(MessageToByteHandler(LineEncoder()))
    }
}
