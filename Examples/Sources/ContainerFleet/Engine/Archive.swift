/// Files on their way into a container or out of it: a tar archive (POSIX.1-1988, ustar).
public struct Archive: Sendable, Hashable {
    /// A file, directory or symbolic link.
    public struct Entry: Sendable, Hashable {
        /// Where it goes, relative to where the archive is unpacked, at most 100 bytes after the last place to cut and
        /// 155 before it.
        public var path: String
        /// The bytes of a file; `nil` for a directory or link.
        public var content: [UInt8]?
        /// What a symbolic link says, at most 100 bytes.
        public var link: String?
        /// File mode bits, for example `0o400`.
        public var mode: Int
        /// The owner's number.
        public var user: Int
        /// The group's number.
        public var group: Int

        /// A symbolic link.
        public init(path: String, link: String) {
            self.init(path: path, content: nil, mode: 0o777)
            self.link = link
        }

        /// A file, or a directory if there is no content.
        public init(path: String, content: [UInt8]?, mode: Int, user: Int = 0, group: Int = 0) {
            self.path = path
            self.content = content
            self.mode = mode
            self.user = user
            self.group = group
        }
    }

    /// In the order in which they are unpacked.
    public var entries: [Entry]

    /// An archive of files and directories.
    public init(_ entries: [Entry] = []) { self.entries = entries }

    private static let block = 512

    /// As it is sent.
    /// - Throws: ``EngineError`` for a path that the format has no room for.
    public func bytes() throws(EngineError) -> [UInt8] {
        var bytes: [UInt8] = []
        for entry in entries {
            bytes += try Self.header(entry)
            let content = entry.content ?? []
            bytes += content
            bytes += [UInt8](repeating: 0, count: (Self.block - content.count % Self.block) % Self.block)
        }
        return bytes + [UInt8](repeating: 0, count: 2 * Self.block)
    }

    private static func header(_ entry: Entry) throws(EngineError) -> [UInt8] {
        let isDirectory = entry.content == nil && entry.link == nil
        let path = isDirectory && !entry.path.hasSuffix("/") ? entry.path + "/" : entry.path
        let link = Array((entry.link ?? "").utf8)
        guard let (prefix, name) = split(Array(path.utf8)), link.count <= 100 else {
            throw EngineError(
                .badRequest, call: "pack \(entry.path)",
                message: "a path of \(path.utf8.count) bytes has no place in an archive: shorten it")
        }
        var header = [UInt8](repeating: 0, count: block)
        func put(_ bytes: [UInt8], at offset: Int) {
            header.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        }
        func put(_ number: Int, digits: Int, at offset: Int) {
            let text = String(number, radix: 8)
            put(Array((String(repeating: "0", count: max(0, digits - text.count)) + text).utf8), at: offset)
        }
        put(name, at: 0)
        put(entry.mode & 0o7777, digits: 7, at: 100)
        put(entry.user, digits: 7, at: 108)
        put(entry.group, digits: 7, at: 116)
        put(entry.content?.count ?? 0, digits: 11, at: 124)
        put(0, digits: 11, at: 136)
        put(Array((isDirectory ? "5" : entry.link == nil ? "0" : "2").utf8), at: 156)
        put(link, at: 157)
        put(Array("ustar\u{0}00".utf8), at: 257)
        put(prefix, at: 345)
        put(checksum(header), digits: 6, at: 148)
        header[155] = UInt8(ascii: " ")
        return header
    }

    /// The sum of the header's bytes, those of the sum itself counted as spaces.
    private static func checksum(_ header: some Collection<UInt8>) -> Int {
        header.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
    }

    private static func split(_ path: [UInt8]) -> (prefix: [UInt8], name: [UInt8])? {
        if path.count <= 100 { return ([], path) }
        let slash = UInt8(ascii: "/")
        for cut in path.indices.dropLast() where path[cut] == slash && cut <= 155 && path.count - cut - 1 <= 100 {
            return (Array(path[..<cut]), Array(path[(cut + 1)...]))
        }
        return nil
    }

    /// Reads an archive. Nothing is kept of devices and hard links; long names of GNU and PAX headers are.
    public init(bytes: [UInt8]) throws(EngineError) {
        entries = []
        var rest = bytes[...]
        var longName: String?
        while rest.count >= Self.block {
            let header = Array(rest.prefix(Self.block))
            rest = rest.dropFirst(Self.block)
            if header.allSatisfy({ $0 == 0 }) { return }
            guard Self.number(header[148..<156]) == Self.checksum(header), let size = Self.number(header[124..<136]),
                rest.count >= size
            else {
                throw EngineError(.malformedAnswer, call: "unpack", message: "the archive is cut off or broken")
            }
            let content = Array(rest.prefix(size))
            rest = rest.dropFirst((size + Self.block - 1) / Self.block * Self.block)
            switch header[156] {
            case UInt8(ascii: "L"): longName = Self.text(content[...])
            case UInt8(ascii: "x"): longName = Self.paxPath(content) ?? longName
            case UInt8(ascii: "0"), 0, UInt8(ascii: "2"), UInt8(ascii: "5"):
                let (prefix, name) = (Self.text(header[345..<500]), Self.text(header[0..<100]))
                var entry = Entry(
                    path: longName ?? (prefix.isEmpty ? name : "\(prefix)/\(name)"),
                    content: [UInt8(ascii: "2"), UInt8(ascii: "5")].contains(header[156]) ? nil : content,
                    mode: Self.number(header[100..<108]) ?? 0, user: Self.number(header[108..<116]) ?? 0,
                    group: Self.number(header[116..<124]) ?? 0)
                entry.link = header[156] == UInt8(ascii: "2") ? Self.text(header[157..<257]) : nil
                entries.append(entry)
                longName = nil
            default: longName = nil
            }
        }
        throw EngineError(.malformedAnswer, call: "unpack", message: "the archive has no end")
    }

    private static func text(_ field: ArraySlice<UInt8>) -> String {
        String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
    }

    private static func number(_ field: ArraySlice<UInt8>) -> Int? {
        Int(text(field).filter { $0 != " " }, radix: 8)
    }

    /// PAX headers are lines of “length key=value”.
    private static func paxPath(_ content: [UInt8]) -> String? {
        text(content[...]).split(separator: "\n").lazy.compactMap { line -> String? in
            guard let start = line.firstRange(of: " path=") else { return nil }
            return String(line[start.upperBound...])
        }.first
    }
}
