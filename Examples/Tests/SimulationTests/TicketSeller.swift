import HelixParticipant
import HelixSimulation
import Synchronization

/// The service under test: each partition is a concert, and its leader alone sells tickets for it.
///
/// Its time comes from a clock that it is given. That is all that a simulation asks for.
final class TicketSeller: Sendable {
    private struct Window {
        let token: Int64
        var isOpen = true
    }

    private let name: String
    private let office: BoxOffice
    private let clock: any Clock<Duration>
    private let windows = Mutex<[String: Window]>([:])

    init(name: String, office: BoxOffice, clock: any Clock<Duration>) {
        self.name = name
        self.office = office
        self.clock = clock
    }

    /// Sells a ticket for each concert every 100 milliseconds.
    func run() async throws {
        while true {
            for (concert, window) in windows.withLock({ $0 }).sorted(by: { $0.key < $1.key }) where window.isOpen {
                office.sell(concert, by: name, token: window.token)
            }
            try await clock.sleep(for: .milliseconds(100))
        }
    }

    func open(_ concert: String, token: Int64) async throws {
        try await clock.sleep(for: .milliseconds(30))  // fetch the seating plan
        office.open(concert, token: token)
        windows.withLock { $0[concert] = Window(token: token) }
    }

    func close(_ concert: String) { windows.withLock { $0[concert] = nil } }

    func setOpen(_ concert: String, _ isOpen: Bool) { windows.withLock { $0[concert]?.isOpen = isOpen } }
}

/// What Helix orders, told to the seller.
struct ConcertHandler: LeaderStandbyHandler {
    let concert: String
    let seller: TicketSeller

    func offlineToStandby(_ context: TransitionContext) async throws {}

    func standbyToLeader(_ context: TransitionContext) async throws {
        try await seller.open(concert, token: context.fencingToken)
    }

    func leaderToStandby(_ context: TransitionContext) async throws { seller.close(concert) }
    func standbyToOffline(_ context: TransitionContext) async throws {}
    func suspended() async { seller.setOpen(concert, false) }
    func resumed() async { seller.setOpen(concert, true) }
    func reset() async { seller.close(concert) }
}

/// The database behind all sellers. It belongs to no process, so it outlives them; it refuses whoever was replaced.
final class BoxOffice: Sendable {
    struct Sale: Sendable, Hashable {
        let concert: String
        let seller: String
        let token: Int64
    }

    private struct Content {
        var newest: [String: Int64] = [:]
        var sales: [Sale] = []
        var refusals: [Sale] = []
    }

    private let content = Mutex(Content())

    /// The tickets that were sold, in order.
    var sales: [Sale] { content.withLock { $0.sales } }
    /// The tickets that somebody wanted to sell who had been replaced.
    var refusals: [Sale] { content.withLock { $0.refusals } }

    func open(_ concert: String, token: Int64) {
        content.withLock { $0.newest[concert] = max(token, $0.newest[concert] ?? 0) }
    }

    func sell(_ concert: String, by seller: String, token: Int64) {
        let sale = Sale(concert: concert, seller: seller, token: token)
        content.withLock { content in
            if token < content.newest[concert] ?? 0 {
                content.refusals.append(sale)
            } else {
                content.sales.append(sale)
            }
        }
    }
}
