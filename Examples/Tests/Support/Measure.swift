import Foundation

/// Tells how long something took.
///
/// Of a machine that has other work at the same time that says nothing of the product, so it is judged only where that is
/// asked for, with FLEET_BARS=1.
/// - Throws: `TestFailure` when it is judged, and took longer than the bar.
public func measure(_ what: String, since start: ContinuousClock.Instant, bar: Duration) throws {
    let elapsed = ContinuousClock.now - start
    print("\(what) after \(elapsed); the bar is \(bar)")
    if ProcessInfo.processInfo.environment["FLEET_BARS"] != nil, elapsed >= bar {
        throw TestFailure("\(what) after \(elapsed) only; the bar is \(bar)")
    }
}
