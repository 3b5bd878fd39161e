/// The instances of every partition: rows of at most `width`, in one flat array.
struct AssignmentTable: Sendable {
    let width: Int
    private(set) var counts: [Int32]
    private var cells: [Int32]

    init(rows: Int, width: Int) {
        self.width = width
        self.counts = [Int32](repeating: 0, count: rows)
        self.cells = [Int32](repeating: -1, count: rows * width)
    }

    /// Several one after the other; the instances of each are counted on from those of the one before.
    init(joining parts: [AssignmentTable], span: Int) {
        let width = parts.map(\.width).max() ?? 0
        self.init(rows: parts.reduce(0) { $0 + $1.rowCount }, width: width)
        var row = 0
        for (number, part) in parts.enumerated() {
            for own in 0..<part.rowCount {
                for instance in part.row(own) { append(instance + Int32(number * span), to: row) }
                row += 1
            }
        }
    }

    /// What was joined, taken apart again.
    func parts(rows: [Int], widths: [Int], span: Int) -> [AssignmentTable] {
        var row = 0
        return rows.indices.map { number in
            var part = AssignmentTable(rows: rows[number], width: widths[number])
            for own in 0..<rows[number] {
                for instance in self.row(row) { part.append(instance - Int32(number * span), to: own) }
                row += 1
            }
            return part
        }
    }

    var rowCount: Int { counts.count }

    func count(_ row: Int) -> Int { Int(counts[row]) }

    subscript(row: Int, cell: Int) -> Int32 { cells[row * width + cell] }

    func row(_ row: Int) -> ArraySlice<Int32> { cells[row * width..<row * width + count(row)] }

    func contains(_ instance: Int32, in row: Int) -> Bool {
        let start = row * width
        for cell in start..<start + count(row) where cells[cell] == instance { return true }
        return false
    }

    mutating func append(_ instance: Int32, to row: Int) {
        cells[row * width + count(row)] = instance
        counts[row] += 1
    }

    /// Takes an instance out of a row; the others keep their order.
    mutating func remove(_ instance: Int32, from row: Int) {
        let start = row * width
        let end = start + count(row)
        var kept = start
        for cell in start..<end where cells[cell] != instance {
            cells[kept] = cells[cell]
            kept += 1
        }
        counts[row] = Int32(kept - start)
    }

    /// Whether a row is the same as that of some lists, in the same order.
    func isRow(_ row: Int, as lists: InstanceLists) -> Bool {
        let range = lists.range(row)
        if range.count != count(row) { return false }
        let start = row * width
        for offset in range.indices where cells[start + offset - range.lowerBound] != lists.instances[offset] {
            return false
        }
        return true
    }

    /// The same with those that are listed first, in the order of the list.
    func keepingFirst(_ listed: InstanceLists) -> AssignmentTable {
        var result = AssignmentTable(rows: rowCount, width: width)
        for row in 0..<rowCount {
            if isRow(row, as: listed) {
                for index in listed.range(row) { result.append(listed.instances[index], to: row) }
                continue
            }
            for index in listed.range(row) where contains(listed.instances[index], in: row) {
                result.append(listed.instances[index], to: row)
            }
            for instance in self.row(row) where !listed.contains(instance, in: row) {
                result.append(instance, to: row)
            }
        }
        return result
    }
}

/// Lists of instances, one a row, of any length, in one flat array.
struct InstanceLists: Sendable {
    private var ends: [Int32] = []
    private(set) var instances: [Int32] = []

    init(reservingRows rows: Int, instances count: Int) {
        ends.reserveCapacity(rows)
        instances.reserveCapacity(count)
    }

    /// Several one after the other; the instances of each are counted on from those of the one before. `nil` stands for
    /// empty rows.
    init(joining parts: [InstanceLists?], rows: [Int], span: Int) {
        self.init(reservingRows: rows.reduce(0, +), instances: parts.reduce(0) { $0 + ($1?.instances.count ?? 0) })
        for (number, part) in parts.enumerated() {
            for row in 0..<rows[number] {
                if let part {
                    for index in part.range(row) { append(part.instances[index] + Int32(number * span)) }
                }
                endRow()
            }
        }
    }

    /// Ends the present row.
    mutating func endRow() { ends.append(Int32(instances.count)) }

    /// Adds to the present row.
    mutating func append(_ instance: Int32) { instances.append(instance) }

    /// Where a row is in ``instances``.
    func range(_ row: Int) -> Range<Int> { (row == 0 ? 0 : Int(ends[row - 1]))..<Int(ends[row]) }

    func count(_ row: Int) -> Int { range(row).count }

    func contains(_ instance: Int32, in row: Int) -> Bool {
        for index in range(row) where instances[index] == instance { return true }
        return false
    }
}
