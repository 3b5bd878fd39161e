extension StateModel {
    /// One master, the other replicas slaves.
    public static let masterSlave = StateModel(
        name: "MasterSlave", initialState: "OFFLINE",
        states: [
            State("MASTER", atMost: 1), State("SLAVE", atMost: .replicas), State("OFFLINE"), State("DROPPED"),
            State("ERROR"),
        ],
        transitions: [
            Transition("MASTER", to: "SLAVE"), Transition("SLAVE", to: "MASTER"), Transition("OFFLINE", to: "SLAVE"),
            Transition("SLAVE", to: "OFFLINE"), Transition("OFFLINE", to: "DROPPED"),
        ])

    /// One leader, the other replicas standbys.
    public static let leaderStandby = StateModel(
        name: "LeaderStandby", initialState: "OFFLINE",
        states: [
            State("LEADER", atMost: 1), State("STANDBY", atMost: .replicas), State("OFFLINE"), State("DROPPED"),
        ],
        transitions: [
            Transition("LEADER", to: "STANDBY"), Transition("STANDBY", to: "LEADER"),
            Transition("OFFLINE", to: "STANDBY"), Transition("STANDBY", to: "OFFLINE"),
            Transition("OFFLINE", to: "DROPPED"),
        ])

    /// All replicas are equal: online or not.
    public static let onlineOffline = StateModel(
        name: "OnlineOffline", initialState: "OFFLINE",
        states: [State("ONLINE", atMost: .replicas), State("OFFLINE"), State("DROPPED")],
        transitions: [
            Transition("OFFLINE", to: "ONLINE"), Transition("ONLINE", to: "OFFLINE"),
            Transition("OFFLINE", to: "DROPPED"),
        ])
}

extension StateModel {
    /// temporary
    public static let builtIn: [StateModel] = [.masterSlave, .leaderStandby, .onlineOffline]
}
