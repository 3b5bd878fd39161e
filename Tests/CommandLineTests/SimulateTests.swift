import Foundation
import TestSupport
import Testing

@Suite("The simulator as a program")
struct SimulateTests {
    private func simulate(_ arguments: [String]) async throws -> HelixBinary.Result {
        let simulator = HelixBinary.url.deletingLastPathComponent().appending(path: "Simulate")
        return try await RunningCommand(executable: simulator, arguments).ended()
    }

    @Test("one seed is the same run in every process, to the last step", arguments: [3, 1_000_003])
    func sameTrace(seed: Int) async throws {
        let arguments = ["replay", "\(seed)", "--no-shrink"]
        let first = try await simulate(arguments)
        let second = try await simulate(arguments)
        #expect(first.code == 0, "\(first.lines.suffix(5))")
        #expect(first.lines.contains { $0.hasPrefix("seed \(seed), trace ") })
        #expect(first.output == second.output)
    }

    @Test("a run of some seeds says how many there were, and that nothing was found")
    func run() async throws {
        let result = try await simulate(["run", "--seeds", "3"])
        #expect(result.code == 0, "\(result.output)")
        #expect(result.errors.hasPrefix("3 runs, 0 with violations or stalls"))
    }

    @Test(
        "what makes no sense is refused before anything runs",
        arguments: [["run", "--seeds", "0"], ["replay"], ["run", "--participants", "0"], ["run", "--format", "xml"]])
    func refused(arguments: [String]) async throws {
        let result = try await simulate(arguments)
        #expect(result.code == 64)
        #expect(result.output.isEmpty)
        #expect(result.errors.contains("Error:"))
    }
}
