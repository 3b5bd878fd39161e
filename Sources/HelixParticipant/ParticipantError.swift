/// Why a participant cannot be part of its cluster.
///
/// Branch on ``code``; the ``description`` says what was found, what was expected and what to do.
public struct ParticipantError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of failure. New ones may be added.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: Hashable {
            case clusterNotSetUp, instanceNotSetUp, nameTaken, invalidTopology, invalidName, flapping,
                alreadyRun
        }
        private let kind: Kind

        /// The cluster does not exist, or znodes of it are missing.
        public static let clusterNotSetUp = Code(kind: .clusterNotSetUp)
        /// The instance was not added to the cluster, and the cluster does not let it join by itself.
        public static let instanceNotSetUp = Code(kind: .instanceNotSetUp)
        /// Another process is live under the instance's name.
        public static let nameTaken = Code(kind: .nameTaken)
        /// The instance's domain does not fit the cluster's topology.
        public static let invalidTopology = Code(kind: .invalidTopology)
        /// A name cannot be that of a znode.
        public static let invalidName = Code(kind: .invalidName)
        /// The instance lost its connection so often that it has disabled itself.
        public static let flapping = Code(kind: .flapping)
        /// The participant was run before; make a new one.
        public static let alreadyRun = Code(kind: .alreadyRun)

        /// The code's name.
        public var description: String { "\(kind)" }
    }

    /// What kind of failure it was.
    public let code: Code
    /// The cluster.
    public let cluster: String
    /// The instance.
    public let instance: String
    /// What was found, what was expected and what to do.
    public let reason: String

    /// One line: who, and the reason.
    public var description: String { "participant \(instance) of cluster \(cluster): \(reason)" }
}
