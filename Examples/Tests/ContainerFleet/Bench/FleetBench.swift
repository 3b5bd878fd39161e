import Foundation

/// Measures what a fleet of a thousand hosts costs its masters: a line of JSON, and what it says in words.
///
///     make fleet-bench
///     make fleet-bench ARGS='--hosts 100'
@main
struct FleetBench {
    static func main() async throws {
        let hosts = try number(after: "--hosts") ?? 1_000
        let status = try await StatusBench.run(hosts: hosts, jobs: 20)
        let rollout = try await RolloutBench.run(hosts: hosts, parallelism: max(1, hosts / 20))
        let figures = Figures(hosts: hosts, status: status, rollout: rollout)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        print(String(decoding: try encoder.encode(figures), as: UTF8.self))
        print(status.text)
        print(rollout.text)
        if !status.isGood || !rollout.isGood { exit(1) }
    }

    private struct Figures: Encodable {
        var hosts: Int
        var status: StatusBench.Figures
        var rollout: RolloutBench.Figures
    }

    private static func number(after option: String) throws -> Int? {
        let arguments = CommandLine.arguments
        guard let index = arguments.firstIndex(of: option) else { return nil }
        guard index + 1 < arguments.count, let number = Int(arguments[index + 1]), number >= 20 else {
            throw UsageError(description: "\(option) needs a number, 20 or more")
        }
        return number
    }
}

struct UsageError: Error, CustomStringConvertible {
    let description: String
}

extension Duration {
    /// Milliseconds, with parts.
    var milliseconds: Double {
        Double(components.seconds) * 1_000 + Double(components.attoseconds) / 1e15
    }
}
