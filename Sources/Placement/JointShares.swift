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
        /// By instance: the higher, the rather it should have an extra, if that costs no more. Empty when it does not
        /// matter.
        var favour: [Int] = []
    }

    private let demands: [Demand]
    private let instanceCount: Int
    /// The pools of all resources, one after the other: the extras of a pool are passed on among its instances.
    private let firstPool: [Int]
    private let poolCount: Int
    /// By resource and instance: whether it has an extra.
    private var hasExtra: [Bool]
    /// By resource and instance: what an extra costs there.
    private let costs: [Int]
    private var total: [Int]

    /// - Parameters:
    ///   - demands: all with the same instances.
    ///   - fixed: by instance: what it has besides, to be evened out too.
    ///   - elsewhere: by instance: what only breaks ties.
    init(_ demands: [Demand], instanceCount: Int, fixed: [Int], elsewhere: [Int]) {
        self.demands = demands
        self.instanceCount = instanceCount
        var poolCount = 0
        firstPool = demands.map { demand in
            defer { poolCount += demand.shares.pools.count }
            return poolCount
        }
        self.poolCount = poolCount
        costs = demands.flatMap { demand in (0..<instanceCount).map(demand.cost) }
        hasExtra = []
        hasExtra.reserveCapacity(demands.count * instanceCount)
        total = (0..<instanceCount).map(fixed.at)
        for demand in demands {
            for instance in 0..<instanceCount { total[instance] += demand.shares.base(of: instance) }
        }
        for demand in demands {
            let quotas = demand.shares.quotas(
                holding: demand.load, favouring: demand.favour,
                elsewhere: total.indices.map { total[$0] + elsewhere.at($0) })
            for instance in 0..<instanceCount {
                let isExtra = Int(quotas[instance]) > demand.shares.base(of: instance)
                hasExtra.append(isExtra)
                if isExtra { total[instance] += 1 }
            }
        }
        even()
    }

    /// The share of every instance, by resource.
    var quotas: [[Int32]] {
        demands.indices.map { resource in
            (0..<instanceCount).map { instance in
                let extra = hasExtra[resource * instanceCount + instance] ? 1 : 0
                return Int32(demands[resource].shares.base(of: instance) + extra)
            }
        }
    }

    /// By instance: how many extras it has at least; and how many instances may have one more, whichever they are.
    var extras: (own: [Int], spare: ExchangeFlow.Spare) {
        let held = (0..<instanceCount).map { instance in
            demands.indices.count { hasExtra[$0 * instanceCount + instance] }
        }
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

    private mutating func even() {
        guard let most = total.max(), let least = total.min(), hasExtra.count <= Self.mostShares else { return }
        var level = most
        while level >= least + 2 {
            while pass(from: level, to: level - 2, below: .max, atMost: .max) {}
            level -= 1
        }
        // Who of them has one more than others may still be chosen so that less moves.
        guard let most = total.max() else { return }
        while pass(from: most, to: most - 1, below: -Demand.move / 2, atMost: 1) {}
    }

    /// Passes extras on along the cheapest chains there are.
    /// - Parameters:
    ///   - level: what givers have in total.
    ///   - end: what takers have at most.
    ///   - bound: what a chain must cost less than.
    ///   - count: how many chains may be taken at once; takers must not become givers.
    /// - Returns: whether there were any.
    private mutating func pass(from level: Int, to end: Int, below bound: Int, atMost count: Int) -> Bool {
        let distances = Distances(self, from: level)
        guard let nearest = distances.nearest(total, upTo: end), nearest < bound else { return false }
        var search = Search(self, distances, nearest: nearest, end: end)
        var taken = 0
        for instance in 0..<instanceCount where total[instance] == level && taken < count {
            // Chains that begin elsewhere may lead through it.
            guard distances.instances[instance] == 0, let chain = search.chain(from: instance, self) else { continue }
            pass(chain)
            taken += 1
        }
        return taken > 0
    }

    /// Beyond that the cheapest shares must do.
    private static let mostShares = 1_000_000

    /// One step of a chain: `giver` gives its extra of `resource` to `taker`.
    private struct Step {
        let resource: Int
        let giver: Int
        let taker: Int
    }

    private mutating func pass(_ chain: [Step]) {
        for step in chain {
            hasExtra[step.resource * instanceCount + step.giver] = false
            hasExtra[step.resource * instanceCount + step.taker] = true
            total[step.giver] -= 1
            total[step.taker] += 1
        }
    }
}

