import HelixRecords
import MessageQueue
import Testing

@Suite("What an instance does with a message")
struct InboxRulesTests {
    static let masterSlave = ModelReference(model: "MasterSlave")

    func context(now: Int64 = 10_000, start: Int64 = 5_000) -> InboxRules.Context {
        InboxRules.Context(session: "5a", sessionStart: start, now: now, models: [Self.masterSlave])
    }

    func transition(_ change: (inout Message) -> Void = { _ in }) -> Message {
        var message = Message(id: "m1", type: .stateTransition)
        message.createdAt = 9_000
        message.target = "n1"
        message.targetSession = "5a"
        message.resource = "db"
        message.partition = "db_0"
        message.stateModel = "MasterSlave"
        message.fromState = "OFFLINE"
        message.toState = "SLAVE"
        change(&message)
        return message
    }

    func disposition(_ change: (inout Message) -> Void = { _ in }) -> MessageDisposition {
        InboxRules.disposition(of: transition(change), in: context())
    }

    @Test("a good transition is executed")
    func good() { #expect(disposition() == .execute) }

    @Test("a transition for any session is executed")
    func anySession() { #expect(disposition { $0.targetSession = "*" } == .execute) }

    @Test("a transition without a target name is executed: it lies in our queue")
    func noTarget() { #expect(disposition { $0.target = nil } == .execute) }

    @Test("NO_OP is deleted, though it names no session")
    func noOp() {
        #expect(
            disposition {
                $0.messageType = .noOp
                $0.targetSession = nil
            } == .delete(.noOperation))
    }

    @Test("a message for another session, or for none, is deleted", arguments: ["5b", "5A", "", nil])
    func otherSession(_ session: String?) {
        let decision = disposition { $0.targetSession = session }
        guard case .delete(.otherSession) = decision else {
            Issue.record("\(decision)")
            return
        }
    }

    @Test("whoever still sends to an earlier session is told, unless the message is older than our session")
    func outdatedSender() {
        func shows(createdAt: Int64?, session: String = "5b") -> Bool {
            InboxRules.showsOutdatedSender(
                transition {
                    $0.targetSession = session
                    $0.createdAt = createdAt
                }, in: context())
        }
        #expect(shows(createdAt: 5_001))
        #expect(!shows(createdAt: 5_000))
        #expect(shows(createdAt: nil), "without a time it counts as made now")
        #expect(!shows(createdAt: 5_001, session: "5a"), "for our own session nothing is outdated")
    }

    @Test("a message that was marked in this session stays", arguments: [MessageState.read, .unprocessable])
    func marked(_ state: MessageState) {
        let decision = disposition {
            $0.messageState = state
            $0.executingSession = "5a"
        }
        #expect(decision == .leave(.notNew))
    }

    @Test("a mark without a session counts as ours")
    func markedBySomebody() { #expect(disposition { $0.messageState = .read } == .leave(.notNew)) }

    @Test("a message for any session that an earlier session was reading is executed again")
    func readEarlier() {
        let decision = disposition {
            $0.targetSession = "*"
            $0.messageState = .read
            $0.executingSession = "4f"
        }
        #expect(decision == .execute)
    }

    @Test("the state is read in any case", arguments: ["new", "NEW", "New"])
    func stateCase(_ text: String) {
        #expect(disposition { $0.record.simpleFields["MSG_STATE"] = text } == .execute)
    }

    @Test(
        "an expired message is deleted, one that is just in time is executed",
        arguments: [(999, true), (1_000, false), (5_000, false)])
    func expiry(period: Int, isExpired: Bool) {
        let decision = disposition { $0.expiryPeriod = .milliseconds(period) }
        #expect(decision == (isExpired ? .delete(.expired) : .execute))
    }

    @Test("a relayed message expires from the time of its relay")
    func relayExpiry() {
        func decision(relayedAt: Int64) -> MessageDisposition {
            disposition {
                $0.record.simpleFields["MSG_SUBTYPE"] = "RELAYED_MESSAGE"
                $0.createdAt = 1
                $0.expiryPeriod = .milliseconds(5_000)
                $0.relayTime = relayedAt
            }
        }
        #expect(decision(relayedAt: 4_999) == .delete(.expired))
        #expect(decision(relayedAt: 5_001) == .execute)
    }

    @Test("an unknown type stays new", arguments: ["USER_DEFINE_MSG", "TASK_REPLY", "something of theirs", ""])
    func unknownType(_ type: String) {
        let decision = disposition { $0.messageType = MessageType(rawValue: type) }
        #expect(decision == .leave(.unknownType(type)))
    }

    @Test("a transition of an unregistered model stays, and may pass later")
    func unregistered() {
        let decision = disposition { $0.stateModel = "Bootstrap" }
        let reason = MessageDisposition.LeavingReason.unregisteredModel(ModelReference(model: "Bootstrap"))
        #expect(decision == .leave(reason))
        #expect(reason.mayPass)
        #expect(!MessageDisposition.LeavingReason.notNew.mayPass)
    }

    @Test("the factory's name is part of what is registered")
    func factory() {
        let decision = disposition { $0.stateModelFactory = "second" }
        let reference = ModelReference(model: "MasterSlave", factory: "second")
        #expect(decision == .leave(.unregisteredModel(reference)))
        #expect("\(reference)" == "MasterSlave (factory second)")
        #expect("\(Self.masterSlave)" == "MasterSlave")
    }

    @Test(
        "a transition that lacks a field is unprocessable, and the field is named",
        arguments: ["RESOURCE_NAME", "PARTITION_NAME", "FROM_STATE", "TO_STATE", "STATE_MODEL_DEF"])
    func lacking(_ field: String) {
        for value in [nil, "", "  "] {
            let decision = disposition { $0.record.simpleFields[field] = value }
            #expect(decision == .markUnprocessable(["\(field) is missing"]))
        }
    }

    @Test("a batch without partitions is unprocessable")
    func emptyBatch() {
        #expect(disposition { $0.isBatch = true } == .markUnprocessable(["PARTITION_NAME is missing"]))
    }

    @Test("a cancellation cancels; it needs the same fields, but no model")
    func cancellation() {
        func decision(_ change: @escaping (inout Message) -> Void) -> MessageDisposition {
            disposition {
                $0.messageType = .cancellation
                change(&$0)
            }
        }
        #expect(decision { _ in } == .cancelTransition)
        #expect(decision { $0.stateModel = nil } == .cancelTransition)
        #expect(decision { $0.toState = nil } == .markUnprocessable(["TO_STATE is missing"]))
        #expect(decision { $0.targetSession = "5b" } == .delete(.otherSession("5b")))
    }

    @Test("the cluster freezes and thaws")
    func freeze() {
        func decision(_ state: String) -> MessageDisposition {
            disposition {
                $0.messageType = .participantStatusChange
                $0.toState = state
            }
        }
        #expect(decision("FROZEN") == .freeze(true))
        #expect(decision("NORMAL") == .freeze(false))
        #expect(decision("MELTED") == .markUnprocessable(["TO_STATE is MELTED, expected NORMAL or FROZEN"]))
    }

    @Test(
        "a replica takes a transition only from its own state to another one",
        arguments: [
            ("OFFLINE", "SLAVE", "OFFLINE", TransitionVerdict.run), ("offline", "SLAVE", "OFFLINE", .run),
            ("*", "ERROR", "MASTER", .run), ("OFFLINE", "SLAVE", "SLAVE", .duplicate),
            ("OFFLINE", "slave", "SLAVE", .duplicate), ("*", "ERROR", "ERROR", .duplicate),
            ("SLAVE", "MASTER", "OFFLINE", .mismatch), ("ERROR", "OFFLINE", "ERROR", .run),
            ("ERROR", "OFFLINE", "SLAVE", .mismatch),
        ])
    func verdicts(from: String, to: String, state: String, expected: TransitionVerdict) {
        let verdict = InboxRules.verdict(
            from: from, to: to, state: state, isBusy: false, token: 2, lastToken: 1)
        #expect(verdict == expected)
    }

    @Test("a busy replica takes none, and none takes a message older than its last")
    func order() {
        func verdict(isBusy: Bool, token: Int64) -> TransitionVerdict {
            InboxRules.verdict(
                from: "OFFLINE", to: "SLAVE", state: "OFFLINE", isBusy: isBusy, token: token, lastToken: 7)
        }
        #expect(verdict(isBusy: true, token: 8) == .busy)
        #expect(verdict(isBusy: false, token: 7) == .overtaken)
        #expect(verdict(isBusy: false, token: 6) == .overtaken)
        #expect(verdict(isBusy: false, token: 8) == .run)
    }
}
