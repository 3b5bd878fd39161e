/// Which instance has which replica while ``AutoRebalancePlacement`` works.
///
/// A replica is a partition and a number in it.
struct AutoRebalanceAssignment: Sendable {
    let problem: NamedProblem
    /// The instances that are there, those with the most replicas first, then by name.
    let live: [Int]
    let replicas: Int

    /// By instance: how many replicas it should have at most.
    private var capacity: [Int]
    /// By instance: whether the capacity has one of the remainder in it.
    private var hasCeiling: [Bool]
    /// By instance: how many it has.
    private var load: [Int]
    /// By replica: its instance, or -1.
    private(set) var place: [Int32]
    /// By replica: whether it is counted among those in their preferred places.
    private(set) var isPreferred: [Bool]
    /// By replica: the instance where it is new, or -1.
    private var newPlace: [Int32]
    /// All instances by name, which the scheme of preferred places counts along.
    private let byName: [Int32]
    /// The replicas by their names, partition and number with a bar between.
    private let order: [Int32]
    private let numberNames: [JavaString]
    /// By instance: when it comes in the walk of a hash map of all of them.
    private let walk: [Int]

    init(_ problem: NamedProblem) {
        self.problem = problem
        replicas = problem.replicas
        numberNames = (0..<problem.replicas).map { JavaString("|\($0)") }
        let sorted = problem.instances.indices.sorted {
            (problem.instances[$0], $0) < (problem.instances[$1], $1)
        }
        byName = sorted.map(Int32.init)
        var load = [Int](repeating: 0, count: sorted.count)
        for partition in problem.partitions.indices {
            for instance in problem.holders(partition) { load[Int(instance)] += 1 }
        }
        let rank = sorted.enumerated().reduce(into: load) { $0[$1.element] = $1.offset }
        live = sorted.filter { problem.isThere[$0] }.sorted { (-load[$0], rank[$0]) < (-load[$1], rank[$1]) }
        self.load = load
        let walked = JavaHashOrder.positions(of: problem.instances.map(\.hashCode))
        walk = walked.enumerated().reduce(into: load) { $0[$1.element] = $1.offset }
        let count = problem.partitions.count * problem.replicas
        place = Array(repeating: -1, count: count)
        newPlace = place
        isPreferred = Array(repeating: false, count: count)
        order = Self.order(problem.partitions, numberNames)
        capacity = Array(repeating: 0, count: sorted.count)
        hasCeiling = Array(repeating: false, count: sorted.count)
        setCapacities(total: count)
    }

    private static func order(_ partitions: [JavaString], _ numbers: [JavaString]) -> [Int32] {
        let names = partitions.flatMap { partition in numbers.map { partition.followed(by: $0) } }
        return names.indices.sorted { (names[$0], $0) < (names[$1], $1) }.map(Int32.init)
    }

    /// Equal shares, the remainder to the first ones, within the limit. A limit that is none lets nobody have more
    /// than the equal share.
    private mutating func setCapacities(total: Int) {
        let maximum = problem.problem.maximumPerInstance ?? .max
        var (share, remainder) = total.quotientAndRemainder(dividingBy: live.count)
        if maximum > 0 { share = min(share, maximum) }
        for instance in live {
            capacity[instance] = share
            if remainder > 0 && share < maximum {
                capacity[instance] += 1
                hasCeiling[instance] = true
                remainder -= 1
            }
        }
    }

    // MARK: What there is to know of a replica

    func partition(_ replica: Int) -> Int { replica / replicas }

    func isNew(_ replica: Int) -> Bool { newPlace[replica] == place[replica] }

    private func preferred(_ replica: Int) -> Int {
        let (partition, number) = replica.quotientAndRemainder(dividingBy: replicas)
        let (instances, partitions) = (byName.count, problem.partitions.count)
        var index = partition + number
        if instances >= partitions {
            index = (partition + number * partitions) % instances
            if instances == partitions { index += number }
        }
        return Int(byName[index % instances])
    }

    private func holds(_ instance: Int, _ partition: Int) -> Bool {
        for replica in partition * replicas..<(partition + 1) * replicas where Int(place[replica]) == instance {
            return true
        }
        return false
    }

    /// Whether an instance could take a replica if it had room.
    private func mayTake(_ instance: Int, _ replica: Int) -> Bool {
        problem.isThere[instance] && !holds(instance, partition(replica))
    }

    private func hasRoom(_ instance: Int) -> Bool { load[instance] < capacity[instance] }

    private func canTake(_ instance: Int, _ replica: Int) -> Bool { hasRoom(instance) && mayTake(instance, replica) }

