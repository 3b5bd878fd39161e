/// Where the replicas of a resource are and in which state, as flat columns: `width` slots for every partition.
///
/// A slot is an instance index with a state id; a partition's slots are filled from the left, in no particular order.
/// The table widens by itself when a partition needs more slots than any did before.
public struct ReplicaTable: Sendable, Hashable {
    /// A replica of a partition.
    public struct Replica: Sendable, Hashable {
        /// Index of its instance in the snapshot.
        public var instance: Int32
        /// Id of its state in the snapshot.
        public var state: UInt16
    }

    /// The number of partitions.
    public private(set) var partitionCount = 0
    private var width = 3
    private var instances: [Int32] = []
    private var states: [UInt16] = []

    private static let empty: Int32 = -1

    /// A table without partitions.
    public init() {}

    /// Adds partitions without replicas until there are `count`.
    public mutating func grow(to count: Int) {
        guard count > partitionCount else { return }
        instances.append(contentsOf: repeatElement(Self.empty, count: (count - partitionCount) * width))
        states.append(contentsOf: repeatElement(0, count: (count - partitionCount) * width))
        partitionCount = count
    }

    /// The replicas of a partition.
    public subscript(partition: Int) -> [Replica] {
        var replicas: [Replica] = []
        replicas.reserveCapacity(width)
        forEach(in: partition) { replicas.append(Replica(instance: $0, state: $1)) }
        return replicas
    }

    /// Calls `body` for every replica of a partition.
    public func forEach(in partition: Int, _ body: (_ instance: Int32, _ state: UInt16) -> Void) {
        var slot = partition * width
        let end = slot + width
        while slot < end, instances[slot] != Self.empty {
            body(instances[slot], states[slot])
            slot += 1
        }
    }

    /// The state of the replica of a partition on an instance, `nil` when there is none.
    public func state(partition: Int, instance: Int32) -> UInt16? {
        slot(partition, instance).map { states[$0] }
    }

    /// Sets or, with `nil`, removes the replica of a partition on an instance.
    /// - Returns: whether that changed anything.
    @discardableResult
    public mutating func set(partition: Int, instance: Int32, state: UInt16?) -> Bool {
        if let slot = slot(partition, instance) {
            guard let state else {
                removeSlot(slot, of: partition)
                return true
            }
            guard states[slot] != state else { return false }
            states[slot] = state
            return true
        }
        guard let state else { return false }
        let slot = freeSlot(partition)
        instances[slot] = instance
        states[slot] = state
        return true
    }

    private func slot(_ partition: Int, _ instance: Int32) -> Int? {
        let start = partition * width
        for slot in start..<start + width where instances[slot] == instance { return slot }
        return nil
    }

    private mutating func removeSlot(_ slot: Int, of partition: Int) {
        var last = slot
        while last + 1 < (partition + 1) * width, instances[last + 1] != Self.empty { last += 1 }
        instances[slot] = instances[last]
        states[slot] = states[last]
        instances[last] = Self.empty
    }

    private mutating func freeSlot(_ partition: Int) -> Int {
        let start = partition * width
        for slot in start..<start + width where instances[slot] == Self.empty { return slot }
        let used = width
        widen()
        return partition * width + used
    }

    /// By half, so that a resource with a replica on every instance is not copied for each of them.
    private mutating func widen() {
        let old = self
        width += max(1, width / 2)
        instances = [Int32](repeating: Self.empty, count: partitionCount * width)
        states = [UInt16](repeating: 0, count: partitionCount * width)
        for partition in 0..<partitionCount {
            for slot in 0..<old.width {
                instances[partition * width + slot] = old.instances[partition * old.width + slot]
                states[partition * width + slot] = old.states[partition * old.width + slot]
            }
        }
    }
}
