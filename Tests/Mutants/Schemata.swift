/// Mutants in source text: every edit becomes a choice that the program makes when it runs, so that one build has them
/// all.
enum Schemata {
    /// An edit of the mutant with a number.
    struct NumberedEdit: Sendable {
        let number: Int
        let mutant: String
        let edit: Edit
    }

    /// The edits of all mutants by file. Numbers begin with 1, in the order of the list.
    static func editsByFile(_ mutants: [Mutant]) -> [String: [NumberedEdit]] {
        var edits: [String: [NumberedEdit]] = [:]
        for (index, mutant) in mutants.enumerated() {
            for edit in mutant.edits {
                edits[edit.file, default: []].append(
                    NumberedEdit(number: index + 1, mutant: mutant.name, edit: edit))
            }
        }
        return edits
    }

    /// A source with all edits in it. One may stand within another, or in the same place.
    /// - Throws: `SchemataError` when a snippet is not found exactly once, or two of them overlap.
    static func rewrite(_ source: String, _ edits: [NumberedEdit]) throws(SchemataError) -> String {
        var places: [Place] = []
        for edit in edits { places.append(try place(edit, in: source)) }
        places.sort(by: Place.isOutside)
        return try render(source, source.startIndex..<source.endIndex, places[...])
    }

    /// Where an edit belongs.
    private struct Place {
        let edit: NumberedEdit
        let range: Range<String.Index>

        /// The outer one first; statements are around an expression that is all of them.
        static func isOutside(_ a: Place, _ b: Place) -> Bool {
            if a.range.lowerBound != b.range.lowerBound { return a.range.lowerBound < b.range.lowerBound }
            if a.range.upperBound != b.range.upperBound { return a.range.upperBound > b.range.upperBound }
            return a.edit.edit.form == .statements && b.edit.edit.form == .expression
        }
    }

    private static func place(_ edit: NumberedEdit, in source: String) throws(SchemataError) -> Place {
        let (before, marked, after) = try parts(of: edit)
        let found = source.ranges(of: before + marked + after)
        guard found.count == 1, let range = found.first else {
            throw SchemataError(edit, found.isEmpty ? .notFound : .ambiguous(found.count))
        }
        let start = source.index(range.lowerBound, offsetBy: before.count)
        return Place(edit: edit, range: start..<source.index(start, offsetBy: marked.count))
    }

    /// What comes before the part that is replaced, that part, and what comes after.
    private static func parts(of edit: NumberedEdit) throws(SchemataError) -> (String, String, String) {
        let text = edit.edit.original
        let marks = (text.ranges(of: "⟦"), text.ranges(of: "⟧"))
        switch (marks.0.count, marks.1.count) {
        case (0, 0) where !text.isEmpty: return ("", text, "")
        case (1, 1) where marks.0[0].upperBound < marks.1[0].lowerBound:
            return (
                String(text[..<marks.0[0].lowerBound]), String(text[marks.0[0].upperBound..<marks.1[0].lowerBound]),
                String(text[marks.1[0].upperBound...])
            )
        default: throw SchemataError(edit, .badMarks)
        }
    }

    private static func render(
        _ source: String, _ range: Range<String.Index>, _ places: ArraySlice<Place>
    ) throws(SchemataError) -> String {
        var text = ""
        var position = range.lowerBound
        var rest = places
        while let place = rest.popFirst() {
            let inner = rest.prefix { $0.range.lowerBound < place.range.upperBound }
            if let crossing = inner.first(where: { $0.range.upperBound > place.range.upperBound }) {
                throw SchemataError(crossing.edit, .overlaps(place.edit.mutant))
            }
            rest = rest.dropFirst(inner.count)
            text += source[position..<place.range.lowerBound]
            text += choice(place.edit, original: try render(source, place.range, inner))
            position = place.range.upperBound
        }
        return text + source[position..<range.upperBound]
    }

    private static func choice(_ edit: NumberedEdit, original: String) -> String {
        let (number, replacement) = (edit.number, edit.edit.replacement)
        switch edit.edit.form {
        case .expression: return "(isMutant(\(number)) ? (\(replacement)) : (\(original)))"
        case .statements: return "if isMutant(\(number)) {\n\(replacement)\n} else {\n\(original)\n}"
        }
    }
}

/// Why a mutant cannot be put into the sources.
struct SchemataError: Error, Hashable, CustomStringConvertible {
    enum Reason: Hashable, Sendable {
        case noSuchFile
        case notFound
        case ambiguous(Int)
        case badMarks
        case overlaps(String)
    }

    let mutant: String
    let file: String
    let original: String
    let reason: Reason

    init(_ edit: Schemata.NumberedEdit, _ reason: Reason) {
        mutant = edit.mutant
        file = edit.edit.file
        original = edit.edit.original
        self.reason = reason
    }

    var description: String {
        let cure =
            switch reason {
            case .noSuchFile: "there is no such file; name the file where this code is now"
            case .notFound: "the code that it replaces is not there; copy it anew from the file"
            case .ambiguous(let count):
                "the code that it replaces is there \(count) times; add what stands around it and mark the part with ⟦⟧"
            case .badMarks: "the code that it replaces is empty or its marks are no pair; mark one part with ⟦ and ⟧"
            case .overlaps(let other): "it overlaps the mutant \(other); replace the same code, or less, or more"
            }
        return "mutant \(mutant), Sources/\(file): \(cure)\n\(original)"
    }
}
