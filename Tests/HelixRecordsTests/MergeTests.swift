import HelixRecords
import Testing

@Suite("Changing shared records")
struct MergeTests {
    private let base = ZNRecord(
        id: "R", simpleFields: ["a": "1", "b": "2"], listFields: ["l": ["x"], "k": ["z"]],
        mapFields: ["m": ["p": "1", "q": "2"], "n": ["p": "3"]])

    @Test("A merge takes fields over, merges maps and appends lists")
    func merge() {
        var record = base
        record.merge(
            ZNRecord(
                id: "other", simpleFields: ["b": "3", "c": "4"], listFields: ["l": ["x", "y"], "new": []],
                mapFields: ["m": ["q": "5"], "o": ["r": "6"]]))
        #expect(
            record
                == ZNRecord(
                    id: "R", simpleFields: ["a": "1", "b": "3", "c": "4"],
                    listFields: ["l": ["x", "x", "y"], "k": ["z"], "new": []],
                    mapFields: ["m": ["p": "1", "q": "5"], "n": ["p": "3"], "o": ["r": "6"]]))
    }

    @Test("An update replaces whole lists and maps")
    func update() {
        var record = base
        record.update(
            ZNRecord(id: "other", simpleFields: ["b": "3"], listFields: ["l": []], mapFields: ["m": ["q": "5"]]))
        #expect(
            record
                == ZNRecord(
                    id: "R", simpleFields: ["a": "1", "b": "3"], listFields: ["l": [], "k": ["z"]],
                    mapFields: ["m": ["q": "5"], "n": ["p": "3"]]))
    }

    @Test("A subtraction removes what it names, and maps that are then empty")
    func subtract() {
        var record = base
        record.subtract(
            ZNRecord(
                id: "other", simpleFields: ["a": "", "none": ""], listFields: ["k": [], "none": []],
                mapFields: ["m": ["q": "", "none": ""], "n": ["p": ""], "none": ["x": ""]]))
        #expect(
            record
                == ZNRecord(id: "R", simpleFields: ["b": "2"], listFields: ["l": ["x"]], mapFields: ["m": ["p": "1"]]))
        record.subtract(ZNRecord(id: "other", mapFields: ["m": [:]]))
        #expect(record.mapFields.isEmpty)
    }

    @Test("A bucketized record is taken apart by partition number and put together again")
    func buckets() throws {
        let names = [0, 9, 10, 25].map { "a_b_\($0)" }
        let record = ZNRecord(
            id: "R", simpleFields: ["BUCKET_SIZE": "10", "x": "y"],
            listFields: Dictionary(uniqueKeysWithValues: names.map { ($0, [$0]) }),
            mapFields: Dictionary(uniqueKeysWithValues: names.map { ($0, ["i": $0]) }))
        #expect(record.isBucketized)
        let (parent, buckets) = try record.bucketized()
        #expect(parent == ZNRecord(id: "R", simpleFields: record.simpleFields))
        #expect(buckets.map(\.id) == ["a_b_p0-p9", "a_b_p10-p19", "a_b_p20-p29"])
        #expect(Set(buckets[0].mapFields.keys) == ["a_b_0", "a_b_9"])
        #expect(buckets.allSatisfy { $0.simpleFields == record.simpleFields })
        #expect(parent.joined(buckets: buckets) == record)
    }

    @Test("What the parent of buckets holds besides is ignored")
    func parentIgnored() {
        let parent = ZNRecord(id: "R", simpleFields: ["BUCKET_SIZE": "1"], mapFields: ["stale": ["i": "MASTER"]])
        #expect(parent.joined(buckets: []).mapFields.isEmpty)
    }

    @Test("A partition without a number fits no bucket", arguments: ["a", "a_", "a_x", "a_-1", "a_1_"])
    func noBucket(name: String) {
        let record = ZNRecord(id: "R", simpleFields: ["BUCKET_SIZE": "10"], mapFields: [name: [:]])
        #expect(throws: RecordError.self) { try record.bucketized() }
    }

    @Test("A record without a bucket size stays in one piece", arguments: ["0", "-3", "many"])
    func oneBucket(size: String) throws {
        let record = ZNRecord(id: "R", simpleFields: ["BUCKET_SIZE": size], mapFields: ["any name": [:]])
        let (parent, buckets) = try record.bucketized()
        #expect(parent == record && buckets.isEmpty && !record.isBucketized)
    }
}
