/// What a container has used up to a moment.
public struct ContainerSample: Sendable, Hashable {
    /// Nanoseconds of processor time that the container has had.
    public var processorTime: UInt64
    /// Nanoseconds of processor time that the host has had, over all processors.
    public var systemTime: UInt64
    /// How many processors the host has.
    public var processors: Int
    /// Bytes of memory in use, without files that the kernel may drop.
    public var memory: UInt64
    /// Bytes of memory that may be used.
    public var memoryLimit: UInt64
    /// Bytes received over all its networks.
    public var received: UInt64
    /// Bytes sent.
    public var sent: UInt64
    /// How many processes there are.
    public var processes: Int

    /// A sample.
    public init(
        processorTime: UInt64, systemTime: UInt64, processors: Int, memory: UInt64 = 0, memoryLimit: UInt64 = 0,
        received: UInt64 = 0, sent: UInt64 = 0, processes: Int = 0
    ) {
        self.processorTime = processorTime
        self.systemTime = systemTime
        self.processors = processors
        self.memory = memory
        self.memoryLimit = memoryLimit
        self.received = received
        self.sent = sent
        self.processes = processes
    }

    /// How much of the host's processors it used since an earlier sample, in percent of one processor: 200 is two
    /// (Engine facts 12.8).
    /// - Returns: `nil` when no time has passed, or the container was started anew in between.
    public func processorPercent(since earlier: ContainerSample) -> Double? {
        guard systemTime > earlier.systemTime, processorTime >= earlier.processorTime else { return nil }
        let share = Double(processorTime - earlier.processorTime) / Double(systemTime - earlier.systemTime)
        return share * Double(processors) * 100
    }
}

/// A sample as the Engine writes it.
struct StatsAnswer: Decodable {
    struct Processor: Decodable {
        struct Usage: Decodable {
            var totalUsage: UInt64?
            var percpuUsage: [UInt64]?
        }

        var cpuUsage: Usage?
        var systemCpuUsage: UInt64?
        var onlineCpus: Int?
    }

    struct Memory: Decodable {
        struct Details: Decodable {
            var totalInactiveFile: UInt64?
            var inactiveFile: UInt64?
        }

        var usage: UInt64?
        var limit: UInt64?
        var stats: Details?
    }

    struct Network: Decodable {
        var rxBytes: UInt64?
        var txBytes: UInt64?
    }

    struct Processes: Decodable {
        var current: Int?
    }

    var cpuStats: Processor?
    var memoryStats: Memory?
    var networks: [String: Network]?
    var pidsStats: Processes?

    var sample: ContainerSample {
        let used = memoryStats?.usage ?? 0
        // The first is of cgroups version 1, where the second leaves out what is below.
        let dropped = memoryStats?.stats?.totalInactiveFile ?? memoryStats?.stats?.inactiveFile ?? 0
        let interfaces = (networks ?? [:]).values
        return ContainerSample(
            processorTime: cpuStats?.cpuUsage?.totalUsage ?? 0, systemTime: cpuStats?.systemCpuUsage ?? 0,
            processors: cpuStats?.onlineCpus ?? cpuStats?.cpuUsage?.percpuUsage?.count ?? 1,
            memory: used > dropped ? used - dropped : used, memoryLimit: memoryStats?.limit ?? 0,
            received: interfaces.reduce(0) { $0 &+ ($1.rxBytes ?? 0) },
            sent: interfaces.reduce(0) { $0 &+ ($1.txBytes ?? 0) }, processes: pidsStats?.current ?? 0)
    }
}
