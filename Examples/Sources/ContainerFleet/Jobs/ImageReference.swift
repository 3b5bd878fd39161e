/// The grammar of images' names: `[host[:port]/]part[/part…][:tag][@algorithm:digits]`.
enum ImageReference {
    static func isValid(_ text: String) -> Bool {
        guard text.utf8.count <= 255 else { return false }
        var rest = Substring(text)
        if let at = rest.firstIndex(of: "@") {
            guard isDigest(rest[rest.index(after: at)...]) else { return false }
            rest = rest[..<at]
        }
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") {
            guard isTag(rest[rest.index(after: colon)...]) else { return false }
            rest = rest[..<colon]
        }
        var parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count > 1, let first = parts.first, first.contains(".") || first.contains(":") || first == "localhost"
        {
            guard isHost(first) else { return false }
            parts.removeFirst()
        }
        return !parts.isEmpty && parts.allSatisfy(isPart)
    }

    private static func isTag(_ text: Substring) -> Bool {
        (1...128).contains(text.count) && text.allSatisfy(\.isNamePart) && text.first != "." && text.first != "-"
    }

    private static func isDigest(_ text: Substring) -> Bool {
        guard let colon = text.firstIndex(of: ":") else { return false }
        let digits = text[text.index(after: colon)...]
        return text[..<colon] == "sha256" && digits.count == 64
            && digits.allSatisfy { $0.isASCIIDigit || ("a"..."f").contains($0) }
    }

    private static func isHost(_ text: Substring) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let port = parts.count > 1 ? Int(parts[1]).map { (1...65_535).contains($0) } ?? false : true
        let labels = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        return parts.count <= 2 && port
            && labels.allSatisfy { label in
                !label.isEmpty && label.first != "-" && label.last != "-"
                    && label.allSatisfy { $0.isNamePart && $0 != "_" && $0 != "." }
            }
    }

    /// Lower-case letters and digits, with single dots, one or two underscores, or dashes between them.
    private static func isPart(_ text: Substring) -> Bool {
        let isAlphanumeric: (Character) -> Bool = { $0.isASCIIDigit || ("a"..."z").contains($0) }
        guard let first = text.first, let last = text.last, isAlphanumeric(first), isAlphanumeric(last) else {
            return false
        }
        let separators = text.split(whereSeparator: isAlphanumeric)
        return separators.allSatisfy { $0 == "." || $0 == "_" || $0 == "__" || $0.allSatisfy { $0 == "-" } }
    }
}
