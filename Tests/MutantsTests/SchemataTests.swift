import Testing

@testable import Mutants

@Suite("Mutants stand beside the code that they replace")
struct SchemataTests {
    private let source = """
        func f(_ a: Int) -> Int {
            note(a)
            if a > 0, b { return g(a, watcher: a) }
            return g(b, watcher: a)
        }
        """

    private func rewritten(_ edits: Edit...) throws -> String {
        let mutants = edits.enumerated().map { Mutant("mutant-\($0 + 1)", "It is wrong.", $1) }
        return try Schemata.rewrite(source, Schemata.editsByFile(mutants)["M/F.swift"] ?? [])
    }

    private func expression(_ original: String, _ replacement: String = "m") -> Edit {
        .expression(in: "M/F.swift", original, becomes: replacement)
    }

    private func statements(_ original: String, _ replacement: String = "m()") -> Edit {
        .statements(in: "M/F.swift", original, become: replacement)
    }

    @Test("An expression becomes a choice of two")
    func expressions() throws {
        #expect(
            try rewritten(expression("a > 0", "true"))
                == source.replacing("a > 0", with: "(isMutant(1) ? (true) : (a > 0))"))
    }

    @Test("Statements become two branches, one of which may be empty")
    func branches() throws {
        #expect(
            try rewritten(statements("note(a)", ""))
                == source.replacing("note(a)", with: "if isMutant(1) {\n\n} else {\nnote(a)\n}"))
    }

    @Test("Only the marked part is replaced, the rest says which one is meant")
    func marks() throws {
        #expect(
            try rewritten(expression("g(b, watcher: ⟦a⟧)", "nil"))
                == source.replacing("g(b, watcher: a)", with: "g(b, watcher: (isMutant(1) ? (nil) : (a)))"))
    }

    @Test("Two mutants of the same code share one place")
    func samePlace() throws {
        #expect(
            try rewritten(expression("a > 0", "true"), expression("a > 0", "false"))
                == source.replacing("a > 0", with: "(isMutant(1) ? (true) : ((isMutant(2) ? (false) : (a > 0))))"))
    }

    @Test("A mutant may replace part of what another one replaces", arguments: [false, true])
    func nesting(isOuterFirst: Bool) throws {
        let (outer, inner) = (statements("return g(b, watcher: a)"), expression("g(b, watcher: ⟦a⟧)", "nil"))
        let text = isOuterFirst ? try rewritten(outer, inner) : try rewritten(inner, outer)
        let (outerNumber, innerNumber) = isOuterFirst ? (1, 2) : (2, 1)
        #expect(
            text
                == source.replacing(
                    "return g(b, watcher: a)",
                    with: "if isMutant(\(outerNumber)) {\nm()\n} else {\n"
                        + "return g(b, watcher: (isMutant(\(innerNumber)) ? (nil) : (a)))\n}"))
    }

    @Test("Statements stand around an expression that is all of them", arguments: [false, true])
    func callInPlaceOfStatement(isStatementFirst: Bool) throws {
        let (call, statement) = (expression("note(a)", "skip()"), statements("note(a)", ""))
        let text = isStatementFirst ? try rewritten(statement, call) : try rewritten(call, statement)
        #expect(
            text.contains(#/if isMutant\(.\) \{\n\n\} else \{\n\(isMutant\(.\) \? \(skip\(\)\) : \(note\(a\)\)\)\n\}/#))
    }

    @Test("Mutants in different places do not disturb each other")
    func apart() throws {
        let text = try rewritten(statements("note(a)"), expression("a > 0", "true"), expression("g(b, watcher: ⟦a⟧)"))
        for number in 1...3 { #expect(text.ranges(of: "isMutant(\(number))").count == 1) }
    }

    @Test(
        "What does not fit is refused, with the mutant, the file and the cure",
        arguments: [
            ("h(a)", SchemataError.Reason.notFound, "copy it anew"),
            ("watcher: a", .ambiguous(2), "2 times"),
            ("", .badMarks, "mark one part"),
            ("⟦note(a)", .badMarks, "mark one part"),
            ("⟧note(a)⟦", .badMarks, "mark one part"),
            ("⟦note⟧(⟦a⟧)", .badMarks, "mark one part"),
        ])
    func refusals(original: String, reason: SchemataError.Reason, cure: String) throws {
        let error = try #require(throws: SchemataError.self) { try rewritten(expression(original)) }
        #expect(error.reason == reason)
        for part in ["mutant-1", "Sources/M/F.swift", cure, original] { #expect("\(error)".contains(part)) }
    }

    @Test("Mutants that overlap without one being inside the other are refused")
    func overlap() throws {
        let error = try #require(throws: SchemataError.self) {
            try rewritten(expression("a > 0, b"), expression("b { return"))
        }
        #expect(error.mutant == "mutant-2")
        #expect(error.reason == .overlaps("mutant-1"))
    }
}
