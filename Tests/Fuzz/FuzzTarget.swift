import HelixSimulation
import TestSupport

/// What became of an input.
enum Reception {
    /// It was understood, in whole or in part.
    case accepted
    /// It was refused with an error that says why.
    case refused
}

/// A property that an input has broken.
struct Violation: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Something that reads what others have written.
struct FuzzTarget: Sendable, CustomStringConvertible {
    /// Its name on the command line.
    let name: String
    /// How many of a thousand inputs of a campaign over all targets are its own.
    let share: Int
    /// Makes an input of the generator's numbers, feeds it, and checks what must hold.
    /// - Throws: ``Violation``.
    let run: @Sendable (inout SeededGenerator) async throws -> Reception

    var description: String { name }

    /// All targets, in the order in which a campaign takes them. The shares make 1000.
    static let all: [FuzzTarget] = [
        .recordCodec, .messages, .typedRecords, .stateModels, .paths, .names, .clusters, .znodes,
    ]

    /// The generator of one input: the same for the same seed, target and number, so that each can be had by itself.
    func generator(seed: UInt64, input: Int) -> SeededGenerator {
        // FNV-1a
        let mark = name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        var mixed = SeededGenerator(seed: seed ^ mark)
        return SeededGenerator(seed: mixed.next() &+ UInt64(truncatingIfNeeded: input) &* 0xD134_2543_DE82_EF95)
    }
}

/// - Throws: ``Violation`` when `condition` does not hold.
func require(_ condition: Bool, _ text: @autoclosure () -> String) throws(Violation) {
    if !condition { throw Violation(text()) }
}

extension RandomNumberGenerator {
    /// Whether something shall happen that happens once in `count` times.
    mutating func once(in count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }

    /// One of them, which must not be none.
    mutating func pick<Choice>(_ choices: [Choice]) -> Choice { choices[Int.random(in: choices.indices, using: &self)] }
}
