import HelixRecords
import StateModels

@testable import RebalancePipeline

/// Understands one line of a script at a time:
///
/// - `instance NAME up|down|restart|disable|enable|evacuate|corrupt`, `instance NAME tag TAG…`
/// - `resource NAME MODEL PARTITIONSxREPLICAS [MODE]`, `set RESOURCE FIELD=VALUE…`, `drop RESOURCE`, `corrupt RESOURCE`
/// - `list PARTITION INSTANCE…`: the preference list of a partition `{resource}_n` of a SEMI_AUTO resource
/// - `pass`: the controller looks; what it decides is printed
/// - `done INSTANCE PARTITION [STATE]`: an instance does what it was asked for, perhaps with another outcome
/// - `done all`: all instances do, and the controller looks again, until nothing is left to do; prints what came of it
/// - `refuse INSTANCE PARTITION`: the message vanishes without effect
/// - `giveup INSTANCE PARTITION`: it becomes unprocessable
/// - `state INSTANCE PARTITION STATE`, `reset INSTANCE PARTITION`, `wait MILLISECONDS`, `pause`, `resume`
/// - `show RESOURCE`: the replicas as they are
struct Conversation {
    private var world = World()

    mutating func answer(_ line: String) -> [String] {
        let words = line.split(separator: " ").map(String.init)
        guard let verb = words.first, verb != "#" else { return [] }
        let rest = Array(words.dropFirst())
        switch verb {
        case "instance": instance(rest)
        case "resource": resource(rest)
        case "set": set(rest[0], rest.dropFirst())
        case "drop": world.drop(rest[0])
        case "corrupt": world.snapshot.setIdealState(rest[0], .unreadable(.corrupt))
        case "list": world.edit(Self.resource(of: rest[0])) { $0.preferenceLists[rest[0]] = Array(rest.dropFirst()) }
        case "pass": return pass()
        case "done" where rest == ["all"]: return finish()
        case "done": act(rest) { $0.complete(rest[0], $1, into: rest.count > 2 ? rest[2] : nil) }
        case "refuse": act(rest) { $0.snapshot.removeMessage(rest[0], id: $1) }
        case "giveup": act(rest) { $0.giveUp(rest[0], $1) }
        case "state": world.set(rest[0], Self.resource(of: rest[1]), rest[1], rest[2])
        case "reset": world.post(rest[0], Self.resource(of: rest[1]), [rest[1]], from: "ERROR", to: "OFFLINE")
        case "wait": world.snapshot.time += Int64(rest[0])!
        case "pause", "resume": world.snapshot.setPaused(verb == "pause")
        case "show": return show(rest[0])
        default: return ["? \(verb) is no command"]
        }
        return []
    }

    private static func resource(of partition: String) -> String {
        partition.split(separator: "_").dropLast().joined(separator: "_")
    }

    // MARK: What happens

    private mutating func instance(_ words: [String]) {
        let name = words[0]
        switch words[1] {
        case "up": world.addInstances([name])
        case "down": world.kill(name)
        case "restart":
            world.kill(name)
            world.start(name)
        case "corrupt": world.snapshot.setInstanceConfig(name, .unreadable(.corrupt))
        case "tag": world.configure(name) { $0.tags = Array(words.dropFirst(2)) }
        default: world.operate(name, InstanceOperation(rawValue: words[1].uppercased())!)
        }
    }

    private mutating func resource(_ words: [String]) {
        let size = words[2].split(separator: "x").map { Int($0)! }
        world.addResource(
            words[0], model: world.models[words[1]]!,
            mode: words.count > 3 ? IdealState.RebalanceMode(rawValue: words[3])! : .fullAuto, partitions: size[0],
            replicas: size[1])
    }

    private mutating func set(_ resource: String, _ fields: ArraySlice<String>) {
        for field in fields.map({ $0.split(separator: "=", omittingEmptySubsequences: false).map(String.init) }) {
            world.edit(resource) { $0.record.simpleFields[field[0]] = field[1].isEmpty ? nil : field[1] }
        }
    }

    private mutating func act(_ words: [String], _ body: (inout World, String) -> Void) {
        let message = world.pending.first { pending in
            pending.instance == words[0] && world.message(words[0], pending.id)?.partitions.contains(words[1]) == true
        }
        if let message { body(&world, message.id) }
    }

    // MARK: What is decided

    private mutating func pass() -> [String] {
        let transitions = world.pass().summary
        var lines = transitions.map { "ask    \($0)" }
        for (name, own) in world.decision.resources.sorted(by: { $0.key < $1.key }) {
            let partitions = world.snapshot.resources[name]!.partitions
            let held = own.held.map { (partitions[$0.key], $0.value) }.sorted { $0.0 < $1.0 }
            lines += held.flatMap { partition, waiting in waiting.map { "hold   \(partition) \($0)" } }
        }
        lines += world.decision.obsoleteMessages.map { "delete \($0.id) of \($0.instance)" }
        lines += world.decision.allProblems.map { "tell   \($0)" }
        if let deadline = world.decision.nextDeadline, transitions.isEmpty {
            lines.append("again  in \(deadline - world.snapshot.time) ms")
        }
        return lines.isEmpty ? ["nothing to do"] : lines
    }

    private mutating func finish() -> [String] {
        guard world.settle() != nil else { return ["never comes to rest"] }
        return world.snapshot.resources.keys.sorted().flatMap(show)
    }

    private func show(_ resource: String) -> [String] {
        let partitions = (world.snapshot.resources[resource]?.partitions.names ?? []).sorted()
        return partitions.map { partition in
            let replicas = world.map(resource, partition).sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
            return "\(partition): \(replicas.isEmpty ? "nowhere" : replicas.joined(separator: ", "))"
        }
    }
}

extension World {
    fileprivate mutating func giveUp(_ instance: String, _ id: String) {
        guard var message = message(instance, id) else { return }
        message.messageState = .unprocessable
        snapshot.addMessage(instance, id: id, message)
    }
}
