/// Reads the fields of a map, and notes everything that is wrong with them instead of stopping at the first.
final class FieldReader {
    /// Notes what is wrong anywhere in a job.
    final class Notes {
        fileprivate(set) var problems: [FieldProblem] = []
        /// Whether fields that nobody asked for are fine: a later version may have written them.
        let toleratesUnknown: Bool

        init(toleratesUnknown: Bool) { self.toleratesUnknown = toleratesUnknown }
    }

    private let path: String
    private let notes: Notes
    private let fields: [String: Document]
    private var known: Set<String> = []

    init(_ fields: [String: Document], at path: String, notes: Notes) {
        (self.fields, self.path, self.notes) = (fields, path, notes)
    }

    /// Notes that something else was expected.
    func note(_ name: String, found: String, expected: String) {
        notes.problems.append(FieldProblem(full(name), found: found, expected: expected))
    }

    /// What stands there; `nil` when nothing does.
    func value(_ name: String) -> Document? {
        known.insert(name)
        return fields[name] == .null ? nil : fields[name]
    }

    /// A value that is written as text or as a number.
    func read<Value>(_ name: String, _ expected: String, isSecret: Bool = false, _ read: (String) -> Value?) -> Value? {
        value(name).flatMap { convert($0, name, expected, isSecret: isSecret, read) }
    }

    func text(_ name: String) -> String? { read(name, "text") { $0 } }

    func flag(_ name: String) -> Bool? {
        guard let value = value(name) else { return nil }
        if case .flag(let flag) = value { return flag }
        note(name, found: value.excerpt, expected: "true or false")
        return nil
    }

    func number(_ name: String, _ range: ClosedRange<Int>) -> Int? {
        read(name, "a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
            Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    func choice<Value: RawRepresentable & CaseIterable>(_ name: String) -> Value? where Value.RawValue == String {
        read(name, Value.allCases.map { "“\($0.rawValue)”" }.joined(separator: " or ")) { Value(rawValue: $0) }
    }

    /// A list of values that are written as text.
    func list<Value>(_ name: String, _ expected: String, _ read: (String) -> Value?) -> [Value] {
        guard let value = value(name) else { return [] }
        guard case .list(let elements) = value else {
            note(name, found: value.excerpt, expected: "a list")
            return []
        }
        return elements.enumerated().compactMap { convert($1, "\(name)[\($0)]", expected, read) }
    }

    func texts(_ name: String) -> [String] { list(name, "text") { $0 } }

    /// A map to values that are written as text.
    func map<Value>(_ name: String, _ expected: String, _ read: (String) -> Value?) -> [String: Value] {
        entries(name).reduce(into: [:]) { map, entry in
            map[entry.key] = convert(entry.value, "\(name).\(entry.key)", expected, read)
        }
    }

    func textMap(_ name: String) -> [String: String] { map(name, "text; put true and false in quotes") { $0 } }

    /// What a map has, in the order of its names.
    func entries(_ name: String) -> [(key: String, value: Document)] {
        guard let value = value(name) else { return [] }
        guard case .map(let fields) = value else {
            note(name, found: value.excerpt, expected: "a map")
            return []
        }
        return fields.sorted { $0.key < $1.key }
    }

    /// Reads a map's fields in their turn, and whether there are too many.
    func child<Value>(_ name: String, _ read: (FieldReader) -> Value?) -> Value? {
        value(name).flatMap { child($0, name, read) }
    }

    func child<Value>(_ document: Document, _ name: String, _ read: (FieldReader) -> Value?) -> Value? {
        guard case .map(let fields) = document else {
            note(name, found: document.excerpt, expected: "a map")
            return nil
        }
        let reader = FieldReader(fields, at: full(name), notes: notes)
        let value = read(reader)
        reader.finish()
        return value
    }

    /// Notes the fields that nobody asked for. To be called when all that there may be were.
    func finish() {
        guard !notes.toleratesUnknown else { return }
        for name in fields.keys.sorted() where !known.contains(name) {
            let nearest = Spelling.nearest(to: name, among: known.sorted())
            note(
                name, found: "a field that is unknown",
                expected: nearest.map { "“\($0)”, perhaps" } ?? "one of \(known.sorted().joined(separator: ", "))")
        }
    }

    private func convert<Value>(
        _ document: Document, _ name: String, _ expected: String, isSecret: Bool = false, _ read: (String) -> Value?
    ) -> Value? {
        switch document {
        case .text(let text), .number(let text):
            if let value = read(text) { return value }
        default: break
        }
        note(
            name, found: isSecret ? "something else, which is not repeated here" : document.excerpt, expected: expected)
        return nil
    }

    private func full(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
}

/// Finds what somebody may have meant.
enum Spelling {
    /// The name that takes the fewest changes of letters, if those are few, or else one that begins like it or that it
    /// begins like; capitals do not count.
    static func nearest(to name: String, among names: [String]) -> String? {
        let distances = names.map { (name: $0, distance: distance(name.lowercased(), $0.lowercased())) }
        guard let best = distances.min(by: { $0.distance < $1.distance }) else { return nil }
        if best.distance <= max(1, name.count / 3) { return best.name }
        return names.first { other in
            min(name.count, other.count) > 2
                && (name.lowercased().hasPrefix(other.lowercased()) || other.lowercased().hasPrefix(name.lowercased()))
        }
    }

    /// How many letters have to be put in, left out, replaced or swapped with the next.
    static func distance(_ a: String, _ b: String) -> Int {
        let (a, b) = (Array(a), Array(b))
        var (before, last) = ([Int](), Array(0...b.count))
        for row in a.indices {
            var next = [row + 1]
            for column in b.indices {
                let isSame = a[row] == b[column]
                var least = min(next[column] + 1, last[column + 1] + 1, last[column] + (isSame ? 0 : 1))
                if row > 0, column > 0, a[row] == b[column - 1], a[row - 1] == b[column] {
                    least = min(least, before[column - 1] + 1)
                }
                next.append(least)
            }
            (before, last) = (last, next)
        }
        return last[b.count]
    }
}
