import RebalancePipeline

/// How even something is, as it is shown.
struct EvennessReport: Encodable, Hashable, Sendable {
    let min: Int
    let max: Int
    let maxMin: Int
    let average: Double

    init(_ evenness: Evenness) {
        (min, max, maxMin) = (evenness.least, evenness.most, evenness.difference)
        average = evenness.average
    }

    /// The smallest and the largest number, once where they are the same.
    var range: String { min == max ? "\(min)" : "\(min)-\(max)" }
}
