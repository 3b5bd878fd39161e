import HelixAdmin

/// How far a swap has come, as `helix instance swap status` shows it.
struct SwapReport: Rendering {
    let old: String
    let new: String
    let isReady: Bool
    let replicas: Int
    let mirrored: Int
    let handOvers: Int
    let obstacles: [String]

    init(_ status: SwapStatus) {
        (old, new, isReady) = (status.old, status.new, status.isReady)
        (replicas, mirrored, handOvers) = (status.replicas, status.mirrored, status.tops)
        obstacles = status.obstacles.map(\.description)
    }

    var text: String {
        // Thousands of replicas may differ in the beginning.
        let shown = obstacles.prefix(10).map { "  - \($0)" }
        let more = obstacles.count > 10 ? ["  - and \(obstacles.count - 10) more"] : []
        return ([line] + shown + more).joined(separator: "\n")
    }

    /// The same in one line.
    var line: String {
        let progress = "\(new) has \(mirrored) of \(Phrase.count(replicas, "replica")) of \(old)"
        if isReady {
            return "\(progress): ready; completing hands over \(Phrase.count(handOvers, "top state"))"
        }
        return "\(progress): not ready, \(Phrase.count(obstacles.count, "thing")) in the way"
    }
}
