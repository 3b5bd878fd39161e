import Foundation

/// Time that a thread has computed: on a machine with other work it says what an idle core would need.
enum ProcessorTime {
    private static var now: Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// The least time of three runs; of one that takes more than two seconds there is only that one.
    static func best<Value>(_ body: () -> Value) -> (value: Value, time: Duration) {
        var (value, least) = measure(body)
        for _ in 0..<2 where least < .seconds(2) {
            let again = measure(body)
            if again.time < least { (value, least) = again }
        }
        return (value, least)
    }

    private static func measure<Value>(_ body: () -> Value) -> (value: Value, time: Duration) {
        let begin = now
        let value = body()
        return (value, now - begin)
    }
}

/// The memory of a process, from `/proc`.
struct ProcessMemory {
    /// What this process holds, in megabytes, once the allocator has given back what is free.
    static func held() throws -> Double {
        typealias Trim = @convention(c) (Int) -> Int32
        if let symbol = dlsym(nil, "malloc_trim") { _ = unsafeBitCast(symbol, to: Trim.self)(0) }
        return try ProcessMemory().megabytes("VmRSS")
    }

    private let directory: String

    /// - Parameter process: its id; this one unless given.
    init(of process: Int32? = nil) { directory = "/proc/\(process.map(String.init) ?? "self")" }

    /// Megabytes: `VmRSS` now, `VmHWM` at its highest.
    func megabytes(_ key: String) throws -> Double {
        let text = try String(contentsOfFile: directory + "/status", encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.hasPrefix(key + ":") }
        return Double(line?.split(whereSeparator: { !$0.isNumber }).first ?? "0")! / 1024
    }

    /// How many megabytes more this process had at its highest while `body` ran than before.
    static func growth<Value>(_ body: () throws -> Value) throws -> (value: Value, megabytes: Double) {
        let memory = ProcessMemory()
        try Data("5".utf8).write(to: URL(fileURLWithPath: memory.directory + "/clear_refs"))  // VmHWM = VmRSS
        let before = try memory.megabytes("VmRSS")
        let value = try body()
        return (value, try memory.megabytes("VmHWM") - before)
    }
}
