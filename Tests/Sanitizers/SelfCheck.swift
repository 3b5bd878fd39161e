import Glibc
import Synchronization

// Faults on purpose, and what is none: whoever runs the sanitizers runs these first, so as to know that they see the
// former and keep silent about the latter. Says on its output when it has come to its end.

/// A number that a mutex guards.
final class Guarded: Sendable {
    let value = Mutex(0)
}

/// A number that nothing guards by itself.
final class Bare: @unchecked Sendable {
    var value = 0
}

/// Where threads wait for each other. Without it one might be done before the next has begun, and whatever the runtime
/// locks in between would order them.
final class Gate: Sendable {
    private let missing: Atomic<Int>

    init(_ count: Int) { missing = Atomic(count) }

    func pass() {
        missing.subtract(1, ordering: .acquiringAndReleasing)
        while missing.load(ordering: .acquiring) > 0 { sched_yield() }
    }
}

final class Work: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

/// Runs each body on a thread of its own, all at once, and waits for all.
func inThreads(_ bodies: [@Sendable () -> Void]) {
    var threads: [pthread_t] = []
    let gate = Gate(bodies.count)
    for body in bodies {
        var thread = pthread_t()
        let work = Work {
            gate.pass()
            body()
        }
        let opaque = Unmanaged.passRetained(work).toOpaque()
        pthread_create(
            &thread, nil,
            { work in
                if let work { Unmanaged<Work>.fromOpaque(work).takeRetainedValue().body() }
                return nil
            }, opaque)
        threads.append(thread)
    }
    for thread in threads { pthread_join(thread, nil) }
}

let rounds = 200_000

/// Two threads fight for one mutex: no race, though they meet in the kernel again and again.
func countGuarded() {
    let counter = Guarded()
    let body: @Sendable () -> Void = {
        for _ in 0..<rounds { counter.value.withLock { $0 += 1 } }
    }
    inThreads([body, body])
    print(counter.value.withLock { $0 })
}

/// Two threads count without a mutex.
func countBare() {
    let counter = Bare()
    let body: @Sendable () -> Void = {
        for _ in 0..<rounds { counter.value += 1 }
    }
    inThreads([body, body])
    print(counter.value)
}

/// Two pairs of threads count with a mutex for each pair: it orders the pair, and nothing else.
func countUnderWrongMutex() {
    let counter = Bare()
    let mutexes = [Guarded(), Guarded()]
    let bodies: [@Sendable () -> Void] = (0..<4).map { thread in
        { for _ in 0..<rounds { mutexes[thread % 2].value.withLock { _ in counter.value += 1 } } }
    }
    inThreads(bodies)
    print(counter.value)
}

@inline(never)
func useAfterFree() {
    let place = UnsafeMutablePointer<Int>.allocate(capacity: 8)
    place.initialize(repeating: 7, count: 8)
    place.deallocate()
    print(place[3])
}

@inline(never)
func leak() {
    // Some of them, since the last one's address may still lie on the stack.
    for size in 1...16 { malloc(size * 100)?.storeBytes(of: 1, as: UInt8.self) }
    print("lost")
}

switch CommandLine.arguments.dropFirst().first {
case "guarded": countGuarded()
case "race": countBare()
case "wrong-mutex": countUnderWrongMutex()
case "use-after-free": useAfterFree()
case "leak": leak()
case "nothing": print("nothing")
default:
    print("error: expected guarded, race, wrong-mutex, use-after-free, leak or nothing")
    exit(64)
}
