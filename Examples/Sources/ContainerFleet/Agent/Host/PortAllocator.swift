public import FleetEngine

/// Which task has which ports of the host.
///
/// A task keeps its ports until it is removed, so that its containers come back where they were. What is new is taken
/// from the range in turn, so that a port that has become free rests for as long as possible.
public struct PortAllocator: Sendable {
    private struct Claim: Hashable {
        var port: Int
        var transport: TransportProtocol
    }

    private let range: Range<Int>
    private var next: Int
    private var owners: [Claim: String] = [:]

    /// No port is taken yet.
    /// - Parameter first: where the search begins.
    public init(range: Range<Int>, startingAt first: Int? = nil) {
        precondition(!range.isEmpty, "no port can be taken from an empty range")
        self.range = range
        next = first.map { range.contains($0) ? $0 : range.lowerBound } ?? range.lowerBound
    }

    /// Takes note of the ports that a task had before.
    public mutating func restore(_ ports: [String: Int], of task: String, wanting wishes: [String: Port]) {
        for (name, port) in ports.sorted(by: { $0.key < $1.key }) {
            guard let wish = wishes[name] else { continue }
            let claim = Claim(port: port, transport: wish.transport)
            if owners[claim] == nil { owners[claim] = task }
        }
    }

    /// Gives a task the ports that it wants.
    /// - Parameters:
    ///   - current: those that it has; they stay.
    ///   - isFree: whether nobody on the host listens there. Fixed ports are not tried: the Engine will.
    /// - Returns: a port for each name.
    /// - Throws: ``PortError``; nothing has changed then.
    public mutating func allot(
        _ wishes: [String: Port], to task: String, having current: [String: Int] = [:],
        isFree: (Int, TransportProtocol) -> Bool
    ) throws(PortError) -> [String: Int] {
        var changed = self
        changed.release(task)
        var ports: [String: Int] = [:]
        // Fixed ones first, so that no open one takes their place.
        for (name, wish) in wishes.sorted(by: { $0.key < $1.key }) {
            guard let port = wish.outside else { continue }
            let claim = Claim(port: port, transport: wish.transport)
            if let owner = changed.owners[claim] { throw PortError(task: task, name: name, port: port, owner: owner) }
            changed.owners[claim] = task
            ports[name] = port
        }
        for (name, wish) in wishes.sorted(by: { $0.key < $1.key }) where wish.outside == nil {
            let kept = current[name].map { Claim(port: $0, transport: wish.transport) }
            if let kept, changed.owners[kept] == nil {
                changed.owners[kept] = task
                ports[name] = kept.port
            } else {
                ports[name] = try changed.take(wish.transport, name: name, task: task, isFree: isFree)
            }
        }
        self = changed
        return ports
    }

    /// Takes back all ports of a task.
    public mutating func release(_ task: String) { owners = owners.filter { $0.value != task } }

    private mutating func take(
        _ transport: TransportProtocol, name: String, task: String, isFree: (Int, TransportProtocol) -> Bool
    ) throws(PortError) -> Int {
        for _ in range {
            let claim = Claim(port: next, transport: transport)
            next = next + 1 < range.upperBound ? next + 1 : range.lowerBound
            guard owners[claim] == nil, isFree(claim.port, transport) else { continue }
            owners[claim] = task
            return claim.port
        }
        throw PortError(task: task, name: name, range: range)
    }
}

/// Why a task does not get a port.
public struct PortError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was wanted, who has it, and what to do.
    public let description: String

    init(task: String, name: String, port: Int, owner: String) {
        description =
            "\(task) wants port \(port) for “\(name)”, which \(owner) has on this host: "
            + "remove that task, or let one of them have another port"
    }

    init(task: String, name: String, range: Range<Int>) {
        description =
            "\(task) wants a port for “\(name)”, and none of \(range.lowerBound) to "
            + "\(range.upperBound - 1) is free on this host: remove tasks, or widen the agent's range"
    }
}
