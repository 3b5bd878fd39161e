import HelixSimulation

/// Whoever believes to be in the top state writes to the partition's storage, with its fencing token.
struct Storage: ScenarioPart {
    func prepare(_ world: ScenarioWorld) async throws { world.writeNowAndThen() }
}

extension ScenarioWorld {
    fileprivate func writeNowAndThen() {
        simulation.after(.milliseconds(700)) { [self] in
            reality.writeEverywhere()
            writeNowAndThen()
        }
    }
}
