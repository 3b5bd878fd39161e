public import FleetJobs

/// Why a request to the fleet is not carried out.
///
/// Branch on ``code``; ``reason`` says what was found, and ``cure`` what to do.
public struct FleetError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of errors, as they are on the wire. New ones may be added.
    public struct Code: RawRepresentable, Sendable, Hashable, Codable, CustomStringConvertible {
        /// The text on the wire.
        public let rawValue: String

        /// A code.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// A job has wrong fields; ``FleetError/problems`` has all of them.
        public static let invalidJobDefinition = Code(rawValue: "INVALID_JOB_DEFINITION")
        /// There is a job of that name and version.
        public static let jobAlreadyExists = Code(rawValue: "JOB_ALREADY_EXISTS")
        /// There is no such job.
        public static let jobNotFound = Code(rawValue: "JOB_NOT_FOUND")
        /// More than one job may be meant.
        public static let ambiguousReference = Code(rawValue: "AMBIGUOUS_REFERENCE")
        /// A deployment has the job.
        public static let stillInUse = Code(rawValue: "STILL_IN_USE")
        /// There is no such host.
        public static let hostNotFound = Code(rawValue: "HOST_NOT_FOUND")
        /// There is a host of that name.
        public static let hostAlreadyExists = Code(rawValue: "HOST_ALREADY_EXISTS")
        /// The host is alive, or has tasks.
        public static let hostInUse = Code(rawValue: "HOST_IN_USE")
        /// The job is on the host already.
        public static let jobAlreadyDeployed = Code(rawValue: "JOB_ALREADY_DEPLOYED")
        /// The job is not there.
        public static let jobNotDeployed = Code(rawValue: "JOB_NOT_DEPLOYED")
        /// Somebody else has a static port on a host.
        public static let portConflict = Code(rawValue: "PORT_CONFLICT")
        /// There is no such deployment.
        public static let deploymentNotFound = Code(rawValue: "DEPLOYMENT_NOT_FOUND")
        /// There is a deployment of that name which is something else.
        public static let deploymentConflict = Code(rawValue: "DEPLOYMENT_CONFLICT")
        /// The token is not the job's, or the caller may not do that.
        public static let forbidden = Code(rawValue: "FORBIDDEN")
        /// The caller did not say who they are.
        public static let unauthorized = Code(rawValue: "UNAUTHORIZED")
        /// A name, number or text is not what it may be.
        public static let invalidRequest = Code(rawValue: "INVALID_REQUEST")
        /// What was planned is not what would happen now.
        public static let stalePlan = Code(rawValue: "STALE_PLAN")
        /// There is no such secret, token or page.
        public static let notFound = Code(rawValue: "NOT_FOUND")
        /// The client speaks another version of the API.
        public static let versionNotSupported = Code(rawValue: "VERSION_NOT_SUPPORTED")
        /// It did not come about in the time given.
        public static let timedOut = Code(rawValue: "TIMED_OUT")
        /// Others keep changing the same.
        public static let conflict = Code(rawValue: "CONFLICT")
        /// The store is not this fleet's, or is damaged.
        public static let storeNotUsable = Code(rawValue: "STORE_NOT_USABLE")
        /// The store cannot be reached now.
        public static let storeUnavailable = Code(rawValue: "STORE_UNAVAILABLE")

        /// The text on the wire.
        public var description: String { rawValue }
    }

    /// What kind of error it is.
    public var code: Code
    /// What was found, and what was expected.
    public var reason: String
    /// What to do.
    public var cure: String
    /// Fields of a job that are wrong.
    public var problems: [FieldProblem]

    /// An error.
    public init(_ code: Code, _ reason: String, cure: String, problems: [FieldProblem] = []) {
        self.code = code
        self.reason = reason
        self.cure = cure
        self.problems = problems
    }

    /// What is wrong with a job or a reference to one.
    public init(_ error: JobError) {
        switch error.kind {
        case .unknown: self.init(.jobNotFound, error.reason, cure: "list the jobs to see which there are")
        case .ambiguous: self.init(.ambiguousReference, error.reason, cure: "write more of the job's id")
        default:
            self.init(
                .invalidJobDefinition, error.reason, cure: "correct the fields that are named, and try again",
                problems: error.problems)
        }
    }

    /// The reason, the problems on lines of their own, and the cure.
    public var description: String {
        (["\(reason); \(cure)"] + problems.map { "  \($0)" }).joined(separator: "\n")
    }
}
