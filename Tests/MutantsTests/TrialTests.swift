import Foundation
import Testing

@testable import Mutants

@Suite("Every mutant is tried out on the simulator")
struct TrialTests {
    private func mutant(_ name: String, within: Int = 200) -> Mutant { Mutant(name, "It is wrong.", within: within) }

    @Test("Caught, crashed, hung and missed are told apart; the product itself comes first", .timeLimit(.minutes(5)))
    func outcomes() async throws {
        let stand = try Stand()
        let simulator = try stand.simulator(
            """
            case "$HELIX_MUTANT" in
            "") echo '{"seeds":200,"failures":0}';;
            caught) echo '{"seed":14,"violations":["one-master"]}'; exit 1;;
            crashed) echo 'Fatal error: gone' >&2; kill -SEGV $$;;
            hung) exec sleep 600;;
            *) echo 'mutant reached' >&2;;
            esac
            """)
        let trials = Trials(simulator: simulator, firstSeed: 10, seeds: nil, timeLimit: .seconds(2), jobs: 2)
        let results = try await trials.results(of: ["caught", "crashed", "hung", "missed"].map { mutant($0) })
        #expect(
            results.mapValues(\.verdict.outcome) == [
                "caught": .caught, "crashed": .crashed, "hung": .hung, "missed": .missed,
            ])
        let report = Report(format: .text, mutants: results.values.map(\.mutant))
        let rows = try results.mapValues { try report.text(of: $0) }
        #expect(rows["caught"]?.contains(#/^caught   5 of 200 .*one-master$/#) == true, "\(rows)")
        #expect(rows["crashed"]?.contains("CRASH exit code 139: Fatal error: gone") == true, "\(rows)")
        #expect(rows["hung"]?.contains("HANG") == true, "\(rows)")
        #expect(rows["missed"]?.contains(#/NOT CAUGHT .*its code was reached$/#) == true, "\(rows)")
        #expect(report.summary(of: Array(results.values)) == "3 of 4 mutants caught; not caught: missed")
        let caught = try #require(results["caught"])
        let line = try Report(format: .json, mutants: []).text(of: caught)
        let start = #"{"mutant":"caught","seconds":"#
        let end = #""verdict":{"isReached":false,"outcome":"caught","seed":14,"violation":"one-master"}}"#
        #expect(line.hasPrefix(start) && line.hasSuffix(end) && line.contains(#""seedNumber":5"#), "\(line)")
    }

    @Test("The program gets the seeds that a mutant asks for, or those that are set", arguments: [nil, 3])
    func seeds(set: Int?) async throws {
        let stand = try Stand()
        let simulator = try stand.simulator(#"echo "$HELIX_MUTANT $*" >> "$(dirname "$0")/calls""#)
        let trials = Trials(simulator: simulator, firstSeed: 5, seeds: set, timeLimit: .seconds(20), jobs: 1)
        _ = try await trials.results(of: [mutant("few", within: 10), mutant("many", within: 90)])
        func call(_ name: String, _ count: Int) -> String {
            "\(name) run --seeds \(set ?? count) --first-seed 5 --until-failure --format json"
                + " --workers 1 --participants 12 --spectators 3"
        }
        #expect(
            try stand.read("calls") == [call("", 90), call("few", 10), call("many", 90), ""].joined(separator: "\n"))
    }

    @Test("If the product itself fails, no mutant is tried")
    func unfitProduct() async throws {
        let stand = try Stand()
        let simulator = try stand.simulator(
            #"echo x >> "$(dirname "$0")/calls"; echo '{"seed":3,"violations":["stall"]}'; exit 1"#)
        let trials = Trials(simulator: simulator, firstSeed: 1, seeds: nil, timeLimit: .seconds(20), jobs: 2)
        let error = await #expect(throws: UnfitProduct.self) { try await trials.results(of: [mutant("any-one")]) }
        #expect(error.map { "\($0)".contains("seed 3") && "\($0)".contains("stall") } == true)
        #expect(try stand.read("calls") == "x\n")
    }
}
