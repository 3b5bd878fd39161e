// The models that every cluster of Helix has (protocol reference 4.8): names, states, bounds and orders are the wire's.
extension StateModel {
    /// All built-in models.
    public static let builtIn: [StateModel] = [
        masterSlave, leaderStandby, storageSchemata, onlineOffline, onlineOfflineWithBootstrap, schedulerTaskQueue,
        task,
    ]

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

    /// A master on every participant.
    public static let storageSchemata = StateModel(
        name: "STORAGE_DEFAULT_SM_SCHEMATA", initialState: "OFFLINE",
        states: [State("MASTER", atMost: .participants), State("OFFLINE"), State("DROPPED"), State("ERROR")],
        transitions: [Transition("MASTER", to: "OFFLINE"), Transition("OFFLINE", to: "MASTER")])

    /// All replicas are equal: online or not.
    public static let onlineOffline = StateModel(
        name: "OnlineOffline", initialState: "OFFLINE",
        states: [State("ONLINE", atMost: .replicas), State("OFFLINE"), State("DROPPED")],
        transitions: [
            Transition("OFFLINE", to: "ONLINE"), Transition("ONLINE", to: "OFFLINE"),
            Transition("OFFLINE", to: "DROPPED"),
        ])

    /// All replicas are equal, and are bootstrapped before they go online.
    public static let onlineOfflineWithBootstrap = StateModel(
        name: "OnlineOfflineWithBootstrap", initialState: "OFFLINE",
        states: [
            State("ONLINE", atMost: .replicas), State("BOOTSTRAP"), State("OFFLINE"), State("ERROR"), State("DROPPED"),
        ],
        transitions: [
            Transition("ONLINE", to: "OFFLINE"), Transition("OFFLINE", to: "BOOTSTRAP"),
            Transition("BOOTSTRAP", to: "ONLINE"), Transition("OFFLINE", to: "DROPPED"),
        ])

    /// Messages that a scheduler queues: each is sent once.
    public static let schedulerTaskQueue = StateModel(
        name: "SchedulerTaskQueue", initialState: "OFFLINE",
        states: [State("COMPLETED", atMost: 1), State("OFFLINE"), State("DROPPED")],
        transitions: [
            Transition("OFFLINE", to: "COMPLETED"), Transition("OFFLINE", to: "DROPPED"),
            Transition("COMPLETED", to: "DROPPED"),
        ])

    /// The task framework's.
    public static let task = StateModel(
        name: "Task", initialState: "INIT",
        states: [
            State("INIT"), State("RUNNING"), State("STOPPED"), State("COMPLETED"), State("TIMED_OUT"),
            State("TASK_ERROR"), State("TASK_ABORTED"), State("DROPPED"),
        ],
        transitions: [Transition("INIT", to: "RUNNING")]
            + ["STOPPED", "COMPLETED", "TIMED_OUT", "TASK_ERROR", "TASK_ABORTED"].map { Transition("RUNNING", to: $0) }
            + [Transition("STOPPED", to: "RUNNING"), Transition("INIT", to: "DROPPED")]
            + afterInit.map { Transition($0, to: "DROPPED") } + afterInit.map { Transition($0, to: "INIT") })

    /// The states of a task that has begun, in the order in which the wire lists their transitions.
    private static let afterInit = ["RUNNING", "COMPLETED", "STOPPED", "TIMED_OUT", "TASK_ERROR", "TASK_ABORTED"]
}
