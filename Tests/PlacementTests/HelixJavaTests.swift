import Testing

@testable import Placement

/// What Java does, as a JVM says it.
@Suite("What Java does with names and lots")
struct HelixJavaTests {
    @Test("Names in a hash map are walked as Java walks them", arguments: [
        (5, [5, 4, 3, 2, 1, 0]),
    ])
    func order(count: Int, expected: [Int]) {
        let hashes = (0..<40).map { JavaString("TestDB_\($0)").hashCode }
        print(JavaHashOrder.positions(of: hashes))
    }
}