    /// The instances that are there, from one that follows from the replica's name.
    private func search(_ replica: Int, for matches: (Int) -> Bool) -> Int? {
        let (partition, number) = replica.quotientAndRemainder(dividingBy: replicas)
        let hash = problem.partitions[partition].hashCode(followedBy: numberNames[number])
        let start = Int(hash & .max) % live.count
        return live[start...].first(where: matches) ?? live[..<start].first(where: matches)
    }

    // MARK: Steps

    /// Gives the present holders numbers: those in a preferred place first, then the others the lowest that are left.
    mutating func keepExisting() {
        for partition in problem.partitions.indices {
            let holders = problem.holders(partition)
            if holders.isEmpty { continue }
            for instance in holders { keep(partition, on: Int(instance), preferred: true) }
            for instance in inHashOrder(holders) where !holds(instance, partition) {
                keep(partition, on: instance, preferred: false)
            }
        }
    }

    /// The order decides who gets which number. Java walks a small hash map here, which it has filled while it walked a
    /// large one of all instances that are live.
    private func inHashOrder(_ holders: ArraySlice<Int32>) -> [Int] {
        if holders.count == 1 { return holders.map(Int.init) }
        let sorted = holders.map(Int.init).sorted { walk[$0] < walk[$1] }
        return JavaHashOrder.positions(of: sorted.map { problem.instances[$0].hashCode }).map { sorted[$0] }
    }

    private mutating func keep(_ partition: Int, on instance: Int, preferred isPreferred: Bool) {
        for replica in partition * replicas..<(partition + 1) * replicas
        where place[replica] < 0 && (preferred(replica) == instance) == isPreferred {
            place[replica] = Int32(instance)
            self.isPreferred[replica] = isPreferred
            return
        }
    }

    /// Gives every replica that has no place its preferred one, or the first with room, or makes room.
    mutating func assignOrphans() {
        for replica in order.lazy.map(Int.init) where place[replica] < 0 {
            let preferred = preferred(replica)
            if canTake(preferred, replica) {
                put(replica, on: preferred, isPreferred: true)
            } else if let receiver = search(replica, for: { canTake($0, replica) }) {
                put(replica, on: receiver)
            } else {
                makeRoom(for: replica)
            }
        }
    }

    /// A new replica on an instance.
    private mutating func put(_ replica: Int, on instance: Int, isPreferred: Bool = false) {
        load[instance] += 1
        place[replica] = Int32(instance)
        newPlace[replica] = Int32(instance)
        self.isPreferred[replica] = isPreferred
    }

    /// Takes one of the remainder from an instance that has room that it cannot use, for one that is full and could.
    private mutating func makeRoom(for replica: Int) {
        guard
            let donor = search(
                replica, for: { hasCeiling[$0] && hasRoom($0) && !mayTake($0, replica) }),
            let acceptor = search(
                replica, for: { !hasCeiling[$0] && capacity[$0] == load[$0] && mayTake($0, replica) })
        else { return }
        (hasCeiling[donor], hasCeiling[acceptor]) = (false, true)
        capacity[donor] -= 1
        capacity[acceptor] += 1
        put(replica, on: acceptor)
    }

    /// Moves replicas home from instances that have too many, where there is room.
    mutating func moveToPreferred() {
        for replica in order.lazy.map(Int.init) {
            if place[replica] < 0 || isPreferred[replica] || isNew(replica) { continue }
            let (donor, receiver) = (Int(place[replica]), preferred(replica))
            guard load[donor] > capacity[donor], canTake(receiver, replica) else { continue }
            load[donor] -= 1
            put(replica, on: receiver, isPreferred: true)
        }
    }

    /// Moves what is not at home from instances that have too many to the first ones with room. Java does not count
    /// these as new.
    mutating func moveExcess() {
        let isOver = live.reduce(into: [Bool](repeating: false, count: load.count)) {
            $0[$1] = load[$1] > capacity[$1]
        }
        guard isOver.contains(true) else { return }
        var movable = [Int: [Int]]()
        for replica in order.lazy.map(Int.init) where place[replica] >= 0 && !isPreferred[replica] {
            let donor = Int(place[replica])
            if isOver[donor] { movable[donor, default: []].append(replica) }
        }
        for donor in live {
            for replica in movable[donor] ?? [] where load[donor] > capacity[donor] {
                guard let receiver = search(replica, for: { canTake($0, replica) }) else { continue }
                place[replica] = Int32(receiver)
                load[receiver] += 1
                load[donor] -= 1
            }
        }
    }

    /// Puts what is left on the last instance that can take it at all. Java means the least overloaded one, and never
    /// lowers the bar that it compares with.
    mutating func forceOrphans() {
        let maximum = problem.problem.maximumPerInstance ?? .max
        for replica in order.lazy.map(Int.init) where place[replica] < 0 {
            if let receiver = live.last(where: { load[$0] < maximum && mayTake($0, replica) }) {
                put(replica, on: receiver)
            }
        }
    }
}
