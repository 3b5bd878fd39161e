import HelixRecords
import StateModels
import TestSupport

extension FuzzTarget {
    /// State models from records, the built-in ones changed in a few places.
    ///
    /// What is accepted is written as a record that gives the same model; every hop leads along a transition and
    /// brings the target nearer; counts are never more than there are candidates.
    static let stateModels = FuzzTarget(name: "models", share: 100) { generator in
        var record = generator.pick(StateModel.builtIn).record
        RecordMutation.apply(to: &record, &generator)
        let model: StateModel
        do throws(StateModelError) {
            model = try StateModel(record: record)
        } catch {
            try require(!error.faults.isEmpty, "a model is refused without a fault")
            return .refused
        }
        try StateModelChecks.rereads(model, record)
        try StateModelChecks.hops(model)
        StateModelChecks.draws(model)
        let candidates = Int.random(in: -1...5, using: &generator)
        let counts = model.stateCounts(candidates: candidates, replicas: generator.pick([-1, 0, 1, 3, .max]))
        try require(
            counts.count == model.states.count && counts.allSatisfy { $0 >= 0 }
                && counts.reduce(0, +) <= max(0, candidates),
            "\(candidates) candidates get \(counts)")
        return .accepted
    }
}

enum StateModelChecks {
    /// A model that was written reads back as one that is written alike. Of the ways out of ERROR only direct ones are
    /// written where they are implicit, so that a record that has others loses them.
    static func rereads(_ model: StateModel, _ record: ZNRecord) throws {
        do {
            let written = [model.record, try StateModel(record: model.record).record].map { record in
                var record = record
                record.mapFields["ERROR.next"] = nil
                return record
            }
            try require(written[0] == written[1], "the model of \(record) is written in two ways")
        } catch let error as StateModelError {
            throw Violation("what was written of \(record) is refused: \(error)")
        }
    }

    static func hops(_ model: StateModel) throws {
        for from in model.states.indices {
            for to in model.states.indices {
                var place = from
                var steps = 0
                while let hop = model.nextHop(from: place, to: to) {
                    try require(
                        model.rank(from: place, to: hop) != .max, "\(model.name): a hop that is no transition")
                    place = hop
                    steps += 1
                    try require(steps <= model.states.count, "\(model.name): the way from \(from) to \(to) never ends")
                }
                try require(steps == 0 || place == to, "\(model.name): the way from \(from) to \(to) ends at \(place)")
            }
        }
    }

    static func draws(_ model: StateModel) {
        _ = (model.graphviz, model.mermaid, model.faults.map(\.description), model.secondTopIndices)
    }
}
