extension ZNRecord {
    /// How long a transition may take by the map TIMEOUT: the entry of the partition, else of the transition, of any
    /// into its target, of any out of its origin, of any at all (protocol reference 4.4). An entry that is not
    /// positive means "as long as it likes" and ends the search.
    func timeout(from: String, to: String, partition: String?) -> Duration? {
        setting("TIMEOUT", from: from, to: to, partition: partition).flatMap { Duration(wireMilliseconds: $0) }
            .flatMap { $0 > .zero ? $0 : nil }
    }

    /// How often a transition is tried again by the map RETRY_COUNT, ours, which is looked up as TIMEOUT is; `nil` where
    /// it says nothing, or nonsense.
    func retryCount(from: String, to: String, partition: String?) -> Int? {
        setting("RETRY_COUNT", from: from, to: to, partition: partition).flatMap { Int($0) }.flatMap {
            $0 < 0 ? nil : $0
        }
    }

    private func setting(_ map: String, from: String, to: String, partition: String?) -> String? {
        guard let settings = mapFields[map] else { return nil }
        let keys = ["\(from).\(to)", "*.\(to)", "\(from).*", "*.*"]
        return (partition.map { [$0] + keys } ?? keys).lazy.compactMap { settings[$0] }.first
    }

    mutating func setTimeout(_ timeout: Duration?, _ key: String) {
        mapFields["TIMEOUT", default: [:]][key] = timeout?.wireMilliseconds
        if mapFields["TIMEOUT"]?.isEmpty == true { mapFields["TIMEOUT"] = nil }
    }
}
