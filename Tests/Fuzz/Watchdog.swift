import Glibc

/// Tells which input it was when a target traps or does not come back.
///
/// Everything that the signal handlers touch is allocated and rendered before the first input, since a handler may
/// neither allocate nor lock.
enum Watchdog {
    /// What the handlers read and write.
    private struct Progress {
        var input = 0
        /// Of the last tick: its input, and how many ticks have found the same one.
        var lastInput = -1
        var ticks = 0
        var ticksAllowed = 10
        var textLength = 0
    }

    private nonisolated(unsafe) static let progress = {
        let place = UnsafeMutablePointer<Progress>.allocate(capacity: 1)
        place.initialize(to: Progress())
        return place
    }()

    /// The command that repeats an input, up to the input's number.
    private nonisolated(unsafe) static let command = UnsafeMutablePointer<UInt8>.allocate(capacity: commandSize)
    private static let commandSize = 512
    private nonisolated(unsafe) static let alternateStack = UnsafeMutableRawPointer.allocate(
        byteCount: alternateStackSize, alignment: 16)
    private static let alternateStackSize = 1 << 16
    private static let deadly = [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT]

    /// Watches this process from now on.
    /// - Parameter bound: how many seconds an input may take.
    @MainActor
    static func start(bound: Int) {
        progress.pointee.ticksAllowed = bound
        var action = sigaction()
        action.sa_flags = SA_ONSTACK | Int32(bitPattern: UInt32(SA_RESETHAND))
        action.__sigaction_handler.sa_handler = { signal in Watchdog.trapped(signal) }
        for signal in deadly { sigaction(signal, &action, nil) }
        action.sa_flags = SA_ONSTACK | SA_RESTART
        action.__sigaction_handler.sa_handler = { _ in Watchdog.tick() }
        sigaction(SIGALRM, &action, nil)
        let second = timeval(tv_sec: 1, tv_usec: 0)
        var timer = itimerval(it_interval: second, it_value: second)
        setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &timer, nil)
    }

    /// The inputs that follow belong to this target and seed, and run on this thread.
    static func announce(command text: String) {
        // A stack that has overflowed cannot carry its handler.
        var stack = stack_t(ss_sp: alternateStack, ss_flags: 0, ss_size: alternateStackSize)
        sigaltstack(&stack, nil)
        let bytes = text.utf8.prefix(commandSize)
        progress.pointee.textLength = 0
        for (index, byte) in bytes.enumerated() { command[index] = byte }
        progress.pointee.textLength = bytes.count
    }

    /// The next input begins.
    static func begin(_ input: Int) { progress.pointee.input = input }

    private static func tick() {
        let input = progress.pointee.input
        progress.pointee.ticks = input == progress.pointee.lastInput ? progress.pointee.ticks + 1 : 0
        progress.pointee.lastInput = input
        guard progress.pointee.ticks >= progress.pointee.ticksAllowed, progress.pointee.textLength > 0 else { return }
        tell("error: an input hangs; it is repeated by: ")
        _exit(2)
    }

    private static func trapped(_ signal: Int32) {
        if progress.pointee.textLength > 0 { tell("error: an input traps; it is repeated by: ") }
        raise(signal)  // the handler is gone by now: this ends the process as it would have ended
    }

    private static func tell(_ what: StaticString) {
        write(STDERR_FILENO, what.utf8Start, what.utf8CodeUnitCount)
        write(STDERR_FILENO, command, progress.pointee.textLength)
        var rest = progress.pointee.input
        withUnsafeTemporaryAllocation(byteCount: 24, alignment: 1) { digits in
            var start = 24 - 1
            digits[start] = UInt8(ascii: "\n")
            repeat {
                start -= 1
                digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            write(STDERR_FILENO, digits.baseAddress! + start, 24 - start)
        }
    }
}
