@testable import StateModels

// State models that no cluster has by itself.
extension StateModel {
    /// Two leaders at a time.
    static let twoTops = StateModel(
        name: "TwoTops", initialState: "OFFLINE",
        states: [State("LEADER", atMost: 2), State("STANDBY", atMost: .replicas), State("OFFLINE")],
        transitions: [
            Transition("LEADER", to: "STANDBY"), Transition("STANDBY", to: "LEADER"),
            Transition("OFFLINE", to: "STANDBY"), Transition("STANDBY", to: "OFFLINE"),
        ])

    /// Two states on the way up, out of which a replica may be dropped.
    static let bootstrapped = StateModel(
        name: "Bootstrapped", initialState: "OFFLINE",
        states: [
            State("MASTER", atMost: 1), State("SLAVE", atMost: .replicas), State("SYNCING"), State("LOADING"),
            State("OFFLINE"),
        ],
        transitions: [
            Transition("OFFLINE", to: "LOADING"), Transition("LOADING", to: "SYNCING"),
            Transition("SYNCING", to: "SLAVE"), Transition("SLAVE", to: "MASTER"), Transition("MASTER", to: "SLAVE"),
            Transition("SLAVE", to: "OFFLINE"), Transition("LOADING", to: "DROPPED"),
            Transition("SYNCING", to: "DROPPED"), Transition("LOADING", to: "OFFLINE"),
            Transition("SYNCING", to: "OFFLINE"),
        ])

    /// Ways up are more urgent than ways down.
    static let upwards = StateModel(
        name: "Upwards", initialState: "OFFLINE",
        states: [State("LEADER", atMost: 1), State("STANDBY", atMost: .replicas), State("OFFLINE")],
        transitions: [
            Transition("OFFLINE", to: "STANDBY"), Transition("STANDBY", to: "LEADER"),
            Transition("LEADER", to: "STANDBY"), Transition("STANDBY", to: "OFFLINE"),
        ])

    /// States with fixed bounds that are entered directly.
    static let direct = StateModel(
        name: "Direct", initialState: "OFFLINE",
        states: [State("ONLINE", atMost: 1), State("WATCHING", atMost: 2), State("OFFLINE")],
        transitions: [
            Transition("OFFLINE", to: "ONLINE"), Transition("ONLINE", to: "OFFLINE"),
            Transition("OFFLINE", to: "WATCHING"), Transition("WATCHING", to: "OFFLINE"),
        ])

    /// A second state with a fixed bound on the only way to the top. Such a model has a fault, but a record may hold
    /// it.
    static let narrow = StateModel(
        name: "Narrow", initialState: "OFFLINE",
        states: [
            State("TOP", atMost: 1), State("HOT", atMost: 1), State("COLD", atMost: .replicas), State("OFFLINE"),
        ],
        transitions: [
            Transition("TOP", to: "HOT"), Transition("HOT", to: "TOP"), Transition("HOT", to: "COLD"),
            Transition("COLD", to: "HOT"), Transition("OFFLINE", to: "COLD"), Transition("COLD", to: "OFFLINE"),
        ])
}
