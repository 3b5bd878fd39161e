/// How many of many have how much: classes of equal width, and how many fall into each.
struct Histogram: Sendable, Hashable {
    /// A class.
    struct Bin: Encodable, Sendable, Hashable {
        let from: Int
        let to: Int
        let count: Int

        var range: String { from == to ? "\(from)" : "\(from)-\(to)" }
    }

    let bins: [Bin]

    /// - Parameter limit: how many classes there are at most.
    init(_ values: [Int], limit: Int = 20) {
        guard let least = values.min(), let most = values.max() else {
            bins = []
            return
        }
        let width = (most - least + limit) / limit
        var counts = [Int](repeating: 0, count: (most - least) / width + 1)
        for value in values { counts[(value - least) / width] += 1 }
        bins = counts.enumerated().map { index, count in
            let from = least + index * width
            return Bin(from: from, to: min(from + width - 1, most), count: count)
        }
    }
}

/// A bar of a diagram in the terminal.
enum Bar {
    /// How many characters the longest one has.
    private static let width = 48

    /// How long something is drawn when `most` is the largest; whatever there is has a length.
    static func length(_ value: Int, of most: Int) -> Int {
        if most <= width { return value }
        return value == 0 ? 0 : max(1, (value * width + most / 2) / most)
    }

    /// A bar whose first part is marked.
    static func text(_ value: Int, marked: Int = 0, of most: Int) -> String {
        let dark = length(marked, of: most)
        return String(repeating: "█", count: dark)
            + String(repeating: "░", count: max(0, length(value, of: most) - dark))
    }
}
