import FleetHost
import HelixRecords
import Testing

@Suite("Reasons to end what runs on a host")
struct GroundsTests {
    private func grounds(
        removal: Bool = true, store: String? = "f1", disk: String? = "f1", naming hosts: [String]? = nil,
        mode: IdealState.RebalanceMode = .semiAuto, tombstone: Bool = false, isLeaving: Bool = false
    ) -> Grounds {
        let idealState = hosts.map { hosts in
            var state = IdealState(id: "web")
            state.rebalanceMode = mode
            state.preferenceLists = ["web_h1": hosts]
            return state
        }
        guard removal else {
            return Grounds.toStop(
                "web_h1", identity: (store, disk), idealState: idealState, hasTombstone: tombstone)
        }
        return Grounds.toRemove(
            "web_h1", on: "h1", identity: (store, disk), idealState: idealState, hasTombstone: tombstone,
            isLeaving: isLeaving)
    }

    private func isGiven(_ grounds: Grounds) -> Bool { if case .given = grounds { true } else { false } }

    @Test("an ideal state without the host, and a tombstone, are reasons to remove a container")
    func given() {
        #expect(isGiven(grounds(naming: [])))
        #expect(isGiven(grounds(naming: ["h2"])))
        #expect(isGiven(grounds(naming: ["h1"], mode: .fullAuto)))
        #expect(isGiven(grounds(naming: ["h1"], isLeaving: true)))
        #expect(isGiven(grounds(tombstone: true)))
    }

    @Test("a store that knows nothing, knows better, or is no fleet's or another one's is none")
    func missing() {
        #expect(!isGiven(grounds()))
        #expect(!isGiven(grounds(naming: ["h1"])))
        #expect(!isGiven(grounds(store: nil, tombstone: true)))
        #expect(!isGiven(grounds(store: "f2", naming: [], tombstone: true)))
        #expect(!isGiven(grounds(disk: nil, tombstone: true)))
    }

    @Test("what is to stop may be named")
    func stopping() {
        #expect(isGiven(grounds(removal: false, naming: ["h1"])))
        #expect(isGiven(grounds(removal: false, tombstone: true)))
        #expect(!isGiven(grounds(removal: false)))
        #expect(!isGiven(grounds(removal: false, store: "f2", naming: ["h1"])))
    }
}
