import HelixRecords
import TestSupport
import Testing

@testable import Fuzz

@Suite("Input that nobody has meant", .timeLimit(.minutes(5)))
struct FuzzTests {
    /// A bounded part of what `make fuzz` does; a failure names the command that repeats it.
    @Test("Every target stands what a seed makes of 10,000 inputs", arguments: FuzzTarget.all)
    func slice(target: FuzzTarget) async {
        let inputs = 10_000 * target.share / 1000
        let result = await Campaign(target: target, seed: 1, inputs: 0..<inputs).run()
        #expect(result.violations == [])
        #expect(result.accepted > 0 && result.accepted <= inputs, "the inputs are not what the target reads")
    }

    @Test("The shares of the targets make a thousand, and their names differ")
    func shares() {
        #expect(FuzzTarget.all.map(\.share).reduce(0, +) == 1000)
        #expect(Set(FuzzTarget.all.map(\.name)).count == FuzzTarget.all.count)
    }

    @Test("An input is the same each time, and another for another seed, number or target")
    func repeatable() throws {
        func data(_ seed: UInt64, _ input: Int, _ target: FuzzTarget = .recordCodec) throws -> [UInt8] {
            var generator = target.generator(seed: seed, input: input)
            // A few in a row, since short ones may be alike.
            return try (0..<8).flatMap { _ in try CodecInput.make(&generator) }
        }
        #expect(try data(1, 7) == data(1, 7))
        #expect(try Set([data(1, 7), data(1, 8), data(2, 7), data(1, 7, .messages)]).count == 4)
    }

    @Test("A violation is found and named with the command that repeats it; not all of many are told")
    func violations() async {
        let target = FuzzTarget(name: "odd", share: 0) { generator in
            throw Violation("no")
        }
        let result = await Campaign(target: target, seed: 3, inputs: 0..<100).run()
        #expect(result.violations.count == 5 && result.accepted == 0)
        #expect(result.violations[1].contains("no") && result.violations[1].contains("--target odd --seed 3 --input 1"))
    }
}
