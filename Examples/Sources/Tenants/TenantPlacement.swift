public import Placement

/// Keeps together what belongs together: the partitions of a tenant are all on the same instances, and led by the same.
///
/// A partition's tenant is what its name begins with, up to the first `_`: `acme_orders` and `acme_carts` are both
/// `acme`'s. Tenants are spread evenly, whatever their size, and none moves without need. To that end each tenant is
/// placed as if it were one partition, by the strategy that comes with the controller.
public struct TenantPlacement: PlacementStrategy {
    /// `tenants`: what a resource says in REBALANCER_CLASS_NAME.
    public let name = "tenants"
    /// The tenants are in the names, so they are needed.
    public let placesByName = true

    /// The strategy has nothing to set.
    public init() {}

    /// Places every partition where its tenant is. MAX_PARTITIONS_PER_INSTANCE does not count.
    public func place(_ problem: PlacementProblem) -> PlacementResult {
        let tenants = Tenants(problem)
        let homes = BalancedPlacement().place(tenants.asPartitions)
        var lists = [[Int32]](repeating: [], count: problem.partitionCount)
        for (home, partitions) in zip(homes.preferenceLists, tenants.partitions) {
            for partition in partitions { lists[partition] = home.map { tenants.there[Int($0)] } }
        }
        let shortfalls = homes.shortfalls.flatMap { shortfall in
            tenants.partitions[shortfall.partition].map { partition in
                var own = shortfall
                own.partition = partition
                return own
            }
        }
        return PlacementResult(
            preferenceLists: lists, shortfalls: shortfalls.sorted { $0.partition < $1.partition })
    }
}

/// A placement problem, seen tenant by tenant.
struct Tenants {
    let problem: PlacementProblem
    /// By tenant, in the order of their names: the numbers of its partitions.
    let partitions: [[Int]]
    /// The instances that are there. A strategy that places by name is told of absent ones, too.
    let there: [Int32]

    init(_ problem: PlacementProblem) {
        self.problem = problem
        let names = problem.names.partitions
        let byTenant = Dictionary(grouping: 0..<problem.partitionCount) { partition in
            names[partition, or: "\(partition)"].prefix { $0 != "_" }
        }
        partitions = byTenant.sorted { $0.key < $1.key }.map(\.value)
        there = (0..<Int32(problem.instanceCount)).filter { !problem.absent.contains($0) }
    }

    /// The problem of placing each tenant as if it were one partition, on the instances that are there.
    var asPartitions: PlacementProblem {
        let present = partitions.map(present)
        var result = PlacementProblem(
            partitionCount: partitions.count, replicas: problem.replicas, instanceCount: there.count,
            present: present.map(\.instances), presentTops: present.map(\.tops),
            otherReplicas: there.map { problem.otherReplicas[Int($0), or: 0] },
            otherTops: there.map { problem.otherTops[Int($0), or: 0] },
            excluded: problem.excluded.map { sets in partitions.map { excluded($0, by: sets) } },
            topCount: problem.topCount)
        if problem.zones.count == problem.instanceCount { result.zones = there.map { problem.zones[Int($0)] } }
        return result
    }

    /// The instances that have anything of a tenant: those that lead most of it first, then those that hold most.
    private func present(_ partitions: [Int]) -> (instances: [Int32], tops: Int) {
        var held = [Int](repeating: 0, count: there.count)
        var led = held
        for partition in partitions {
            let tops = problem.presentTops?[partition, or: 0] ?? problem.topCount
            for (rank, instance) in problem.present[partition, or: []].enumerated() {
                guard let place = there.firstIndex(of: instance) else { continue }
                held[place] += 1
                if rank < tops { led[place] += 1 }
            }
        }
        let instances = there.indices.filter { held[$0] > 0 }
            .sorted { (led[$1], held[$1], $0) < (led[$0], held[$0], $1) }
        return (instances.map(Int32.init), min(problem.topCount, led.count { $0 > 0 }))
    }

    /// Where one of a tenant's partitions is disabled, the tenant must not go.
    private func excluded(_ partitions: [Int], by sets: [Set<Int32>]) -> Set<Int32> {
        let closed = partitions.reduce(into: Set<Int32>()) { $0.formUnion(sets[$1, or: []]) }
        return Set(there.indices.filter { closed.contains(there[$0]) }.map(Int32.init))
    }
}

extension Array {
    /// An element; what a problem leaves out counts as nothing.
    fileprivate subscript(index: Int, or nothing: Element) -> Element { index < count ? self[index] : nothing }
}
