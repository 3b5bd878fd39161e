// How clients of Helix change records that others change too (protocol reference 1.6).
extension ZNRecord {
    /// Takes over simple fields, merges map fields entry by entry, and **appends** list fields.
    public mutating func merge(_ other: ZNRecord) {
        simpleFields.merge(other.simpleFields) { $1 }
        listFields.merge(other.listFields) { $0 + $1 }
        mapFields.merge(other.mapFields) { $0.merging($1) { $1 } }
    }

    /// Takes over simple fields, whole lists and whole maps.
    public mutating func update(_ other: ZNRecord) {
        simpleFields.merge(other.simpleFields) { $1 }
        listFields.merge(other.listFields) { $1 }
        mapFields.merge(other.mapFields) { $1 }
    }

    /// Removes the simple fields and lists that `other` has, and of its map fields the entries that it names; a map
    /// field without entries goes, and one that `other` has empty goes as a whole.
    public mutating func subtract(_ other: ZNRecord) {
        for key in other.simpleFields.keys { simpleFields[key] = nil }
        for key in other.listFields.keys { listFields[key] = nil }
        for (key, entries) in other.mapFields {
            for entry in entries.keys { mapFields[key]?[entry] = nil }
            if entries.isEmpty || mapFields[key]?.isEmpty == true { mapFields[key] = nil }
        }
    }
}
