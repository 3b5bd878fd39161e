import Coordination
import HelixRecords
import Logging

/// Writes what happens into CONTROLLER/JOURNAL, off the way of transitions: all that has come up since the last write at
/// once, and not more often than the configuration says.
///
/// A journal that cannot be written, or read, is no reason not to lead: its events are lost then, and the log says so.
struct JournalKeeper: Sendable {
    private let office: Office
    private let context: ControllerContext
    private let events = Mailbox<JournalEvent>()

    /// The journal as it stands in ZooKeeper, as far as that is known.
    private struct Page {
        var journal = Journal()
        /// `nil` when there is no such znode.
        var version: Int32?
    }

    init(office: Office, context: ControllerContext) {
        self.office = office
        self.context = context
    }

    private var path: String { context.paths.journal }

    /// Asks for events to be written, in this order.
    func note(_ events: [JournalEvent]) {
        if !events.isEmpty { self.events.post(contentsOf: events) }
    }

    /// - Throws: `Deposed`; `CoordinationError` when the session is over.
    func run() async throws {
        var page: Page?
        while let batch = await events.next() {
            if batch.isEmpty { continue }
            // What would go at once need not be written.
            page = try await write(Array(batch.suffix(Journal.limit)), after: page)
            do {
                try await context.clock.sleep(for: context.configuration.journalInterval)
            } catch {}  // cancelled: the mailbox ends too
        }
    }

    /// - Returns: what is there afterwards; `nil` when that is not known.
    private func write(_ batch: [JournalEvent], after known: Page?) async throws -> Page? {
        var page = known
        while true {
            do {
                let before = page
                let result = try await office.session.persistently(context) {
                    // Each attempt after the first one reads: the one before may have succeeded without our knowing.
                    let present: Page
                    if let known = page { present = known } else { present = try await read() }
                    page = nil
                    return try await append(batch, to: present, unless: before)
                }
                return result
            } catch let error as CoordinationError where !error.endsSession && error.isConflict {
                page = nil  // somebody else wrote it, or deleted it
            } catch let error as CoordinationError where !error.endsSession {
                return giveUp(batch, error)
            } catch let error as RecordError {
                return giveUp(batch, error)
            }
        }
    }

    private func read() async throws -> Page {
        guard let (data, stat) = try await office.session.getIfPresent(path) else { return Page() }
        do throws(RecordError) {
            return Page(journal: try Journal(decoding: data, path: path), version: stat.version)
        } catch {
            context.logger.warning("The journal cannot be read; it begins anew", metadata: ["error": "\(error)"])
            return Page(version: stat.version)
        }
    }

    private func append(_ batch: [JournalEvent], to page: Page, unless known: Page?) async throws -> Page {
        // Written already by an attempt whose answer was lost.
        if page.journal.ends(with: batch), known?.version != page.version { return page }
        var page = page
        page.journal.append(batch)
        let data = try page.journal.encoded(path: path)
        if let version = page.version {
            try await office.write(.set(path, data: data, version: version))
            page.version = version + 1
        } else {
            try await office.write(.create(path, data: data))
            page.version = 0
        }
        return page
    }

    private func giveUp(_ batch: [JournalEvent], _ error: any Error) -> Page? {
        context.logger.warning(
            "Events could not be written into the journal",
            metadata: ["count": "\(batch.count)", "error": "\(error)"])
        return nil
    }
}

extension Journal {
    /// Whether the last events are these, whatever their indices.
    fileprivate func ends(with batch: [JournalEvent]) -> Bool {
        let last = events.suffix(batch.count)
        return last.count == batch.count
            && zip(last, batch).allSatisfy { written, event in
                var written = written
                written.index = event.index
                return written == event
            }
    }
}
