import Testing

@testable import Mutants

@Suite("What a run of the simulator says of a mutant")
struct VerdictTests {
    private static let summary = #"{"seeds":200,"failures":0}"#
    private static let failure = #"{"seed":7,"violations":["two masters","stall"]}"#

    @Test("A seed that failed catches it: the first one counts")
    func caught() {
        let output = Self.failure + "\n" + #"{"seed":9,"violations":["stall"]}"# + "\n" + Self.summary
        let verdict = Verdict(.ended(code: 1, output: output, errors: "mutant reached\n"))
        #expect(verdict.outcome == .caught)
        #expect(verdict.seed == 7)
        #expect(verdict.violation == "two masters")
        #expect(verdict.isReached)
    }

    @Test("A violation may be an object that names its invariant, or there may be none")
    func violations() {
        let object = #"{"seed":7,"violations":[{"invariant":"one-master","step":12}],"steps":400}"#
        #expect(Verdict(.ended(code: 1, output: object, errors: "")).violation == "one-master")
        let none = Verdict(.ended(code: 1, output: #"{"seed":7,"violations":[]}"#, errors: ""))
        #expect(none.outcome == .caught)
        #expect(none.violation == nil)
    }

    @Test("Where every seed passed it was missed, whether its code was reached or not", arguments: [false, true])
    func missed(isReached: Bool) {
        let verdict = Verdict(
            .ended(code: 0, output: Self.summary, errors: isReached ? "log\nmutant reached\n" : "log\n"))
        #expect(verdict.outcome == .missed)
        #expect(!verdict.isCaught)
        #expect(verdict.isReached == isReached)
        #expect(verdict.seed == nil)
    }

    @Test(
        "A crash is caught, and told from a violation; the line that says why is kept",
        arguments: [
            (133, "a.swift:7: Fatal error: Index out of range\nbacktrace", "Fatal error: Index out of range"),
            (1, "Error: no such cluster", "no such cluster"),
            (139, "", "exit code 139"),
        ] as [(Int32, String, String)])
    func crashed(code: Int32, errors: String, reason: String) {
        let verdict = Verdict(.ended(code: code, output: "", errors: errors))
        #expect(verdict.outcome == .crashed)
        #expect(verdict.isCaught)
        #expect(verdict.violation?.contains(reason) == true)
    }

    @Test("A run that does not end is caught, and told from a violation")
    func hung() {
        let verdict = Verdict(.hung(output: "", errors: "mutant reached"))
        #expect(verdict.outcome == .hung)
        #expect(verdict.isCaught)
        #expect(verdict.isReached)
    }
}
