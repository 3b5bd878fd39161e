extension StateModel {
    /// The model as a diagram for Graphviz (`dot -Tsvg`). Implicit transitions are dashed.
    public var graphviz: String {
        var lines = ["digraph \(Self.quoted(name)) {", "    rankdir=LR;", "    node [shape=box, style=rounded];"]
        lines.append("    \"\" [shape=point];")
        for (index, state) in states.enumerated() {
            let border = index == 0 ? ", peripheries=2" : ""
            lines.append("    s\(index) [label=\(Self.quoted(label(state)))\(border)];")
        }
        lines.append("    \"\" -> s\(initialIndex);")
        for (rank, (from, to)) in edges.enumerated() {
            lines.append("    s\(from) -> s\(to)\(rank < listedTransitionCount ? "" : " [style=dashed]");")
        }
        return (lines + ["}"]).joined(separator: "\n") + "\n"
    }

    /// The model as a state diagram for Mermaid, which Markdown viewers draw.
    public var mermaid: String {
        var lines = ["stateDiagram-v2"]
        for (index, state) in states.enumerated() {
            let text = label(state).map { $0 == "\"" ? "'" : String($0) }.joined()
            lines.append("    state \"\(text)\" as s\(index)")
        }
        lines.append("    [*] --> s\(initialIndex)")
        for (from, to) in edges { lines.append("    s\(from) --> s\(to)") }
        lines.append("    s\(droppedIndex) --> [*]")
        return lines.joined(separator: "\n") + "\n"
    }

    private var edges: [(from: Int, to: Int)] {
        transitions.compactMap { transition in
            index(of: transition.from).flatMap { from in index(of: transition.to).map { (from, $0) } }
        }
    }

    private func label(_ state: State) -> String {
        switch state.bound {
        case .atMost(let count): "\(state.name) ≤ \(count)"
        case .replicas: "\(state.name) ≤ R"
        case .participants: "\(state.name) ≤ N"
        case .unbounded: state.name
        }
    }

    private static func quoted(_ text: String) -> String {
        "\"\(text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined())\""
    }
}
