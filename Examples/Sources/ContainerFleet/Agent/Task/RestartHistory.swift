/// How the runs of a task went, and what follows for the next: when it begins, and what is said about it.
struct RestartHistory: Sendable, Hashable {
    /// The delay before the first restart. It doubles with each.
    static let shortest = Duration.milliseconds(100)
    /// The longest delay.
    static let longest = Duration.seconds(30)
    /// A run as long as that makes the next delay the shortest again.
    static let settled = Duration.seconds(60)
    /// How many runs are looked at.
    static let window = 10
    /// How many there have to be before anything is said of them.
    static let few = 3

    /// The lengths of the last runs, the latest last.
    private var lengths: [Duration] = []
    private var doublings = 0

    /// Takes note of a run that is over.
    /// - Returns: how long to wait before the next.
    mutating func add(_ length: Duration) -> Duration {
        lengths = (lengths + [length]).suffix(Self.window)
        if length >= Self.settled { doublings = 0 }
        let delay = Self.shortest * (1 << doublings)
        if delay < Self.longest { doublings += 1 }
        return min(delay, Self.longest)
    }

    /// How long the task has to run on until it does not flap any more; zero if it does not now.
    ///
    /// It flaps when its last runs were shorter, taken together, than as many would be of which ten make a minute.
    func flapping(after uptime: Duration = .zero) -> Duration {
        guard lengths.count >= Self.few else { return .zero }
        return max(.zero, Self.settled / Self.window * lengths.count - lengths.reduce(uptime, +))
    }
}
