import ArgumentParser
import Foundation
import UnixSignals

/// Proves that the simulator finds faults: commits many, one at a time, and looks whether each is found.
@main
struct MutantsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Mutants",
        abstract: "Commit faults in a copy of the product, one at a time, and see whether the simulator finds each.",
        discussion: """
            The copy is kept in .build/mutants and has all mutants in it; an environment variable switches one on. First \
            the product itself has to pass every seed. It is an error if a mutant is not caught, or if the code that it \
            replaces has changed.

            Examples:
              make mutants                                          all of them
              make mutants ARGS='--only leader-writes-without-fence --seeds 1000'
              make mutants ARGS='--list'                            what they are
              make mutants ARGS='--build-only --product helix'      whether they compile
            """)

    @Option(help: "Only the mutant with this name; may be given several times.")
    var only: [String] = []

    @Flag(help: "Print the list of mutants, and do nothing else.")
    var list = false

    @Flag(help: "Build the mutated copy, and do nothing else.")
    var buildOnly = false

    @Option(help: "How to print.")
    var format = Format.text

    @Option(help: "The first seed.")
    var firstSeed = 1

    @Option(help: "How many seeds every mutant gets; as many as the list says unless set.")
    var seeds: Int?

    @Option(help: "How many seconds a run may take; three times the product's own run, if that is more.")
    var timeLimit = 300

    @Option(help: "How many run at once.")
    var jobs = 2

    @Option(help: "The program to build and run.")
    var product = "Simulate"

    @Option(help: "The folder of the package.")
    var package = "."

    @Option(help: "The swift command to build with.")
    var swift = "swift"

    func validate() throws {
        for (name, value) in [("seeds", seeds ?? 1), ("jobs", jobs), ("time-limit", timeLimit)] where value < 1 {
            throw ValidationError("--\(name) is \(value); give 1 or more")
        }
        let names = Set(Mutant.all.map(\.name))
        if let unknown = only.first(where: { !names.contains($0) }) {
            throw ValidationError("there is no mutant \(unknown); --list names them all")
        }
    }

    func run() async throws {
        let mutants = only.isEmpty ? Mutant.all : Mutant.all.filter { only.contains($0.name) }
        let report = Report(format: format, mutants: mutants)
        if list { return try mutants.forEach { print(try report.text(of: $0)) } }
        // When the program is told to end, what it has started ends with it.
        let isAllCaught = try await withThrowingTaskGroup(of: Bool.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await tryOut(mutants, report) }
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { break }
                throw ExitCode(130)
            }
            return try await group.next() ?? false
        }
        if !isAllCaught { throw ExitCode.failure }
    }

    /// - Returns: whether all were caught.
    private func tryOut(_ mutants: [Mutant], _ report: Report) async throws -> Bool {
        let tree = MutatedTree(package: URL(filePath: package), mutants: Mutant.all)
        try tree.write()
        note("Building \(product) with \(Mutant.all.count) mutants")
        let simulator = try await Simulator.build(product, of: tree, swift: swift)
        if buildOnly { return true }
        let trials = Trials(
            simulator: simulator, firstSeed: firstSeed, seeds: seeds, timeLimit: .seconds(timeLimit), jobs: jobs)
        note("Running the product itself")
        let productTime = try await trials.checkProduct(for: mutants)
        if let header = report.header { print(header) }
        var results: [Trials.Result] = []
        try await trials.run(mutants, productTime: productTime) { result in
            print(try report.text(of: result))
            fflush(nil)
            results.append(result)
        }
        if let summary = report.summary(of: results) { print(summary) }
        return results.allSatisfy(\.verdict.isCaught)
    }

    private func note(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }
}
