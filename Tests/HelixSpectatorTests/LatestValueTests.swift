import Testing

@testable import HelixSpectator

@Suite("A latest value", .timeLimit(.minutes(5)))
struct LatestValueTests {
    @Test("hands the latest of several values to a consumer that was busy")
    func latestWins() async throws {
        let latest = LatestValue<Int>()
        for value in 1...5 { latest.publish(value) }
        let (value, version) = try #require(await latest.next(after: 0))
        #expect(value == 5)
        latest.publish(6)
        #expect(await latest.next(after: version)?.value == 6)
    }

    @Test("hands a consumer each value at most once, then the end")
    func ends() async throws {
        let latest = LatestValue<Int>()
        latest.publish(1)
        latest.finish()
        let (value, version) = try #require(await latest.next(after: 0))
        #expect(value == 1)
        #expect(await latest.next(after: version) == nil)
    }

    @Test("wakes every consumer that waits")
    func wakes() async {
        let latest = LatestValue<Int>()
        await withTaskGroup(of: Int?.self) { group in
            for _ in 0..<10 { group.addTask { await latest.next(after: 0)?.value } }
            latest.publish(7)
            for await value in group { #expect(value == 7) }
        }
    }

    @Test("lets a consumer go that is cancelled, and only that one")
    func cancellation() async {
        let latest = LatestValue<Int>()
        await withTaskGroup(of: Int?.self) { group in
            group.addTask { await latest.next(after: 0)?.value }
            await withTaskGroup(of: Void.self) { cancelled in
                cancelled.addTask { #expect(await latest.next(after: 0) == nil) }
                cancelled.cancelAll()
            }
            latest.publish(3)
            for await value in group { #expect(value == 3) }
        }
    }

    @Test("loses no value between consumers and a producer that run at once")
    func race() async {
        for _ in 0..<200 {
            let latest = LatestValue<Int>()
            await withTaskGroup(of: Int.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        var (last, version) = (0, 0)
                        while let next = await latest.next(after: version) {
                            (last, version) = (next.value, next.version)
                        }
                        return last
                    }
                }
                for value in 1...20 { latest.publish(value) }
                latest.finish()
                for await last in group { #expect(last == 20) }
            }
        }
    }
}
