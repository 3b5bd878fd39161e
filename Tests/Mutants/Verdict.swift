import Foundation

/// How a run of the simulator ended.
enum Ending: Sendable {
    /// With this exit code.
    case ended(code: Int32, output: String, errors: String)
    /// Not by itself: it was killed when its time was over.
    case hung(output: String, errors: String)
}

/// What a run of the simulator says of the program that it simulated.
struct Verdict: Sendable, Hashable, Codable {
    enum Outcome: String, Sendable, Codable {
        /// A seed failed.
        case caught
        /// The program crashed, or ended in a way that says nothing of a seed.
        case crashed
        /// The program did not end in time.
        case hung
        /// Every seed passed.
        case missed
    }

    let outcome: Outcome
    /// The seed that failed.
    var seed: Int?
    /// What was violated, or how the program ended.
    var violation: String?
    /// Whether the program came to the mutated code at all.
    let isReached: Bool

    /// Whether the simulator noticed that something is wrong.
    var isCaught: Bool { outcome != .missed }

    init(_ ending: Ending) {
        let (output, errors): (String, String)
        switch ending {
        case .ended(_, let out, let err), .hung(let out, let err): (output, errors) = (out, err)
        }
        isReached = errors.contains(MutantSwitch.reachedText)
        let failure = output.split(separator: "\n").lazy.compactMap { Failure(line: $0) }.first
        seed = failure?.seed
        violation = failure?.violation
        switch ending {
        case .hung: outcome = .hung
        case .ended(code: 0, _, _): outcome = .missed
        case .ended(code: 1, _, _) where failure != nil: outcome = .caught
        case .ended(let code, _, _):
            outcome = .crashed
            let lines = errors.split(separator: "\n").filter { $0 != MutantSwitch.reachedText }
            let telling = lines.first { $0.contains("rror:") } ?? lines.last
            violation = "exit code \(code)" + (telling.map { ": \($0)" } ?? "")
        }
    }
}

/// A line of the simulator's about a seed that failed: `{"seed": 7, "violations": [...]}`, a violation being a text or
/// an object that names its `invariant`.
private struct Failure: Decodable {
    struct Violation: Decodable {
        let text: String

        private enum Key: CodingKey { case invariant }

        init(from decoder: any Decoder) throws {
            do {
                text = try decoder.singleValueContainer().decode(String.self)
            } catch DecodingError.typeMismatch {
                text = try decoder.container(keyedBy: Key.self).decode(String.self, forKey: .invariant)
            }
        }
    }

    let seed: Int
    let violations: [Violation]

    var violation: String? { violations.first?.text }

    /// - Returns: `nil` for a line about something else, as the summary is.
    init?(line: Substring) {
        do {
            self = try JSONDecoder().decode(Failure.self, from: Data(line.utf8))
        } catch {
            return nil
        }
    }
}
