extension ExchangeFlow {
    /// A chain of exchanges: `rows[k]` leaves `nodes[k]` for `nodes[k + 1]`; -1 where an extra changes hands instead.
    private struct Path {
        /// The row that gets a place.
        let start: Int32
        var nodes: [Int] = []
        var rows: [Int32] = []
    }

    /// What is known of the nodes during one search.
    private struct Search {
        let target: Int
        var isVisited: [Bool]
        var cursor: [Int]
    }

    /// Takes chains that cost `target` until a search finds no more.
    /// - Returns: how many. At least one is found, unless zones forbid what two steps of one row would do together.
    mutating func takePaths(of target: Int) -> Int {
        var search = Search(
            target: target, isVisited: [Bool](repeating: false, count: nodeCount),
            cursor: [Int](repeating: 0, count: nodeCount))
        var taken = 0
        for row in openRows {
            while isOpen(Int(row)), let path = findPath(from: row, &search) {
                take(path, for: row, &search)
                taken += 1
            }
        }
        return taken
    }

    private mutating func take(_ path: Path, for row: Int32, _ search: inout Search) {
        for step in path.rows.indices.reversed() where path.rows[step] >= 0 {
            release(path.rows[step], from: path.nodes[step])
            assign(path.rows[step], to: path.nodes[step + 1])
        }
        assign(row, to: path.nodes[0])
        for node in path.nodes {
            search.isVisited[node] = false
            search.cursor[node] = 0
        }
    }

    private func findPath(from row: Int32, _ search: inout Search) -> Path? {
        let row = Int(row)
        for index in choices.listed.range(row) {
            let instance = choices.listed.instances[index]
            if leads(row, to: instance, leaving: -1, at: choices.cost(of: index), search),
                let path = follow(from: Int(instance), of: row, &search)
            {
                return path
            }
        }
        guard let elsewhere = choices.elsewhere else { return nil }
        for instance in instances(ofRow: row)
        where leads(row, to: Int32(instance), leaving: -1, at: elsewhere, search)
            && !choices.forbids(row, Int32(instance))
        {
            if let path = follow(from: instance, of: row, &search) { return path }
        }
        return nil
    }

    /// Whether taking `instance` for the row is a step of a cheapest chain that has not been tried yet.
    private func leads(
        _ row: Int, to instance: Int32, leaving: Int, at reached: Int, _ search: Search
    ) -> Bool {
        distance[Int(instance)] == reached && !search.isVisited[Int(instance)]
            && canTake(instance, row, leaving: leaving)
    }

    /// Whether a row may make another step of a chain. Two steps may each keep the zones apart, and not both together.
    private func mayStep(_ row: Int32, _ path: Path) -> Bool {
        sections[0].zones.isTrivial || (row != path.start && !path.rows.contains(row))
    }

    /// Searches depth first for room along steps of cheapest chains.
    private func follow(from start: Int, of row: Int, _ search: inout Search) -> Path? {
        var path = Path(start: Int32(row), nodes: [start])
        search.isVisited[start] = true
        while let node = path.nodes.last {
            if isRoom(node, search.target) { return path }
            if let (row, next) = nextStep(from: node, path, &search) {
                search.isVisited[next] = true
                path.nodes.append(next)
                path.rows.append(row)
            } else {
                path.nodes.removeLast()
                _ = path.rows.popLast()
            }
        }
        return nil
    }

    private func isRoom(_ node: Int, _ target: Int) -> Bool {
        guard distance[node] == target else { return false }
        if node == spareNode { return isSpareLeft }
        return node >= instanceCount ? hasExtrasLeft(node - instanceCount) : hasRoom(node)
    }

    private func nextStep(from node: Int, _ path: Path, _ search: inout Search) -> (row: Int32, next: Int)? {
        if node == spareNode { return nextBeyondExtras(search) }
        if node >= instanceCount { return nextHolderOfExtra(node, search) }
        let extra = extrasNode(Int(pool[node]))
        if needsExtra(node), !search.isVisited[extra], distance[extra] == distance[node] { return (-1, extra) }
        return nextListed(from: node, path, &search) ?? nextElsewhere(from: node, path, search)
    }

    private func nextBeyondExtras(_ search: Search) -> (row: Int32, next: Int)? {
        extras.indices.first { pool in
            isBeyondExtras(pool) && !search.isVisited[extrasNode(pool)]
                && distance[extrasNode(pool)] == distance[spareNode]
        }.map { (-1, extrasNode($0)) }
    }

    private func nextHolderOfExtra(_ node: Int, _ search: Search) -> (row: Int32, next: Int)? {
        if needsSpare(node - instanceCount), !search.isVisited[spareNode], distance[spareNode] == distance[node] {
            return (-1, spareNode)
        }
        return members(node - instanceCount).first { instance in
            holdsExtra(instance, of: node - instanceCount) && !search.isVisited[instance]
                && distance[instance] == distance[node]
        }.map { (-1, $0) }
    }

    private func nextListed(from node: Int, _ path: Path, _ search: inout Search) -> (row: Int32, next: Int)? {
        while search.cursor[node] < held[node].count {
            let (row, cost) = (held[node][search.cursor[node]].row, held[node][search.cursor[node]].cost)
            let start = distance[node] - Int(cost)
            for index in choices.listed.range(Int(row)) where mayStep(row, path) {
                let instance = choices.listed.instances[index]
                if leads(Int(row), to: instance, leaving: node, at: start + choices.cost(of: index), search) {
                    return (row, Int(instance))
                }
            }
            search.cursor[node] += 1
        }
        return nil
    }

    private func nextElsewhere(from node: Int, _ path: Path, _ search: Search) -> (row: Int32, next: Int)? {
        guard let elsewhere = choices.elsewhere, let first = held[node].first?.row else { return nil }
        for refund in [elsewhere, 0] {
            let reached = distance[node] - refund + elsewhere
            let candidates = instances(ofRow: Int(first)).filter {
                distance[$0] == reached && !search.isVisited[$0]
            }.map(Int32.init)
            if candidates.isEmpty { continue }
            for held in held[node] where held.cost == refund && mayStep(held.row, path) {
                let row = Int(held.row)
                let next = candidates.first { !choices.forbids(row, $0) && canTake($0, row, leaving: node) }
                if let next { return (held.row, Int(next)) }
            }
        }
        return nil
    }
}
