import Testing

@testable import MasterSlave

@Suite("A copy of a partition")
struct PartitionCopyTests {
    private func master(_ token: Int64, _ changes: Change...) -> PartitionCopy {
        var copy = PartitionCopy()
        _ = copy.promise(to: token)
        copy.lead(with: token)
        for change in changes { copy.make(change) }
        return copy
    }

    @Test("follows its master change by change")
    func follows() {
        let copy = CopyBox()
        _ = copy.follow(master(5).snapshot)
        #expect(copy.follow(Change(key: "a", value: "1"), at: Position(token: 5, number: 1)))
        #expect(copy.follow(Change(key: "b", value: "2"), at: Position(token: 5, number: 2)))
        #expect(copy.follow(Change(key: "a"), at: Position(token: 5, number: 3)))
        #expect(copy.data == ["b": "2"])
        #expect(copy.position == Position(token: 5, number: 3))
    }

    @Test("makes no change twice, and none before it has those in between")
    func staysInOrder() {
        let copy = CopyBox()
        _ = copy.follow(master(5).snapshot)
        let first = (Change(key: "a", value: "1"), Position(token: 5, number: 1))
        #expect(copy.follow(first.0, at: first.1))
        #expect(copy.follow(Change(key: "a", value: "3"), at: Position(token: 5, number: 3)))
        #expect(copy.position == first.1, "the second one is missing: the master must send everything")
        #expect(copy.follow(Change(key: "a", value: "7"), at: first.1))
        #expect(copy.data == ["a": "1"], "it has number 1 already")
    }

    @Test("refuses a master that was replaced, also before it has heard anything but a promise")
    func refuses() {
        let copy = CopyBox()
        _ = copy.follow(master(5, Change(key: "a", value: "old")).snapshot)
        #expect(copy.promise(to: 9))
        #expect(!copy.promise(to: 8))
        #expect(!copy.follow(Change(key: "a", value: "late"), at: Position(token: 5, number: 2)))
        #expect(!copy.follow(master(5, Change(key: "a", value: "late"), Change(key: "b", value: "late")).snapshot))
        #expect(copy.data == ["a": "old"])
        #expect(copy.follow(master(9, Change(key: "a", value: "new")).snapshot))
        #expect(copy.data == ["a": "new"])
    }

    @Test("is not thrown back by a snapshot that comes late")
    func lateSnapshot() {
        let copy = CopyBox()
        let early = master(5, Change(key: "a", value: "1")).snapshot
        _ = copy.follow(early)
        _ = copy.follow(Change(key: "a", value: "2"), at: Position(token: 5, number: 2))
        #expect(copy.follow(early))
        #expect(copy.data == ["a": "2"])
    }

    @Test("takes over from another only what is more than it has, and keeps its promise")
    func adopts() {
        let copy = CopyBox()
        _ = copy.promise(to: 9)
        copy.adopt(master(5, Change(key: "a", value: "1")).snapshot)
        #expect(copy.data == ["a": "1"])
        copy.adopt(master(4, Change(key: "a", value: "0"), Change(key: "b", value: "0")).snapshot)
        #expect(copy.data == ["a": "1"])
        #expect(copy.newestToken == 9)
        copy.drop()
        #expect(copy.snapshot == Snapshot(position: .zero, data: [:]))
        #expect(!copy.promise(to: 8))
    }

    @Test("of a new master is newer than all copies of the old one")
    func newMaster() {
        let copy = CopyBox(master(5, Change(key: "a", value: "1"), Change(key: "a", value: "2")))
        let old = copy.position
        _ = copy.promise(to: 6)
        copy.lead(with: 6)
        #expect(copy.position > old)
        #expect(copy.data == ["a": "2"])
    }
}

/// A copy as an object, so that an expectation may change it.
@dynamicMemberLookup
private final class CopyBox {
    private var copy: PartitionCopy

    init(_ copy: PartitionCopy = PartitionCopy()) { self.copy = copy }

    subscript<Value>(dynamicMember path: KeyPath<PartitionCopy, Value>) -> Value { copy[keyPath: path] }

    func promise(to token: Int64) -> Bool { copy.promise(to: token) }
    func follow(_ change: Change, at next: Position) -> Bool { copy.follow(change, at: next) }
    func follow(_ snapshot: Snapshot) -> Bool { copy.follow(snapshot) }
    func adopt(_ snapshot: Snapshot) { copy.adopt(snapshot) }
    func lead(with token: Int64) { copy.lead(with: token) }
    func drop() { copy.drop() }
}
