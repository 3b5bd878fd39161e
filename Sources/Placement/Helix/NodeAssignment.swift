/// The partitions of every instance, walked as Java walks the hash map that holds them.
struct NodeAssignment: Sendable {
    private let hashes: [Int32]
    /// By instance: its partitions, in the order in which they came.
    private(set) var partitions: [[Int32]]
    /// The instances in the map, in the order in which they were put in.
    private var keys: [Int] = []
    private var isKey: [Bool]
    /// How many keys there were when there were most.
    private var mostKeys = 0

    init(instances: [JavaString]) {
        hashes = instances.map(\.hashCode)
        partitions = Array(repeating: [], count: instances.count)
        isKey = Array(repeating: false, count: instances.count)
    }

    /// The instances in the order of the walk.
    var instances: [Int] {
        JavaHashOrder.positions(of: keys.map { hashes[$0] }, most: mostKeys).map { keys[$0] }
    }

    var replicaCount: Int { partitions.reduce(0) { $0 + $1.count } }

    func contains(_ instance: Int) -> Bool { isKey[instance] }

    func load(_ instance: Int) -> Int { partitions[instance].count }

    mutating func add(_ partition: Int32, to instance: Int) {
        if !isKey[instance] {
            isKey[instance] = true
            keys.append(instance)
            mostKeys = max(mostKeys, keys.count)
        }
        partitions[instance].append(partition)
    }

    mutating func set(_ list: [Int32], of instance: Int) { partitions[instance] = list }

    /// Takes an instance out, with its partitions.
    mutating func remove(_ instance: Int) {
        isKey[instance] = false
        keys.removeAll { $0 == instance }
        partitions[instance] = []
    }

    /// The instances of every partition as they come in the walk, and the partitions in the order in which Java walks a
    /// map of them.
    func byPartition(names: [JavaString]) -> (lists: [[Int]], order: [Int]) {
        var lists = [[Int]](repeating: [], count: names.count)
        var seen: [Int] = []
        for instance in instances {
            for partition in partitions[instance].lazy.map(Int.init) {
                if lists[partition].isEmpty { seen.append(partition) }
                lists[partition].append(instance)
            }
        }
        return (lists, JavaHashOrder.positions(of: seen.map { names[$0].hashCode }).map { seen[$0] })
    }
}
