/// What is due at a later time, as a heap; among equal times what was scheduled first comes first.
struct TimerQueue<Element> {
    private struct Entry {
        let time: Int64
        let number: UInt64
        let element: Element

        func isBefore(_ other: Entry) -> Bool { (time, number) < (other.time, other.number) }
    }

    private var heap: [Entry] = []
    private var scheduled: UInt64 = 0

    /// When the first element is due, in nanoseconds.
    var first: Int64? { heap.first?.time }

    mutating func schedule(_ element: Element, at time: Int64) {
        scheduled += 1
        heap.append(Entry(time: time, number: scheduled, element: element))
        var place = heap.count - 1
        while place > 0, heap[place].isBefore(heap[(place - 1) / 2]) {
            heap.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    mutating func popFirst() -> Element? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first.element }
        heap[0] = last
        var place = 0
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < heap.count {
                if heap[child].isBefore(heap[least]) { least = child }
            }
            guard least != place else { return first.element }
            heap.swapAt(place, least)
            place = least
        }
    }

    mutating func removeAll() { heap = [] }
}
