internal import CZooKeeper
internal import Coordination

/// A return code of the C client.
struct ClientCode: RawRepresentable, Sendable, Hashable {
    let rawValue: Int32

    init(rawValue: Int32) { self.rawValue = rawValue }
    init(_ code: ZOO_ERRORS) { rawValue = code.rawValue }

    static let ok = ClientCode(ZOK)
    static let noNode = ClientCode(ZNONODE)
    static let connectionLoss = ClientCode(ZCONNECTIONLOSS)
    static let sessionExpired = ClientCode(ZSESSIONEXPIRED)
    static let closing = ClientCode(ZCLOSING)
    static let authenticationFailed = ClientCode(ZAUTHFAILED)
    /// What the other operations of a failed transaction get.
    static let rolledBack = ClientCode(ZRUNTIMEINCONSISTENCY)

    /// Whether it concerns the whole request, whatever its operations are.
    var concernsConnection: Bool {
        switch ZOO_ERRORS(rawValue: rawValue) {
        case ZNONODE, ZNOAUTH, ZBADVERSION, ZNOCHILDRENFOREPHEMERALS, ZNODEEXISTS, ZNOTEMPTY, ZINVALIDACL,
            ZBADARGUMENTS, ZEPHEMERALONLOCALSESSION, ZUNIMPLEMENTED:
            false
        default: true
        }
    }

    var code: CoordinationError.Code {
        switch ZOO_ERRORS(rawValue: rawValue) {
        case ZNONODE: .noNode
        case ZNODEEXISTS: .nodeExists
        case ZNOTEMPTY: .notEmpty
        case ZBADVERSION: .badVersion
        case ZNOCHILDRENFOREPHEMERALS: .noChildrenForEphemerals
        // The client gives up a connection on which the server is silent: to the caller both mean the same.
        case ZCONNECTIONLOSS, ZOPERATIONTIMEOUT: .connectionLoss
        case ZSESSIONEXPIRED, ZINVALIDSTATE: .sessionExpired
        case ZCLOSING: .closed
        case ZAUTHFAILED: .authenticationFailed
        case ZNOAUTH: .notAuthorized
        case ZINVALIDACL: .invalidACL
        case ZBADARGUMENTS: .badArguments
        case ZRUNTIMEINCONSISTENCY: .rolledBack
        default: .other(rawValue)
        }
    }

    func error(_ operation: String, _ path: String?, index: Int? = nil) -> CoordinationError {
        let code = code
        let reason =
            code == .other(rawValue) ? "ZooKeeper answered \(rawValue), \(String(cString: zerror(rawValue)))" : nil
        return CoordinationError(code, operation: operation, path: path, reason: reason, operationIndex: index)
    }
}
