/// Who may have how much: even shares within each of several pools of instances.
struct SharePools: Sendable {
    private(set) var pools: [EvenShares]
    /// By instance: its pool.
    let pool: [Int32]

    init(_ pools: [EvenShares], pool: [Int32]) {
        self.pools = pools
        self.pool = pool
    }

    /// All instances are in one pool.
    init(_ shares: EvenShares, instanceCount: Int) {
        self.init([shares], pool: [Int32](repeating: 0, count: instanceCount))
    }

    /// Each instance has a share of its own.
    init(exactly quotas: [Int32]) {
        let values = Set(quotas).sorted()
        let number = Dictionary(uniqueKeysWithValues: values.enumerated().map { ($1, Int32($0)) })
        self.init(values.map { EvenShares(base: Int($0), extras: 0) }, pool: quotas.map { number[$0] ?? 0 })
    }

    func base(of instance: Int) -> Int { pools[Int(pool[instance])].base }

    /// The share of each instance; see ``EvenShares/quotas(holding:elsewhere:)``.
    func quotas(holding load: [Int32], favouring favour: [Int] = [], elsewhere: [Int]) -> [Int32] {
        if pools.count == 1 { return pools[0].quotas(holding: load, favouring: favour, elsewhere: elsewhere) }
        var quotas = [Int32](repeating: 0, count: load.count)
        for (number, shares) in pools.enumerated() {
            let members = pool.indices.filter { pool[$0] == number }
            let own = shares.quotas(
                holding: members.map { load[$0] }, favouring: favour.isEmpty ? [] : members.map(favour.at),
                elsewhere: members.map(elsewhere.at))
            for (member, quota) in zip(members, own) { quotas[member] = quota }
        }
        return quotas
    }
}
