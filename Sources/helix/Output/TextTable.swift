/// Rows in aligned columns.
struct TextTable: CustomStringConvertible {
    private let header: [String]
    private var rows: [[String]] = []

    /// A table; without a header where it is empty.
    init(_ header: String...) { self.header = header }

    mutating func add(_ cells: String?...) { rows.append(cells.map { $0 ?? "-" }) }

    /// The lines, without spaces at their ends; the header alone when there are no rows.
    var description: String {
        let lines = (header.isEmpty ? [] : [header]) + rows
        var widths = [Int](repeating: 0, count: lines.map(\.count).max() ?? 0)
        for line in lines {
            for (column, cell) in line.enumerated() { widths[column] = max(widths[column], cell.count) }
        }
        return lines.map { line in
            let padded = line.enumerated().map { column, cell in
                column == line.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
            }
            let text = padded.joined(separator: "  ")
            return String(text.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }
}
