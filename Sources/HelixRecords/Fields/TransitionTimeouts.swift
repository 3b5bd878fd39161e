extension ZNRecord {
    /// How long a transition may take by the map TIMEOUT: the entry of the partition, else of the transition, of any
    /// into its target, of any out of its origin, of any at all (protocol reference 4.4). An entry that is not
    /// positive means "as long as it likes" and ends the search.
    func timeout(from: String, to: String, partition: String?) -> Duration? {
        guard let timeouts = mapFields["TIMEOUT"] else { return nil }
        let keys = ["\(from).\(to)", "*.\(to)", "\(from).*", "*.*"]
        let text = (partition.map { [$0] + keys } ?? keys).lazy.compactMap { timeouts[$0] }.first
        return text.flatMap { Duration(wireMilliseconds: $0) }.flatMap { $0 > .zero ? $0 : nil }
    }

    mutating func setTimeout(_ timeout: Duration?, _ key: String) {
        mapFields["TIMEOUT", default: [:]][key] = timeout?.wireMilliseconds
        if mapFields["TIMEOUT"]?.isEmpty == true { mapFields["TIMEOUT"] = nil }
    }
}
