import Coordination
import HelixSimulation

/// A client of one session that reads and writes at random, and checks each answer against what was committed.
struct PromiseClient {
    private struct Armed {
        let watcher: Watcher
        let finding: History.Finding
    }

    let book: PromiseBook
    let simulation: Simulation
    let session: any CoordinationSession
    /// What has been read or written is not older than this transaction.
    private var floor: Int64 = 0
    private var armed: [History.Subject: Armed] = [:]

    private static let paths = ["/a", "/b", "/c", "/e/1", "/e/2", "/q"]

    init(_ session: any CoordinationSession, _ simulation: Simulation, _ book: PromiseBook) {
        self.session = session
        self.simulation = simulation
        self.book = book
    }

    mutating func step() async {
        switch simulation.random({ Int.random(in: 0..<20, using: &$0) }) {
        case 0..<9: await read()
        case 9..<14: await write()
        case 14..<18: await commit()
        default: await sync()
        }
    }

    private func some<Value>(_ values: [Value]) -> Value {
        simulation.random { values[Int.random(in: 0..<values.count, using: &$0)] }
    }

    // MARK: Writes

    /// Writes bear numbers that only grow.
    private func someWrite() -> WriteOperation {
        let data = Array("\(book.nextNumber())".utf8)
        return switch simulation.random({ Int.random(in: 0..<10, using: &$0) }) {
        case 0..<2: .create(some(["/a", "/b", "/c"]), data: data)
        case 2..<4: .create(some(["/e/1", "/e/2"]), data: data, mode: .ephemeral)
        case 4: .create("/q/", data: data, mode: .ephemeralSequential)
        case 5..<8: .set(some(Self.paths), data: data, version: some([nil, nil, nil, 0, 1]))
        default: .delete(some(["/a", "/b", "/c", "/e/1"]), version: some([nil, nil, 0]))
        }
    }

    private mutating func write() async {
        let operations = (0..<some([1, 1, 2, 5])).map { _ in someWrite() }
        for operation in operations { book.submitted(operation.number.map { [$0] } ?? [], in: session.id) }
        for (operation, result) in zip(operations, await session.write(operations)) {
            take(result.map { [$0] }, of: [operation])
        }
    }

    private mutating func commit() async {
        let transactions = (0..<some([1, 2])).map { _ in (0..<some([1, 2, 3])).map { _ in someWrite() } }
        for transaction in transactions { book.submitted(transaction.compactMap(\.number), in: session.id) }
        for (transaction, result) in zip(transactions, await session.commit(transactions)) {
            take(result, of: transaction)
        }
    }

    private mutating func take(_ result: Result<[WriteResult], CoordinationError>, of operations: [WriteOperation]) {
        let numbers = operations.compactMap(\.number)
        switch result {
        case .success:
            book.settled(numbers, .applied)
            floor = max(floor, numbers.compactMap(book.zxid).max() ?? 0)
            for case .delete(let path, _) in operations {
                floor = max(floor, book.deletion(of: path, in: session.id) ?? 0)
            }
        case .failure(let error):
            let isUnknown = error.code == .connectionLoss || error.code == .closed
            book.count("\(error.code)")
            book.settled(numbers, isUnknown ? .unknown : .refused)
        }
    }

    // MARK: Reads

    private mutating func sync() async {
        let committed = book.lastCommit
        do {
            try await session.sync("/")
            floor = max(floor, committed)
        } catch {
            book.count("\(error.code)")
        }
    }

    private mutating func read() async {
        let operations = (0..<some([1, 2, 4])).map { _ -> ReadOperation in
            let watcher = some([true, false]) ? session.makeWatcher() : nil
            return switch some([0, 0, 1, 2]) {
            case 0: .get(some(Self.paths), watcher: watcher)
            case 1: .exists(some(Self.paths), watcher: watcher)
            default: .children(some(["/", "/e", "/q"]), watcher: watcher)
            }
        }
        let results = await session.read(operations)
        for (operation, result) in zip(operations, results) { take(result, of: operation) }
    }

    private mutating func take(_ result: Result<ReadResult, CoordinationError>, of operation: ReadOperation) {
        guard let finding = History.Finding(result) else { return book.count("reads that fail") }
        guard let explanation = book.explanation(of: finding, at: operation.path, from: floor) else {
            return book.violation("\(session.id) reads \(finding) at \(operation.path) after it has seen \(floor)")
        }
        floor = explanation
        let subject = operation.subject
        checkWatch(subject, finding)
        if case .exists(_, let watcher?) = operation { armed[subject] = Armed(watcher: watcher, finding: finding) }
        guard finding != .absent, let watcher = operation.watcher else { return }
        armed[subject] = Armed(watcher: watcher, finding: finding)
    }

    /// If what is read is not what the watch was armed at, its event is there already.
    private mutating func checkWatch(_ subject: History.Subject, _ finding: History.Finding) {
        guard let watch = armed[subject] else { return }
        if !watch.watcher.drain().isEmpty {
            armed[subject] = nil
            return book.count("events")
        }
        guard watch.finding.isOther(than: finding) else { return }
        book.violation("\(session.id) reads \(finding) at \(subject.path) and has no event since \(watch.finding)")
    }

    /// Every watch has heard of what has changed.
    /// - Returns: whether that could be looked at.
    mutating func checkWatches() async -> Bool {
        do { try await session.sync("/") } catch { return false }
        let subjects = armed.keys.sorted { ($0.path, $0.side == .data ? 0 : 1) < ($1.path, $1.side == .data ? 0 : 1) }
        let operations = subjects.map { subject -> ReadOperation in
            subject.side == .data ? .get(subject.path) : .children(subject.path)
        }
        let results = await session.read(operations)
        for (operation, result) in zip(operations, results) { take(result, of: operation) }
        return results.allSatisfy { History.Finding($0) != nil }
    }
}

extension History.Finding {
    /// `nil` when the read failed for a reason that tells nothing of the znode.
    init?(_ result: Result<ReadResult, CoordinationError>) {
        switch result {
        case .success(.data(let data, let stat)): self = .data(data, modified: stat.modifiedZxid)
        case .success(.stat(let stat?)): self = .present(modified: stat.modifiedZxid)
        case .success(.children(let names, let stat)): self = .children(names, modified: stat.childrenModifiedZxid)
        case .success(.stat(nil)): self = .absent
        case .failure(let error) where error.code == .noNode: self = .absent
        case .failure: return nil
        }
    }

    private var modified: Int64? {
        switch self {
        case .absent: nil
        case .data(_, let modified), .present(let modified), .children(_, let modified): modified
        }
    }

    /// Whether something has happened between two findings of the same side of a znode.
    func isOther(than other: Self) -> Bool { modified != other.modified }
}

extension ReadOperation {
    var subject: History.Subject {
        if case .children = self { return History.Subject(side: .children, path: path) }
        return History.Subject(side: .data, path: path)
    }
}
