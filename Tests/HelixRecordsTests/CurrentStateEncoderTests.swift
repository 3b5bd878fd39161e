import HelixRecords
import HelixSimulation
import TestSupport
import Testing

@Suite("Encoding a current state again and again")
struct CurrentStateEncoderTests {
    @Test("After any changes the bytes are those of the whole record", arguments: [1, 2, 3] as [UInt64])
    func equivalence(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var state = currentState(partitions: Int.random(in: 0...20, using: &generator))
        state.record.listFields["l"] = ["a", "b", "c"]
        state.record.simpleFields["listField.bound"] = "2"
        var encoder = CurrentStateEncoder(state, path: "p")
        for round in 0..<300 {
            let partition = "orders_\(Int.random(in: 0...30, using: &generator))"
            let replica =
                Bool.random(using: &generator) ? ReplicaState(currentState: generator.text()) : nil
            state[partition] = replica
            encoder.set(replica, for: partition)
            #expect(try encoder.encoded() == state.encoded(), "seed \(seed), round \(round)")
            #expect(encoder.isEmpty == state.partitions.isEmpty)
        }
    }

    @Test("It begins with what is there, and ends with nothing")
    func emptying() throws {
        var state = currentState(partitions: 12)
        var encoder = CurrentStateEncoder(state, path: "p")
        #expect(try encoder.encoded() == state.encoded())
        for partition in state.partitions {
            state[partition] = nil
            encoder.set(nil, for: partition)
            encoder.set(nil, for: "never there")
        }
        #expect(encoder.isEmpty)
        #expect(try encoder.encoded() == state.encoded())
    }

    @Test("Compression and limits are those of records")
    func limits() throws {
        var state = currentState(partitions: 50)
        let limits = RecordLimits(writeLimit: 4000, compressionThreshold: 3000)
        let encoder = CurrentStateEncoder(state, path: "/C/INSTANCES/I/CURRENTSTATES/S/orders")
        #expect(try encoder.encoded(limits: limits) == state.record.encoded(limits: limits))
        #expect(try encoder.encoded(limits: limits).first == 0x1F)
        let error = try #require(throws: RecordError.self) {
            try encoder.encoded(limits: RecordLimits(writeLimit: 100))
        }
        #expect(error.path == "/C/INSTANCES/I/CURRENTSTATES/S/orders")
        state.record.simpleFields["enableCompression"] = "true"
        #expect(try CurrentStateEncoder(state, path: "p").encoded() == state.encoded())
    }
}
