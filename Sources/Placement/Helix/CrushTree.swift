/// The tree that CRUSH draws from: the root, fault zones, instances; or the root and instances when zones do not
/// matter.
///
/// Levels of TOPOLOGY above and between them are left out, as Helix does.
struct CrushTree: Sendable {
    /// How often the draw starts anew with another input when it has found too few.
    private static let mostTries = 10

    /// A fault zone.
    struct Zone: Sendable {
        var name: JavaString
        /// Its instances, in the order in which they are numbered.
        var instances: [Int]
        /// The sum of the weights of those that can be drawn.
        var weight: Int64
    }

    /// The zones in the order in which the numbers of instances reach them; every instance is one when they do not
    /// matter.
    let zones: [Zone]
    let root: CrushBucket
    private let inner: [CrushBucket]?

    /// The tree of some instances.
    ///
    /// - Parameters:
    ///   - members: The instances that are in the tree.
    ///   - isLive: By instance: whether it can be drawn. Weight 0 keeps it from being drawn too.
    init(_ problem: NamedProblem, members: [Int], isLive: [Bool]) {
        let weights = problem.weights.indices.map { isLive[$0] ? problem.weights[$0] : 0 }
        let zones = Self.zones(problem, members, weights)
        self.zones = zones
        root = CrushBucket(
            zones.enumerated().map { CrushChild($0.offset, name: $0.element.name, weight: $0.element.weight) })
        guard problem.isZoned else {
            inner = nil
            return
        }
        inner = zones.map { zone in
            CrushBucket(zone.instances.map { CrushChild($0, name: problem.instances[$0], weight: weights[$0]) })
        }
    }

    private static func zones(_ problem: NamedProblem, _ members: [Int], _ weights: [Int64]) -> [Zone] {
        guard problem.isZoned else {
            return members.map { Zone(name: problem.instances[$0], instances: [$0], weight: weights[$0]) }
        }
        var (places, zones): ([Int: Int], [Zone]) = ([:], [])
        for instance in members {
            let zone = problem.zone(instance)
            let place = places[zone] ?? zones.count
            if place == zones.count {
                places[zone] = place
                zones.append(Zone(name: problem.zoneName(zone), instances: [], weight: 0))
            }
            zones[place].instances.append(instance)
            zones[place].weight += weights[instance]
        }
        return zones
    }

    /// The instances for a partition: each in a zone of its own, fewer where there are too few zones.
    func instances(for partition: JavaString, replicas: Int) -> [Int32] {
        var (found, drawn): ([Int32], [Int]) = ([], [])
        var input = UInt32(bitPattern: partition.hashCode)
        for _ in 0..<Self.mostTries where found.count < replicas && drawn.count < root.drawable {
            let known = drawn.count
            root.select(replicas - found.count, input: input, adding: &drawn)
            for position in drawn[known...] {
                if let instance = instance(inZone: root.number(position), input: input) { found.append(instance) }
            }
            input = JenkinsHash.hash(input)
        }
        return found
    }

    private func instance(inZone zone: Int32, input: UInt32) -> Int32? {
        guard let inner else { return Int32(zones[Int(zone)].instances[0]) }
        var drawn: [Int] = []
        inner[Int(zone)].select(1, input: input, adding: &drawn)
        return drawn.first.map { inner[Int(zone)].number($0) }
    }
}
