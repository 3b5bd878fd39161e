/// Builds the dictionaries of map fields, most of which repeat the keys of the one before them, as the replicas of a
/// current state do.
///
/// Such a map begins as a copy of the one before, whose hash table fits, and only values that differ are put into
/// their known places: no hashing, and texts that repeat are shared.
struct MapTemplate {
    private var entries: [(key: ByteText, value: ByteText)] = []
    private var map: [String: String] = [:]
    /// Where in `map` the value of each entry is; empty until a second map with these keys comes.
    private var places: [Dictionary<String, String>.Index] = []
    private var found: [(key: ByteText, value: ByteText)] = []

    mutating func next(_ reader: inout RecordReader) throws(RecordError) -> [String: String] {
        found.removeAll(keepingCapacity: true)
        while let entry = try reader.nextEntry() { found.append(entry) }
        if repeatsKeys {
            refill()
        } else {
            rebuild()
        }
        swap(&entries, &found)
        return map
    }

    private var repeatsKeys: Bool {
        // A key that came twice makes the map smaller than its entries: no template then.
        guard found.count == entries.count, map.count == entries.count else { return false }
        for index in found.indices where found[index].key != entries[index].key { return false }
        return true
    }

    private mutating func refill() {
        if places.isEmpty { places = entries.compactMap { map.index(forKey: $0.key.string) } }
        for index in found.indices where found[index].value != entries[index].value {
            map.values[places[index]] = found[index].value.string
        }
    }

    private mutating func rebuild() {
        places.removeAll(keepingCapacity: true)
        map = [:]
        map.reserveCapacity(found.count)
        for (key, value) in found { map[key.string] = value.string }
    }
}
