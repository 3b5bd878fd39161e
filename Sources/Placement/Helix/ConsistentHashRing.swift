/// A ring of hashes on which every instance has a thousand places: who follows a hash takes over.
struct ConsistentHashRing: Sendable {
    private static let tokensPerInstance = 1000

    private let tokens: [UInt32]
    private let instances: [Int32]

    /// A ring of instances. Where two have the same place it goes to the one that comes last.
    init(_ members: [Int], names: [JavaString]) {
        var entries: [(token: UInt32, turn: Int32, instance: Int32)] = []
        entries.reserveCapacity(members.count * Self.tokensPerInstance)
        for (turn, instance) in members.enumerated() {
            for token in Self.tokens(of: names[instance]) { entries.append((token, Int32(turn), Int32(instance))) }
        }
        entries.sort { ($0.token, $0.turn) < ($1.token, $1.turn) }
        let last = entries.indices.filter { $0 + 1 == entries.count || entries[$0].token != entries[$0 + 1].token }
        tokens = last.map { entries[$0].token }
        instances = last.map { entries[$0].instance }
    }

    private static func tokens(of name: JavaString) -> [UInt32] {
        let hash = JenkinsHash.Lanes(repeating: UInt32(bitPattern: name.hashCode))
        let steps = JenkinsHash.Lanes(0, 1, 2, 3, 4, 5, 6, 7)
        return stride(from: 0, to: UInt32(tokensPerInstance), by: 8).flatMap { start in
            let tokens = JenkinsHash.hash(hash, steps &+ start)
            return tokens.indices.map { tokens[$0] }
        }
    }

    /// The instances from where a value hashes to as far as the end; Java does not go round.
    func instances(from value: UInt32) -> ArraySlice<Int32> {
        let hash = JenkinsHash.hash(value)
        var (low, high) = (0, tokens.count)
        while low < high {
            let middle = (low + high) / 2
            if tokens[middle] < hash { low = middle + 1 } else { high = middle }
        }
        return instances[low...]
    }
}
