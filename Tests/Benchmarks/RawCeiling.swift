import Coordination
import Foundation
import ZooKeeper

/// What this server can do for a bare client in this run: the yardstick of all other figures.
struct RawCeiling {
    let connectText: String
    let report: Report
    let scenario: String
    let isQuick: Bool

    private static let depth = 512

    /// - Returns: single sets a second.
    func measure(payload: Int) async throws -> Double {
        let count = isQuick ? 4_096 : 40_960
        let connectText = connectText
        return try await ZooKeeperCoordination(connectText).withSession { session in
            let data = [UInt8](repeating: 0x61, count: payload)
            try await session.create("/ceiling")
            for result in await session.write((0..<Self.depth).map { .create("/ceiling/n\($0)", data: data) }) {
                _ = try result.get()
            }
            let sets = try await rate(count) { _ in
                for result in await session.write((0..<Self.depth).map { .set("/ceiling/n\($0)", data: data) }) {
                    _ = try result.get()
                }
            }
            let gets = try await rate(count) { _ in
                for result in await session.read((0..<Self.depth).map { .get("/ceiling/n\($0)") }) {
                    _ = try result.get()
                }
            }
            let creates = try await rate(count) { round in
                let transactions = (0..<Self.depth / 64).map { batch in
                    (0..<64).map { WriteOperation.create("/ceiling/m\(round)-\(batch)-\($0)", data: data) }
                }
                for result in await session.commit(transactions) { _ = try result.get() }
            }
            try await session.deleteRecursively("/ceiling")
            report.add(scenario, "ceiling: single sets", sets, "1/s")
            report.add(scenario, "ceiling: creates in transactions of 64", creates, "1/s")
            report.add(scenario, "ceiling: gets", gets, "1/s")
            return sets
        }
    }

    /// The best of three runs: the first ones warm the server up.
    private func rate(_ count: Int, _ round: (Int) async throws -> Void) async throws -> Double {
        var best = 0.0
        for run in 0..<3 {
            let rounds = count / Self.depth
            let begin = ContinuousClock.now
            for index in 0..<rounds { try await round(run * rounds + index) }
            best = max(best, Double(rounds * Self.depth) / (ContinuousClock.now - begin).inSeconds)
        }
        return best
    }
}
