/// Shares of several resources at once, so that every one of them is even over the instances and all of them together
/// are too.
///
/// A resource's share is `base` for every instance, and one more (an extra) for some. Who gets the extras decides what
/// has to move and how even the totals are. An extra costs nothing where an instance has that many already, and one
/// move elsewhere. First every resource takes its cheapest extras; then, as long as one instance has at least two more
/// in total than another, extras are passed on from one to the other along the cheapest chain. That is a flow of minimum
/// cost (successive shortest paths), so the totals become even at the least cost.
struct JointShares {
    /// What one resource brings along.
    struct Demand {
        var shares: SharePools
        /// By instance: how much it has. Instances that are not eligible for the resource are not in its pools.
        var load: [Int32]
    }

    private let demands: [Demand]
    private let instanceCount: Int
    /// By resource and instance: whether it has an extra.
    private var hasExtra: [[Bool]]
    private var total: [Int]

    /// - Parameters:
    ///   - demands: all with the same instances.
    ///   - fixed: by instance: what it has besides, to be evened out too.
    ///   - elsewhere: by instance: what only breaks ties.
    init(_ demands: [Demand], instanceCount: Int, fixed: [Int], elsewhere: [Int]) {
        self.demands = demands
        self.instanceCount = instanceCount
        hasExtra = []
        total = (0..<instanceCount).map(fixed.at)
        for demand in demands {
            for instance in 0..<instanceCount { total[instance] += demand.shares.base(of: instance) }
        }
        for demand in demands {
            let quotas = demand.shares.quotas(
                holding: demand.load, elsewhere: total.indices.map { total[$0] + elsewhere.at($0) })
            let extras = (0..<instanceCount).map { Int(quotas[$0]) > demand.shares.base(of: $0) }
            for instance in 0..<instanceCount where extras[instance] { total[instance] += 1 }
            hasExtra.append(extras)
        }
        even()
    }

    /// The share of every instance, by resource.
    var quotas: [[Int32]] {
        demands.indices.map { resource in
            (0..<instanceCount).map { instance in
                Int32(demands[resource].shares.base(of: instance) + (hasExtra[resource][instance] ? 1 : 0))
            }
        }
    }

    /// By instance: how many extras it has at least; and how many instances may have one more, whichever they are.
    var extras: (own: [Int], spare: ExchangeFlow.Spare) {
        let held = (0..<instanceCount).map { instance in hasExtra.count { $0[instance] } }
        guard let most = total.max(), total.min() == most - 1 else { return (held, .init()) }
        let isAbove = (0..<instanceCount).map { total[$0] == most && held[$0] > 0 }
        let spare = ExchangeFlow.Spare(
            count: isAbove.count { $0 }, isFor: (0..<instanceCount).map { total[$0] < most || isAbove[$0] })
        return (zip(held, isAbove).map { $1 ? $0 - 1 : $0 }, spare)
    }

    /// How many moves it takes at least to come to these shares.
    var moves: Int {
        zip(demands, quotas).reduce(0) { sum, pair in
            sum + zip(pair.1, pair.0.load).reduce(0) { $0 + max(0, Int($1.0 - $1.1)) }
        }
    }

    /// What it costs an instance to have an extra of a resource.
    private func cost(_ resource: Int, _ instance: Int) -> Int {
        Int(demands[resource].load[instance]) > demands[resource].shares.base(of: instance) ? 0 : 1
    }

    private mutating func even() {
        guard let most = total.max(), let least = total.min() else { return }
        var level = most
        while level >= least + 2 {
            while let chain = cheapestChain(from: level) { pass(chain) }
            level -= 1
        }
    }

    /// One step of a chain: `giver` gives its extra of `resource` to `taker`.
    private struct Step {
        let resource: Int
        let giver: Int
        let taker: Int
    }

    private mutating func pass(_ chain: [Step]) {
        for step in chain {
            hasExtra[step.resource][step.giver] = false
            hasExtra[step.resource][step.taker] = true
            total[step.giver] -= 1
            total[step.taker] += 1
        }
    }

    /// From an instance with a total of `level` to one with two less: the cheapest chain there is (Bellman and Ford over
    /// instances and resources; what a giver saves makes negative steps).
    private func cheapestChain(from level: Int) -> [Step]? {
        let sinks = total.indices.filter { total[$0] <= level - 2 }
        guard !sinks.isEmpty, total.contains(level) else { return nil }
        let unreachable = Int.max / 2
        var distance = total.map { $0 == level ? 0 : unreachable }
        var step = [Step?](repeating: nil, count: instanceCount)
        var isChanging = true
        while isChanging {
            isChanging = false
            for resource in demands.indices {
                guard let relay = cheapestGiver(of: resource, distance) else { continue }
                for pool in relay.keys.sorted() {
                    guard let (giver, reached) = relay[pool], reached < unreachable else { continue }
                    for taker in 0..<instanceCount
                    where !hasExtra[resource][taker] && demands[resource].shares.pool[taker] == pool {
                        let candidate = reached + cost(resource, taker)
                        if candidate < distance[taker] {
                            distance[taker] = candidate
                            step[taker] = Step(resource: resource, giver: giver, taker: taker)
                            isChanging = true
                        }
                    }
                }
            }
        }
        guard let end = sinks.min(by: { distance[$0] < distance[$1] }), distance[end] < unreachable else { return nil }
        var chain: [Step] = []
        var node = end
        while let last = step[node] {
            chain.append(last)
            node = last.giver
        }
        return chain
    }

    /// By pool: the instance that has an extra of the resource and from which passing it on is cheapest.
    private func cheapestGiver(of resource: Int, _ distance: [Int]) -> [Int32: (giver: Int, reached: Int)]? {
        var best: [Int32: (giver: Int, reached: Int)] = [:]
        for giver in 0..<instanceCount where hasExtra[resource][giver] && distance[giver] < Int.max / 2 {
            let pool = demands[resource].shares.pool[giver]
            let reached = distance[giver] - cost(resource, giver)
            if reached < best[pool]?.reached ?? .max { best[pool] = (giver, reached) }
        }
        return best.isEmpty ? nil : best
    }
}
