/// A fault that somebody could commit in the product, and that the simulator must find.
struct Mutant: Sendable {
    /// In kebab-case, unique.
    let name: String
    /// What the fault is, and which promise it breaks.
    let fault: String
    /// Within how many seeds it must be found.
    let within: Int
    let edits: [Edit]

    init(_ name: String, _ fault: String, within: Int = 200, _ edits: Edit...) {
        self.name = name
        self.fault = fault
        self.within = within
        self.edits = edits
    }

    static let all = election + cache + pipeline + views + messages + commits + participant + spectator + coordination
}

/// One place that a mutant changes.
struct Edit: Sendable {
    /// What kind of code is replaced, and so how both can stand side by side.
    enum Form: Sendable {
        /// One expression by another of the same type.
        case expression
        /// Whole statements by others, or by none. What they declare is seen by themselves only.
        case statements
    }

    let form: Form
    /// Below `Sources`.
    let file: String
    /// The present source. Where only a part of it is replaced, that part stands between ⟦ and ⟧, and the rest says
    /// which one is meant.
    let original: String
    let replacement: String

    static func expression(in file: String, _ original: String, becomes replacement: String) -> Edit {
        Edit(form: .expression, file: file, original: original, replacement: replacement)
    }

    static func statements(in file: String, _ original: String, become replacement: String) -> Edit {
        Edit(form: .statements, file: file, original: original, replacement: replacement)
    }

    /// The module that it changes.
    var module: String { file.split(separator: "/").first.map(String.init) ?? "" }
}
