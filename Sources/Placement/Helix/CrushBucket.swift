#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// A child of an inner node of the tree.
struct CrushChild: Sendable {
    /// What the child stands for, as the owner of the tree numbers it.
    var number: Int32
    /// The start of the SHA-1 of its name, which the draw hashes.
    var id: UInt32
    /// The Java hash of its name, which decides between equal straws.
    var hashCode: Int32
    /// 0 takes it out of the draw.
    var weight: Int64

    /// A child of this name.
    init(_ number: Int, name: JavaString, weight: Int64) {
        self.init(number, id: Self.id(of: name), hashCode: name.hashCode, weight: weight)
    }

    init(_ number: Int, id: UInt32, hashCode: Int32, weight: Int64) {
        self.number = Int32(number)
        self.id = id
        self.hashCode = hashCode
        self.weight = weight
    }

    /// The number of a node: what the draw hashes.
    static func id(of name: JavaString) -> UInt32 {
        SHA1.digest(Array(String(decoding: name.units, as: UTF16.self).utf8))[0]
    }
}

/// An inner node of the tree: its children draw straws, and the longest wins ("straw" bucket of CRUSH).
struct CrushBucket: Sendable {
    /// How often a child that is out may win before a replica is given up.
    private static let mostLoops = 50
    /// The children in the order in which they are asked; an equal straw does not beat an earlier one. It is that of
    /// the hash map that Java keeps the straws in.
    private let numbers: [Int32]
    private let ids: [JenkinsHash.Lanes]
    private let lengths: [Int64]
    private let isOut: [Bool]
    /// How many children can be drawn. Of two with one number the shorter straw never wins.
    let drawable: Int
    /// How many draws a replica gets: more than equal straws ever need.
    private let mostDraws: Int

    init(_ children: [CrushChild]) {
        // Java's sort is stable; Swift's is said to be only by its implementation.
        let byWeight = children.enumerated()
            .sorted { ($1.element.weight, $0.offset) < ($0.element.weight, $1.offset) }.map(\.element)
        let straws = Self.lengths(ofDescending: byWeight.map(\.weight))
        let order = JavaHashOrder.positions(of: byWeight.map(\.hashCode))
        numbers = order.map { byWeight[$0].number }
        isOut = order.map { byWeight[$0].weight == 0 }
        drawable = Set(order.filter { byWeight[$0].weight != 0 && straws[$0] > 0 }.map { byWeight[$0].id }).count
        mostDraws = max((1 << 19) / max(1, order.count), 16 * order.count)
        let padding = (8 - order.count % 8) % 8
        lengths = order.map { straws[$0] } + Array(repeating: -1, count: padding)
        let ids = order.map { byWeight[$0].id } + Array(repeating: 0, count: padding)
        self.ids = stride(from: 0, to: ids.count, by: 8).map { JenkinsHash.Lanes(ids[$0..<$0 + 8]) }
    }

    /// What the child at a position stands for.
    func number(_ position: Int) -> Int32 { numbers[position] }

    /// Draws `count` more positions beside those that were drawn before; fewer where there are no more.
    ///
    /// A straw that is much shorter than the others hardly wins against all of them. Java draws on, if need be for
    /// ever; here it ends after ``mostDraws``, and the first ones that are left are taken.
    func select(_ count: Int, input: UInt32, adding drawn: inout [Int]) {
        let known = drawn.count
        for replica in stride(from: 1, through: count, by: 1) {
            if drawn.count >= drawable { return }
            switch select(replica: replica, input: input, besides: drawn) {
            case .won(let position): drawn.append(position)
            case .givenUp: continue
            case .endless: return fill(count + known, &drawn)
            }
        }
    }

    private enum Outcome {
        case won(Int)
        /// Children that are out have won too often.
        case givenUp
        case endless
    }

    private func select(replica: Int, input: UInt32, besides drawn: [Int]) -> Outcome {
        var loops = 0
        for failures in 0..<mostDraws {
            let position = draw(input: input, round: UInt32(truncatingIfNeeded: replica + failures))
            if drawn.contains(position) { continue }
            if !isOut[position] { return .won(position) }
            if loops == Self.mostLoops { return .givenUp }
            loops += 1
        }
        return .endless
    }

    private func fill(_ count: Int, _ drawn: inout [Int]) {
        for position in isOut.indices where drawn.count < count && !isOut[position] && !drawn.contains(position) {
            drawn.append(position)
        }
    }

    private func draw(input: UInt32, round: UInt32) -> Int {
        let input = JenkinsHash.Lanes(repeating: input)
        let round = JenkinsHash.Lanes(repeating: round)
        var (longest, winner): (Int64, Int) = (-1, 0)
        for block in ids.indices {
            let hashes = JenkinsHash.hash(input, ids[block], round) & JenkinsHash.Lanes(repeating: 0xFFFF)
            for lane in 0..<8 {
                let length = Int64(hashes[lane]) &* lengths[8 * block + lane]
                if length > longest { (longest, winner) = (length, 8 * block + lane) }
            }
        }
        return winner
    }
}

extension CrushBucket {
    /// The lengths of straws by weight, the greatest weight first; 65,536 is the longest.
    ///
    /// The steps and the precision of each are Java's, also where CRUSH means the weights to ascend.
    static func lengths(ofDescending weights: [Int64]) -> [Int64] {
        var (straw, below, last): (Float, Float, Float) = (1, 0, 0)
        var left = weights.count
        var result = [Int64](repeating: 0, count: weights.count)
        for (index, weight) in weights.enumerated() where weight != 0 {
            result[index] = length(straw)
            guard index + 1 < weights.count, weights[index + 1] != weight else { continue }
            let next = weights[index + 1]
            below += (Float(weight) - last) * Float(left)
            left -= weights[(index + 1)...].prefix { $0 == next }.count
            let share = below / (below + Float(Int64(left) &* (next &- weight)))
            straw = Float(Double(straw) * pow(1 / Double(share), 1 / Double(left)))
            last = Float(weight)
        }
        return result
    }

    /// Java's conversion: what is no number is 0.
    private static func length(_ straw: Float) -> Int64 { Int64(exactly: (straw * 65536).rounded(.towardZero)) ?? 0 }
}