extension JointShares.Demand {
    /// What a move costs: more than all favours together.
    fileprivate static let move = 1 << 32

    /// What it costs an instance to have an extra.
    fileprivate func cost(_ instance: Int) -> Int {
        (Int(load[instance]) > shares.base(of: instance) ? 0 : Self.move) - favour.at(instance)
    }
}

// MARK: - Chains

extension JointShares {
    /// What the cheapest chains cost from instances with a certain total to instances and pools (Bellman and Ford; what a
    /// giver saves makes negative steps).
    private struct Distances {
        static let unreachable = Int.max / 2
        var instances: [Int]
        var pools: [Int]

        init(_ shares: JointShares, from level: Int) {
            instances = shares.total.map { $0 == level ? 0 : Self.unreachable }
            pools = [Int](repeating: Self.unreachable, count: shares.poolCount)
            var isChanging = true
            while isChanging {
                isChanging = false
                for resource in shares.demands.indices where relax(resource, shares) { isChanging = true }
            }
        }

        private mutating func relax(_ resource: Int, _ shares: JointShares) -> Bool {
            let start = resource * shares.instanceCount
            let pool = shares.demands[resource].shares.pool
            let first = shares.firstPool[resource]
            for giver in 0..<shares.instanceCount where shares.hasExtra[start + giver] {
                let place = first + Int(pool[giver])
                pools[place] = min(pools[place], instances[giver] - shares.costs[start + giver])
            }
            var isChanged = false
            for taker in 0..<shares.instanceCount where !shares.hasExtra[start + taker] {
                let candidate = pools[first + Int(pool[taker])] + shares.costs[start + taker]
                if candidate < instances[taker], candidate < Self.unreachable / 2 {
                    instances[taker] = candidate
                    isChanged = true
                }
            }
            return isChanged
        }

        func nearest(_ total: [Int], upTo most: Int) -> Int? {
            let nearest = total.indices.lazy.filter { total[$0] <= most }.map { instances[$0] }.min()
            return nearest.flatMap { $0 < Self.unreachable / 2 ? $0 : nil }
        }
    }

    /// Searches depth first for chains that cost no more than the distances say.
    private struct Search {
        private let distances: Distances
        private let nearest: Int
        private let end: Int
        private var isVisited: [Bool]
        /// By resource and pool: whether its takers have all been tried.
        private var isSpent: [Bool]

        init(_ shares: JointShares, _ distances: Distances, nearest: Int, end: Int) {
            self.distances = distances
            self.nearest = nearest
            self.end = end
            isVisited = [Bool](repeating: false, count: shares.instanceCount)
            isSpent = [Bool](repeating: false, count: shares.poolCount)
        }

        mutating func chain(from source: Int, _ shares: JointShares) -> [Step]? {
            isVisited[source] = true
            for resource in shares.demands.indices {
                let start = resource * shares.instanceCount
                guard shares.hasExtra[start + source] else { continue }
                let pool = shares.demands[resource].shares.pool
                let place = shares.firstPool[resource] + Int(pool[source])
                let reached = distances.instances[source] - shares.costs[start + source]
                if isSpent[place] || distances.pools[place] != reached { continue }
                for taker in 0..<shares.instanceCount
                where !shares.hasExtra[start + taker] && !isVisited[taker] && pool[taker] == pool[source]
                    && distances.instances[taker] == reached + shares.costs[start + taker]
                {
                    let step = Step(resource: resource, giver: source, taker: taker)
                    if distances.instances[taker] == nearest, shares.total[taker] <= end { return [step] }
                    if let rest = chain(from: taker, shares) { return [step] + rest }
                }
                isSpent[place] = true
            }
            return nil
        }
    }
}
