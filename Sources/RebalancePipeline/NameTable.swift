/// Gives every name a small integer, in the order in which the names came.
public struct NameTable: Sendable, Hashable {
    /// The names by their index.
    public private(set) var names: [String] = []
    private var indices: [String: Int] = [:]

    /// A table with the given names.
    public init(_ names: [String] = []) {
        for name in names { _ = intern(name) }
    }

    /// How many names there are.
    public var count: Int { names.count }

    /// The name's index; it is added when it is new.
    public mutating func intern(_ name: String) -> Int {
        if let index = indices[name] { return index }
        indices[name] = names.count
        names.append(name)
        return names.count - 1
    }

    /// The name's index, `nil` when it was never added.
    public func index(of name: String) -> Int? { indices[name] }

    /// The name of an index.
    public subscript(index: Int) -> String { names[index] }
}
