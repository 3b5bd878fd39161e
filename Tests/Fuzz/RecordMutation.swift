import HelixRecords
import HelixSimulation
import TestSupport

/// Changes to the fields of a record, which stays one.
enum RecordMutation {
    /// One to four fields changed.
    static func apply(to record: inout ZNRecord, _ generator: inout SeededGenerator) {
        for _ in 0..<Int.random(in: 1...4, using: &generator) { step(&record, &generator) }
    }

    private static func step(_ record: inout ZNRecord, _ generator: inout SeededGenerator) {
        switch Int.random(in: 0..<12, using: &generator) {
        case 0, 1, 2: change(&record.simpleFields, &generator)
        case 3: record.simpleFields[Vocabulary.word(&generator)] = Vocabulary.word(&generator)
        case 4, 5: changeList(&record, &generator)
        case 6, 7: changeMap(&record, &generator)
        case 8: record.listFields[Vocabulary.word(&generator)] = words(&generator)
        case 9:
            record.mapFields[Vocabulary.word(&generator)] = [Vocabulary.word(&generator): Vocabulary.word(&generator)]
        case 10: record.id = Vocabulary.word(&generator)
        default: swapKinds(&record, &generator)
        }
    }

    /// One entry gets another value, another key, or goes.
    private static func change(_ fields: inout [String: String], _ generator: inout SeededGenerator) {
        guard let key = fields.keys.sorted().randomElement(using: &generator) else { return }
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: fields[key] = nil
        case 1: fields[Vocabulary.word(&generator)] = fields.removeValue(forKey: key)
        case 2:
            var bytes = Array((fields[key] ?? "").utf8)
            ByteMutation.apply(to: &bytes, &generator)
            fields[key] = String(decoding: bytes, as: UTF8.self)
        default: fields[key] = Vocabulary.word(&generator)
        }
    }

    private static func changeList(_ record: inout ZNRecord, _ generator: inout SeededGenerator) {
        guard let key = record.listFields.keys.sorted().randomElement(using: &generator) else { return }
        var list = record.listFields[key] ?? []
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: record.listFields[key] = nil
        case 1: list += list
        case 2: list.shuffle(using: &generator)
        case 3: list.insert(Vocabulary.word(&generator), at: Int.random(in: 0...list.count, using: &generator))
        default:
            if !list.isEmpty { list[Int.random(in: list.indices, using: &generator)] = Vocabulary.word(&generator) }
        }
        if record.listFields[key] != nil { record.listFields[key] = list }
    }

    private static func changeMap(_ record: inout ZNRecord, _ generator: inout SeededGenerator) {
        guard let key = record.mapFields.keys.sorted().randomElement(using: &generator) else { return }
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: record.mapFields[key] = nil
        case 1: record.mapFields[Vocabulary.word(&generator)] = record.mapFields[key]
        case 2: record.mapFields[key]?[Vocabulary.word(&generator)] = Vocabulary.word(&generator)
        default: change(&record.mapFields[key, default: [:]], &generator)
        }
    }

    /// What one map of the record has appears in another.
    private static func swapKinds(_ record: inout ZNRecord, _ generator: inout SeededGenerator) {
        if let key = record.listFields.keys.sorted().randomElement(using: &generator) {
            record.simpleFields[key] = record.listFields[key]?.joined(separator: ",")
        }
        if let key = record.simpleFields.keys.sorted().randomElement(using: &generator) {
            record.listFields[key] = record.simpleFields[key].map { [$0] }
        }
    }

    private static func words(_ generator: inout SeededGenerator) -> [String] {
        (0..<Int.random(in: 0...5, using: &generator)).map { _ in Vocabulary.word(&generator) }
    }
}
