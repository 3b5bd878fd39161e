import Foundation
import Testing

@testable import Mutants

@Suite("A mutated copy of a package")
struct TreeTests {
    private let stand: Stand
    private let mutants = [
        Mutant(
            "answer-is-wrong", "It says 41.",
            .expression(in: "Core/Answer.swift", "40 + 2", becomes: "40 + 1")),
        Mutant(
            "answer-depends-on-the-seed", "It is wrong for the third seed.",
            .statements(in: "Core/Answer.swift", "return 40 + 2", become: "return seed == 3 ? 0 : 42")),
        Mutant(
            "answer-is-the-same", "Nobody can tell.",
            .expression(in: "Core/Answer.swift", "40 + 2", becomes: "2 + 40")),
        Mutant(
            "nobody-comes-here", "It is in code that is not run.",
            .expression(in: "Core/Answer.swift", "\"unused\"", becomes: "\"\"")),
    ]

    init() throws {
        stand = try Stand()
        try stand.write(
            "Package.swift",
            """
            // swift-tools-version: 6.2
            import PackageDescription
            let package = Package(
                name: "stand",
                targets: [.target(name: "Core"), .executableTarget(name: "Simulate", dependencies: ["Core"])])
            """)
        try stand.write(
            "Sources/Core/Answer.swift",
            """
            public func answer(seed: Int) -> Int {
                return 40 + 2
            }

            public func name() -> String { "unused" }
            """)
        try stand.write(
            "Sources/Simulate/main.swift",
            """
            import Core
            import Foundation

            let words = CommandLine.arguments
            let (count, first) = (Int(words[3])!, Int(words[5])!)
            for seed in first..<first + count where answer(seed: seed) != 42 {
                print(#"{"seed":\\#(seed),"violations":["answer"]}"#)
                exit(1)
            }
            """)
    }

    private func tree(_ mutants: [Mutant]) -> MutatedTree { MutatedTree(package: stand.folder, mutants: mutants) }

    @Test("Only files that changed are written, and files that are gone go")
    func incremental() throws {
        try stand.write("Sources/Core/Gone.swift", "")
        try tree(mutants).write()
        let copies = ["Package.swift", "Sources/Core/Answer.swift", "Sources/Core/MutantSwitch.swift"]
        func dates() throws -> [Date?] {
            try copies.map {
                let path = stand.folder.appending(path: ".build/mutants/tree/\($0)").path
                return try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
            }
        }
        let before = try dates()
        #expect(stand.has(".build/mutants/tree/Sources/Core/Gone.swift"))
        try FileManager.default.removeItem(at: stand.folder.appending(path: "Sources/Core/Gone.swift"))
        try stand.write("Sources/Simulate/main.swift", "// changed")
        try tree(mutants).write()
        #expect(try dates() == before)
        #expect(!stand.has(".build/mutants/tree/Sources/Core/Gone.swift"))
        #expect(try stand.read(".build/mutants/tree/Sources/Simulate/main.swift") == "// changed")
        #expect(try stand.read("Sources/Core/Answer.swift").contains("isMutant") == false)
    }

    @Test("All mutants that do not fit are named at once, and nothing is written")
    func misfits() throws {
        let misfits = [
            Mutant("file-is-gone", "It was there.", .expression(in: "Core/Gone.swift", "a", becomes: "b")),
            Mutant("code-is-gone", "It was there.", .expression(in: "Core/Answer.swift", "43", becomes: "44")),
        ]
        let error = try #require(throws: MutationErrors.self) { try tree(mutants + misfits).write() }
        for part in ["file-is-gone", "code-is-gone", "Sources/Core/Gone.swift", "Tests/Mutants/List"] {
            #expect("\(error)".contains(part))
        }
        #expect(!stand.has(".build/mutants/tree"))
    }

    @Test("One build has all mutants in it, and each is there only when it is switched on", .timeLimit(.minutes(5)))
    func endToEnd() async throws {
        let tree = tree(mutants)
        try tree.write()
        let simulator = try await Simulator.build("Simulate", of: tree, swift: "swift")
        let trials = Trials(simulator: simulator, firstSeed: 1, seeds: nil, timeLimit: .seconds(60), jobs: 2)
        let results = try await trials.results(of: mutants)
        let seeds = results.mapValues(\.verdict.seed)
        #expect(seeds["answer-is-wrong"] == 1)
        #expect(seeds["answer-depends-on-the-seed"] == 3)
        #expect(results["answer-is-the-same"]?.verdict.outcome == .missed)
        #expect(results["answer-is-the-same"]?.verdict.isReached == true)
        #expect(results["nobody-comes-here"]?.verdict.outcome == .missed)
        #expect(results["nobody-comes-here"]?.verdict.isReached == false)
    }

    @Test("A copy that does not build says so, with what the compiler says and what to do")
    func brokenMutant() async throws {
        let broken = Mutant(
            "not-swift", "It does not compile.",
            .expression(in: "Core/Answer.swift", "40 + 2", becomes: "nonsense"))
        let tree = tree([broken])
        try tree.write()
        do {
            _ = try await Simulator.build("Simulate", of: tree, swift: "swift")
            Issue.record("it was built")
        } catch {
            for part in ["nonsense", "Tests/Mutants/List"] { #expect("\(error)".contains(part)) }
        }
    }
}
