internal import Coordination
internal import HelixRecords

/// Which znodes of a resource's current state go out in one transaction, and what became of them.
extension ResourceAccount {
    enum PageChange: Sendable, Hashable { case create, set, delete }

    /// What goes out together.
    struct Writes: Sendable {
        var operations: [WriteOperation] = []
        /// For each operation, in their order.
        var changes: [(page: String, change: PageChange)] = []
        /// The first change that is not shown yet when these have been written, `nil` when all are.
        var openSince: UInt64?

        fileprivate var bytes = 0

        fileprivate mutating func add(_ operation: WriteOperation, _ page: String, _ change: PageChange) {
            operations.append(operation)
            changes.append((page, change))
            bytes += operation.encodedSize
        }

        fileprivate mutating func leave(_ page: Page) {
            guard let since = page.dirtySince else { return }
            openSince = min(openSince ?? .max, since)
        }
    }

    /// What is to be written now, what waits the longest first, as far as it fits into one transaction.
    ///
    /// A bucket comes after its head, and a head that is to lose its partitions to buckets, or to go, after these: at no time
    /// is a replica missing in what is there.
    func writes() throws(RecordError) -> Writes {
        guard bucketSize > 0, let head = pages[Self.head] else { return try wholeWrites() }
        var writes = Writes()
        let buckets = pages.filter { $0.key != Self.head }
        let isNeeded = buckets.values.contains { !$0.encoder.isEmpty }
        if isNeeded, head.version == nil {
            writes.add(.create(path(of: Self.head), data: try head.encoder.encoded()), Self.head, .create)
        }
        let due = buckets.filter { $0.value.dirtySince != nil }.sorted {
            $0.value.order($0.key) < $1.value.order($1.key)
        }
        var isFull = false
        for (name, page) in due {
            if !isFull, let (operation, change) = try write(page, name) {
                isFull = !writes.operations.isEmpty && writes.bytes + operation.encodedSize > byteLimit
                if !isFull { writes.add(operation, name, change) }
            }
            if isFull { writes.leave(page) }
        }
        guard let version = head.version else { return writes }
        if isFull {
            writes.leave(head)
        } else if !isNeeded {
            writes.add(.delete(path(of: Self.head), version: version), Self.head, .delete)
        } else if head.dirtySince != nil {
            let data = try head.encoder.encoded()
            writes.add(.set(path(of: Self.head), data: data, version: version), Self.head, .set)
        }
        return writes
    }

    private func wholeWrites() throws(RecordError) -> Writes {
        var writes = Writes()
        // What is left of buckets, if the record was found in such.
        for (name, page) in pages.sorted(by: { $0.key > $1.key }) where page.dirtySince != nil {
            if let (operation, change) = try write(page, name) { writes.add(operation, name, change) }
        }
        return writes
    }

    private func write(_ page: Page, _ name: String) throws(RecordError) -> (WriteOperation, PageChange)? {
        let path = path(of: name)
        switch (page.encoder.isEmpty, page.version) {
        case (true, nil): return nil
        case (true, let version?): return (.delete(path, version: version), .delete)
        case (false, let version?): return (.set(path, data: try page.encoder.encoded(), version: version), .set)
        case (false, nil): return (.create(path, data: try page.encoder.encoded()), .create)
        }
    }

    /// Pages of which nothing is there and nothing is to be written.
    mutating func settleEmptyPages() {
        for (name, page) in pages where page.encoder.isEmpty && page.version == nil {
            if name == Self.head { pages[name]?.dirtySince = nil } else { pages[name] = nil }
        }
    }

    /// Writes were committed that were taken at a revision.
    mutating func wrote(_ changes: [(page: String, change: PageChange)], _ results: [WriteResult], at revision: UInt64)
    {
        for (index, (name, change)) in changes.enumerated() {
            switch (change, index < results.count ? results[index] : nil) {
            case (.set, .set(let stat)): pages[name]?.version = stat.version
            case (.create, _): pages[name]?.version = 0
            case (.delete, _): pages[name]?.version = nil
            default: break
            }
            pages[name]?.dirtySince = self.revision > revision ? revision + 1 : nil
        }
        settleEmptyPages()
    }
}

extension ResourceAccount.Page {
    /// The order in which pages are written: what goes comes last, since what was in it may have moved.
    fileprivate func order(_ name: String) -> (Int, UInt64, String) { (encoder.isEmpty ? 1 : 0, dirtySince ?? 0, name) }
}
