/// The source that is added to each mutated module: it tells which mutant is switched on.
enum MutantSwitch {
    /// The environment variable that names the mutant.
    static let variable = "HELIX_MUTANT"
    /// What a program writes to its standard error when it comes to the mutated code for the first time.
    static let reachedText = "mutant reached"
    static let fileName = "MutantSwitch.swift"

    /// - Parameter numbers: those of the module's mutants, by name.
    static func source(_ numbers: [String: Int]) -> String {
        let cases = numbers.sorted { $0.value < $1.value }.map { "    case \"\($0.key)\": \($0.value)" }
        return """
            internal import Synchronization

            #if canImport(Darwin)
                internal import Darwin
            #elseif canImport(Musl)
                internal import Musl
            #else
                internal import Glibc
            #endif

            private let activeMutant: Int =
                switch getenv("\(variable)").map({ String(cString: $0) }) {
            \(cases.joined(separator: "\n"))
                default: 0
                }

            private let isReached = Atomic(false)

            @inline(__always)
            func isMutant(_ number: Int) -> Bool {
                guard activeMutant == number else { return false }
                noteReached()
                return true
            }

            @inline(never)
            private func noteReached() {
                guard !isReached.exchange(true, ordering: .relaxed) else { return }
                let text: StaticString = "\(reachedText)\\n"
                _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
            }

            """
    }
}
