import HelixRecords
import StateModels

/// What `helix state-model show` shows to people.
struct StateModelReport {
    private let model: StateModel

    init(_ model: StateModel) { self.model = model }

    var text: String {
        var states = TextTable("STATE", "AT MOST")
        for state in model.states {
            states.add(state.name + (state.name == model.initialState ? " (initial)" : ""), state.bound.text)
        }
        var transitions = TextTable("TRANSITION")
        for transition in model.transitions { transitions.add("\(transition.from) → \(transition.to)") }
        return "\(model.name)\n\n\(states)\n\n\(transitions)"
    }
}

extension State.Bound {
    fileprivate var text: String {
        switch self {
        case .atMost(let count): "\(count)"
        case .replicas: "R, as many as there are replicas"
        case .participants: "N, as many as there are live instances"
        case .unbounded: "any number"
        }
    }
}

/// A record in its wire form, with all three maps.
struct RecordReport: Encodable {
    let record: ZNRecord

    private enum Key: String, CodingKey { case id, simpleFields, listFields, mapFields }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(record.id, forKey: .id)
        try container.encode(record.simpleFields, forKey: .simpleFields)
        try container.encode(record.listFields, forKey: .listFields)
        try container.encode(record.mapFields, forKey: .mapFields)
    }
}

/// What `helix state-model check` shows.
struct FaultReport: Rendering {
    struct Fault: Encodable, Sendable {
        let rule: String
        let place: String
        let finding: String
        let cure: String
    }

    let name: String
    let faults: [Fault]
    /// The model, as far as there is one in spite of its faults.
    let model: StateModel?

    private enum CodingKeys: String, CodingKey { case name, faults }

    init(record: ZNRecord) {
        name = record.id
        let found: [StateModelFault]
        do throws(StateModelError) {
            let model = try StateModel(record: record)
            self.model = model
            found = model.faults
        } catch {
            model = nil
            found = error.faults
        }
        faults = found.map { Fault(rule: $0.rule.rawValue, place: $0.place, finding: $0.finding, cure: $0.cure) }
    }

    var text: String {
        if faults.isEmpty { return "state model \(name) is sound" }
        let lines = faults.map { "  \($0.place): \($0.finding); \($0.cure)" }
        return (["state model \(name) has \(faults.count == 1 ? "a fault" : "\(faults.count) faults"):"] + lines)
            .joined(separator: "\n")
    }
}
