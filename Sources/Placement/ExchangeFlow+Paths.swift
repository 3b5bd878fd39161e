extension ExchangeFlow {
    /// A chain of exchanges: `rows[k]` leaves `nodes[k]` for `nodes[k + 1]`; -1 where an extra changes hands instead.
    private struct Path {
        var nodes: [Int] = []
        var rows: [Int32] = []
    }

    /// What is known of the nodes during one search.
    private struct Search {
        let target: Int
        var isVisited: [Bool]
        var cursor: [Int]
    }

    /// Takes chains that cost `target` until a search finds no more. At least one is found.
    mutating func takePaths(of target: Int) {
        var search = Search(
            target: target, isVisited: [Bool](repeating: false, count: instanceCount + 1),
            cursor: [Int](repeating: 0, count: instanceCount + 1))
        for row in openRows {
            while isOpen(Int(row)), let path = findPath(from: row, &search) { take(path, for: row, &search) }
        }
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
            if leads(row, to: instance, at: choices.cost(of: index), search),
                let path = follow(from: Int(instance), &search)
            {
                return path
            }
        }
        guard let elsewhere = choices.elsewhere else { return nil }
        for instance in 0..<Int32(instanceCount)
        where leads(row, to: instance, at: elsewhere, search) && !choices.forbids(row, instance) {
            if let path = follow(from: Int(instance), &search) { return path }
        }
        return nil
    }

    /// Whether taking `instance` for the row is a step of a cheapest chain that has not been tried yet.
    private func leads(_ row: Int, to instance: Int32, at reached: Int, _ search: Search) -> Bool {
        distance[Int(instance)] == reached && !search.isVisited[Int(instance)] && !table.contains(instance, in: row)
    }

    /// Searches depth first for room along steps of cheapest chains.
    private func follow(from start: Int, _ search: inout Search) -> Path? {
        var path = Path(nodes: [start])
        search.isVisited[start] = true
        while let node = path.nodes.last {
            if isRoom(node, search.target) { return path }
            if let (row, next) = nextStep(from: node, &search) {
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
        return node == instanceCount ? hasExtrasLeft : hasRoom(node)
    }

    private func nextStep(from node: Int, _ search: inout Search) -> (row: Int32, next: Int)? {
        if node == instanceCount { return nextHolderOfExtra(&search) }
        if shares.extras > 0, load[node] == shares.base, !search.isVisited[instanceCount],
            distance[instanceCount] == distance[node]
        {
            return (-1, instanceCount)
        }
        return nextListed(from: node, &search) ?? nextElsewhere(from: node, search)
    }

    private func nextHolderOfExtra(_ search: inout Search) -> (row: Int32, next: Int)? {
        (0..<instanceCount).first { instance in
            load[instance] > shares.base && !search.isVisited[instance]
                && distance[instance] == distance[instanceCount]
        }.map { (-1, $0) }
    }

    private func nextListed(from node: Int, _ search: inout Search) -> (row: Int32, next: Int)? {
        while search.cursor[node] < held[node].count {
            let row = held[node][search.cursor[node]]
            let start = distance[node] - choices.cost(Int(row), Int32(node))
            for index in choices.listed.range(Int(row)) {
                let instance = choices.listed.instances[index]
                if leads(Int(row), to: instance, at: start + choices.cost(of: index), search) {
                    return (row, Int(instance))
                }
            }
            search.cursor[node] += 1
        }
        return nil
    }

    private func nextElsewhere(from node: Int, _ search: Search) -> (row: Int32, next: Int)? {
        guard let elsewhere = choices.elsewhere else { return nil }
        for refund in [elsewhere, 0] {
            let reached = distance[node] - refund + elsewhere
            let candidates = (0..<Int32(instanceCount)).filter {
                distance[Int($0)] == reached && !search.isVisited[Int($0)]
            }
            if candidates.isEmpty { continue }
            for row in held[node] where choices.cost(Int(row), Int32(node)) == refund {
                let next = candidates.first { !table.contains($0, in: Int(row)) && !choices.forbids(Int(row), $0) }
                if let next { return (row, Int(next)) }
            }
        }
        return nil
    }
}
