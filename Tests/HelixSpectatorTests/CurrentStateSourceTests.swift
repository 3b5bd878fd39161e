import Coordination
import HelixRecords
import Testing

@testable import HelixSpectator

@Suite("A spectator of current states")
struct CurrentStateSourceTests {
    private func place(_ instance: String, _ session: String, _ resource: String = "orders") -> RoutingPlace {
        .record(.currentState(instance: instance, session: session, resource: resource))
    }

    private func list(_ instance: String, _ session: String) -> RoutingPlace {
        .currentStates(instance: instance, session: session)
    }

    private func live(_ name: String, session: String) -> LiveInstance {
        .make(instance: name, sessionID: session, process: "1@host")
    }

    /// Two instances in sessions s1 and s2 that report of one resource.
    private func state() throws -> Knowledge {
        let state = Knowledge(.currentStates)
        try state.join("n1", "n2")
        for (name, session) in [("n1", "s1"), ("n2", "s2")] {
            #expect(
                try state.record(live(name, session: session), at: .liveInstance(name), zxid: 3)
                    == [list(name, session)])
            #expect(state.list(["orders"], at: list(name, session)) == [place(name, session)])
        }
        try state.record(
            currentState("orders", session: "s1", ["orders_0": "LEADER", "orders_1": "STANDBY"]),
            at: place("n1", "s1"), zxid: 5)
        try state.record(
            currentState("orders", session: "s2", ["orders_0": "STANDBY", "orders_1": "DROPPED"]),
            at: place("n2", "s2"), zxid: 6)
        return state
    }

    @Test("joins what the instances report, without replicas that were dropped")
    func joins() throws {
        let state = try state()
        #expect(
            state.table()?.map(of: "orders")
                == ["orders_0": ["n1": "LEADER", "n2": "STANDBY"], "orders_1": ["n1": "STANDBY"]])
    }

    @Test("tells what instances say of their replicas beside the state")
    func remarks() throws {
        let state = try state()
        var record = currentState("orders", session: "s1", [:])
        var replica = ReplicaState(currentState: "LEADER")
        replica.info = "copied 43 %"
        replica.endTime = 1_700_000_000_000
        record["orders_0"] = replica
        record["orders_1"] = ReplicaState(currentState: "STANDBY")
        try state.record(record, at: place("n1", "s1"), zxid: 7)
        let table = try #require(state.table())
        let remark = try #require(table.remark(on: "orders", partition: "orders_0", by: "n1"))
        #expect(remark.detail == "copied 43 %" && remark.since == 1_700_000_000_000)
        #expect(table.remark(on: "orders", partition: "orders_1", by: "n1") == nil)
        #expect(table.remark(on: "orders", partition: "orders_0", by: "n2") == nil)
    }

    @Test("says of each resource whether anything about its replicas may be different")
    func editions() throws {
        let state = try state()
        state.list(["orders", "other"], at: list("n1", "s1"))
        try state.record(
            currentState("other", session: "s1", ["other_0": "LEADER"]), at: place("n1", "s1", "other"), zxid: 7)
        let first = try #require(state.table())
        try state.record(
            currentState("orders", session: "s1", ["orders_0": "STANDBY"]), at: place("n1", "s1"), zxid: 8)
        let second = try #require(state.table())
        #expect(first.edition(of: "orders") != second.edition(of: "orders"))
        #expect(first.edition(of: "other") == second.edition(of: "other"))
        #expect(second.edition(of: "other") != nil && second.edition(of: "none") == nil)
    }

    @Test("forgets what an instance reported when it is no longer live")
    func death() throws {
        let state = try state()
        state.list(["n2"], at: .liveInstances)
        #expect(state.table()?.map(of: "orders") == ["orders_0": ["n2": "STANDBY"]])
    }

    @Test("forgets what a former session reported, also when its answers come late")
    func newSession() throws {
        let state = try state()
        #expect(try state.record(live("n1", session: "s9"), at: .liveInstance("n1"), zxid: 8) == [list("n1", "s9")])
        #expect(state.table()?.map(of: "orders") == ["orders_0": ["n2": "STANDBY"]])
        #expect(state.list(["orders"], at: list("n1", "s1")).isEmpty)
        try state.record(
            currentState("orders", session: "s1", ["orders_0": "LEADER"]), at: place("n1", "s1"), zxid: 9)
        #expect(state.table() == nil)

        #expect(state.take(nil, at: list("n1", "s9")) == [.creation(of: list("n1", "s9"))])
        #expect(state.take(.stat(Stat()), at: .creation(of: list("n1", "s9"))) == [list("n1", "s9")])
        #expect(state.list(["orders"], at: list("n1", "s9")) == [place("n1", "s9")])
        try state.record(
            currentState("orders", session: "s9", ["orders_0": "STANDBY"]), at: place("n1", "s9"), zxid: 10)
        #expect(state.table()?.map(of: "orders") == ["orders_0": ["n1": "STANDBY", "n2": "STANDBY"]])
    }

    @Test("does not take a session without current states yet for a problem")
    func noStatesYet() throws {
        let state = Knowledge(.currentStates)
        try state.join("n1")
        try state.record(live("n1", session: "s1"), at: .liveInstance("n1"), zxid: 3)
        _ = state.take(nil, at: list("n1", "s1"))
        #expect(state.table()?.problems == [])
    }

    @Test("takes the session of a live instance from its record, and from the znode's owner where there is none")
    func sessions() throws {
        let state = Knowledge(.currentStates)
        try state.join("n1", "n2")
        #expect(
            try state.record(live("n1", session: "81985529216486895"), at: .liveInstance("n1"), zxid: 3, owner: 255)
                == [list("n1", "81985529216486895")])
        #expect(state.data(Array("?".utf8), at: .liveInstance("n2"), zxid: 3, owner: 255) == [list("n2", "ff")])
        // A session that is known is not given up for a record that cannot be read.
        #expect(state.data(Array("?".utf8), at: .liveInstance("n1"), zxid: 4, owner: 255).isEmpty)
    }

    @Test("keeps what one instance reported while its record cannot be read, and goes on with the others")
    func unreadable() throws {
        let state = try state()
        state.data(Array("?".utf8), at: place("n1", "s1"), zxid: 8)
        try state.record(
            currentState("orders", session: "s2", ["orders_0": "OFFLINE"]), at: place("n2", "s2"), zxid: 9)
        let table = try #require(state.table())
        #expect(
            table.map(of: "orders") == ["orders_0": ["n1": "LEADER", "n2": "OFFLINE"], "orders_1": ["n1": "STANDBY"]])
        #expect(table.problems.map(\.path) == [paths.currentState("n1", session: "s1", resource: "orders")])
    }

    @Test("reads the lists below live instances when everything is read again")
    func readingAll() throws {
        let state = try state()
        #expect(
            state.list(["n1", "n2"], at: .liveInstances, readingAll: true) == [
                .liveInstance("n1"), .liveInstance("n2"),
            ])
        #expect(
            try state.record(live("n1", session: "s1"), at: .liveInstance("n1"), zxid: 3, readingAll: true)
                == [list("n1", "s1")])
        #expect(state.list(["orders"], at: list("n1", "s1"), readingAll: true) == [place("n1", "s1")])
    }
}
