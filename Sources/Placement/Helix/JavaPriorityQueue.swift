/// The heap of `java.util.PriorityQueue`: which of several equal elements comes first depends on how it moves them.
struct JavaPriorityQueue<Element: Comparable & Sendable>: Sendable {
    private var heap: [Element] = []

    mutating func add(_ element: Element) {
        heap.append(element)
        var hole = heap.count - 1
        while hole > 0 {
            let parent = (hole - 1) / 2
            if element >= heap[parent] { break }
            heap[hole] = heap[parent]
            hole = parent
        }
        heap[hole] = element
    }

    /// Takes out the least element. To remove the first of an iteration, again and again, does the same.
    mutating func poll() -> Element? {
        guard let last = heap.popLast() else { return nil }
        guard let first = heap.first else { return last }
        var hole = 0
        while 2 * hole + 1 < heap.count {
            let (left, right) = (2 * hole + 1, 2 * hole + 2)
            let child = right < heap.count && heap[left] > heap[right] ? right : left
            if last <= heap[child] { break }
            heap[hole] = heap[child]
            hole = child
        }
        heap[hole] = last
        return first
    }
}
