import Synchronization

/// A number that many may read and change: time, made by hand.
final class Counter: Sendable {
    private let value: Atomic<Int64>

    init(_ start: Int64) { value = Atomic(start) }

    /// The number.
    var next: @Sendable () -> Int64 { { self.value.load(ordering: .relaxed) } }

    func add(_ more: Int64) { value.add(more, ordering: .relaxed) }
}
