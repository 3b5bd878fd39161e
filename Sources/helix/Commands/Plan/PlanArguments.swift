import ArgumentParser
import HelixAdmin
import HelixRecords
import RebalancePipeline

// What changes look like on the command line.

/// `NAME[,key=value…]`: an instance that joins, with its place in the topology and its tags.
struct NewNode: Sendable {
    let config: InstanceConfig

    init(text: String) throws {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let name = Names.normalized(instance: parts[0])
        try Names.check(name, .instance)
        var config = InstanceConfig(id: name)
        var domain: [(key: String, value: String)] = []
        for part in parts.dropFirst() {
            guard let pair = Pair(part) else {
                throw ValidationError(
                    "“\(part)” is no pair, expected NAME,key=value,… such as node4_8080,zone=a,tag=ssd")
            }
            if pair.key == "tag" { config.tags.append(pair.value) } else { domain.append((pair.key, pair.value)) }
        }
        config.setDomain(domain)
        // The zone of clusters that have no TOPOLOGY.
        config.zone = domain.first { $0.key == "zone" }?.value
        self.config = config
    }
}

/// `RESOURCE=N`: a resource with another number of replicas.
struct NewReplicas: Sendable {
    let resource: String
    let replicas: IdealState.Replicas

    init(text: String) throws {
        guard let pair = Pair(text), let replicas = IdealState.Replicas(argument: pair.value) else {
            throw ValidationError("“\(text)” is not understood, expected RESOURCE=N or RESOURCE=ANY_LIVEINSTANCE")
        }
        (resource, self.replicas) = (pair.key, replicas)
    }
}

/// `NAME:PARTITIONS:REPLICAS[:MODEL]`: a resource that the controller places.
struct NewResource: Sendable {
    let name: String
    let partitions: Int
    let replicas: IdealState.Replicas
    let stateModel: String

    static let defaultModel = "LeaderStandby"

    init(text: String) throws {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (3...4).contains(parts.count), let partitions = Int(parts[1]), (1...1_000_000).contains(partitions),
            let replicas = IdealState.Replicas(argument: parts[2]), parts.last?.isEmpty == false
        else {
            throw ValidationError(
                "“\(text)” is not understood, expected NAME:PARTITIONS:REPLICAS[:MODEL], such as "
                    + "Carts:12:3:MasterSlave, with 1 to 1000000 partitions")
        }
        try Names.check(parts[0], .resource)
        (name, self.partitions, self.replicas) = (parts[0], partitions, replicas)
        stateModel = parts.count == 4 ? parts[3] : Self.defaultModel
    }
}

/// `INSTANCE:key=n[,…]`, `RESOURCE:key=n[,…]` or `RESOURCE/PARTITION:key=n[,…]`: what an instance can carry, or
/// what replicas weigh.
struct NewWeights: Sendable {
    let target: String
    let weights: [String: Int]

    init(text: String) throws {
        // An instance may be written with a colon before its port.
        let colon = text.lastIndex(of: ":") ?? text.startIndex
        let pairs = text[colon...].dropFirst().split(separator: ",", omittingEmptySubsequences: false)
            .map { Pair(String($0)) }
        var weights: [String: Int] = [:]
        for case let pair? in pairs { weights[pair.key] = Int(pair.value).flatMap { $0 < 0 ? nil : $0 } }
        guard colon > text.startIndex, weights.count == pairs.count else {
            throw ValidationError(
                "“\(text)” is not understood, expected INSTANCE:key=n,…, RESOURCE:key=n,… or "
                    + "RESOURCE/PARTITION:key=n,… such as node1_8080:cpu=16,disk=500, with each key once and numbers "
                    + "from 0")
        }
        (target, self.weights) = (String(text[..<colon]), weights)
    }

    /// Whether an instance or a resource is meant, is up to what there is.
    /// - Parameter joining: instances that are to join.
    func change(in snapshot: ClusterSnapshot, joining: [String]) -> ClusterChange {
        let instance = Names.normalized(instance: target)
        let isKnown = snapshot.instanceIndex(instance).map { snapshot.instances[$0] }
            .map { $0.live != nil || !$0.config.isAbsent }
        if isKnown == true || joining.contains(instance) { return .setCapacity(instance: instance, weights) }
        // Neither name contains a slash.
        let parts = target.split(separator: "/", maxSplits: 1).map(String.init)
        return .setWeights(
            resource: parts.first ?? target, partition: parts.count == 2 ? parts[1] : nil, weights)
    }
}

/// `key=value`, with a text on both sides.
private struct Pair {
    let key: String
    let value: String

    init?(_ text: String) {
        guard let sign = text.firstIndex(of: "="), sign > text.startIndex else { return nil }
        (key, value) = (String(text[..<sign]), String(text[sign...].dropFirst()))
        if value.isEmpty { return nil }
    }
}
