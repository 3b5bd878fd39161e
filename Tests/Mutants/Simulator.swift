import Foundation
import TestSupport

/// The simulator, as a program that has all mutants in it.
struct Simulator: Sendable {
    /// The seeds of a run.
    struct Seeds: Sendable {
        let first: Int
        let count: Int
    }

    let program: URL

    /// Builds the product of a mutated tree.
    static func build(_ product: String, of tree: MutatedTree, swift: String) async throws -> Simulator {
        let command = try RunningCommand(
            executable: URL(filePath: "/usr/bin/env"),
            [
                swift, "build", "--package-path", tree.tree.path, "--scratch-path", tree.scratch.path,
                "-c", "release", "--product", product,
            ])
        let result = try await command.ended()
        guard result.code == 0 else {
            throw Unexpected(
                description: """
                    \(result.output)\(result.errors)
                    The mutated copy does not build. Where the error is in a choice (isMutant), correct that mutant in \
                    Tests/Mutants/List; else build the product first (make build), then remove .build/mutants if this \
                    stays.
                    """)
        }
        return Simulator(program: tree.scratch.appending(path: "release/\(product)"))
    }

    /// A smaller cluster than the standard one shows the same faults in less time.
    private static let size = ["--participants", "12", "--spectators", "3"]

    /// Runs seeds up to the first that fails.
    /// - Parameter mutant: the name of the one that is switched on.
    func run(_ seeds: Seeds, mutant: String?, limit: Duration) async throws -> Ending {
        let command = try RunningCommand(
            executable: program,
            [
                "run", "--seeds", "\(seeds.count)", "--first-seed", "\(seeds.first)", "--until-failure",
                "--format", "json", "--workers", "1",
            ] + Self.size,
            environment: [MutantSwitch.variable: mutant ?? ""])
        return try await withThrowingTaskGroup(of: Ending.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                let result = try await command.ended()
                return .ended(code: result.code, output: result.output, errors: result.errors)
            }
            group.addTask {
                try await Task.sleep(for: limit)
                return .hung(output: command.output, errors: command.errors)
            }
            guard let ending = try await group.next() else { throw CancellationError() }
            return ending
        }
    }
}
