import HelixRecords
import Testing

@Suite("Instance operations")
struct InstanceOperationTests {
    private func config(_ flag: String?, _ operations: InstanceOperation...) -> InstanceConfig {
        var config = InstanceConfig(id: "i")
        config.record.simpleFields["HELIX_ENABLED"] = flag
        config.operations = operations.map { InstanceOperationEntry($0, source: .user, timestamp: 1) }
        return config
    }

    @Test(
        "The last operation counts, unless the legacy flag says otherwise",
        arguments: [
            (nil, nil, .enable), ("true", nil, .enable), ("false", nil, .disable), ("?", nil, .enable),
            (nil, .enable, .enable), ("false", .enable, .disable), ("false", .evacuate, .disable),
            ("true", .evacuate, .evacuate),
            (nil, .disable, .enable), ("true", .disable, .enable), ("false", .disable, .disable),
            ("false", .swapIn, .swapIn),
            ("false", .unknown, .unknown), (nil, .unknown, .unknown), (nil, .swapIn, .swapIn),
        ] as [(String?, InstanceOperation?, InstanceOperation)])
    func effective(flag: String?, active: InstanceOperation?, expected: InstanceOperation) {
        let config = active.map { self.config(flag, .evacuate, $0) } ?? self.config(flag)
        #expect(config.effectiveOperation == expected)
        #expect(config.isAssignable == (expected == .enable || expected == .disable))
        #expect(config.isEnabledForAssignment == (expected == .enable))
        #expect(config.isRoutable == (expected != .swapIn && expected != .unknown))
    }

    @Test("An operation is stored as the JSON text that Java reads")
    func wire() {
        var config = InstanceConfig(id: "i")
        config.setOperation(.disable, source: .user, reason: "disk \"sda\"", at: 42)
        #expect(
            config.record.listFields["HELIX_INSTANCE_OPERATIONS"] == [
                #"{"OPERATION":"DISABLE","REASON":"disk \"sda\"","SOURCE":"USER","TIMESTAMP":"42"}"#
            ])
        #expect(
            config.record.simpleFields == [
                "HELIX_ENABLED": "false", "HELIX_ENABLED_TIMESTAMP": "42", "HELIX_DISABLED_REASON": "disk \"sda\"",
                "HELIX_DISABLED_TYPE": "USER_OPERATION",
            ])
        #expect(config.effectiveOperation == .disable)
    }

    @Test(
        "What cannot be understood is unknown, so that the instance is not used",
        arguments: [
            #"{"OPERATION":"FLY"}"#, #"{"REASON":"x"}"#, "nonsense", "",
        ])
    func unreadable(text: String) {
        var config = InstanceConfig(id: "i")
        config.record.listFields["HELIX_INSTANCE_OPERATIONS"] = [text]
        #expect(config.effectiveOperation == .unknown)
    }

    @Test("Entries of Java are read whole")
    func reading() {
        var config = InstanceConfig(id: "i")
        config.record.listFields["HELIX_INSTANCE_OPERATIONS"] = [
            #"{"TIMESTAMP":"1700000000000","SOURCE":"AUTOMATION","REASON":"r","OPERATION":"EVACUATE","LEGACY_DISABLED_TYPE":"CLOUD_EVENT"}"#
        ]
        var expected = InstanceOperationEntry(.evacuate, reason: "r", source: .automation, timestamp: 1_700_000_000_000)
        expected.legacyDisabledType = "CLOUD_EVENT"
        #expect(config.operations == [expected])
        let written = config.operations
        config.operations = written
        #expect(config.operations == [expected])
    }

    @Test("An administrator replaces everybody, others only themselves")
    func sources() {
        var config = InstanceConfig(id: "i")
        config.setOperation(.disable, source: .user, at: 1)
        config.setOperation(.evacuate, source: .automation, at: 2)
        #expect(config.operations.map(\.operation) == [.disable, .evacuate])
        #expect(config.effectiveOperation == .disable, "the legacy flag is still off")
        config.setOperation(.disable, source: .automation, reason: "again", at: 3)
        #expect(config.operations.last?.reason == "again")
        config.setOperation(.enable, source: .admin, at: 4)
        #expect(config.operations.map(\.operation) == [.enable])
        #expect(config.isEnabled && config.effectiveOperation == .enable)
        #expect(config.record.simpleFields["HELIX_DISABLED_REASON"] == nil)
    }

    @Test("Enabling for one source leaves what another source has disabled")
    func enabling() {
        var config = InstanceConfig(id: "i")
        config.setOperation(.disable, source: .automation, reason: "maintenance", at: 1)
        config.setOperation(.disable, source: .user, reason: "mine", at: 2)
        config.setOperation(.enable, source: .user, at: 3)
        #expect(config.operations.map(\.operation) == [.enable, .disable])
        #expect(config.effectiveOperation == .disable)
        #expect(config.disabledReason == "maintenance")
        #expect(config.enabledTimestamp == 1)
        config.setOperation(.enable, source: .automation, at: 4)
        #expect(config.effectiveOperation == .enable)
        #expect(config.enabledTimestamp == 4)
    }

    @Test("What an old tool did to the flag is taken in before the next operation")
    func legacyEdits() {
        var config = InstanceConfig(id: "i")
        config.setOperation(.evacuate, source: .automation, at: 1)
        config.isEnabled = false
        config.record.simpleFields["HELIX_DISABLED_TYPE"] = "USER_OPERATION"
        config.record.simpleFields["HELIX_DISABLED_REASON"] = "old tool"
        #expect(config.effectiveOperation == .disable)
        #expect(config.effectiveOperationEntry.source == .user)
        config.setOperation(.enable, source: .automation, at: 2)
        #expect(config.effectiveOperation == .disable, "the old tool's wish stands")
        #expect(config.operations.last?.reason == "old tool")

        config.isEnabled = true
        #expect(config.effectiveOperation == .enable, "the old tool has enabled it again")
        config.setOperation(.evacuate, source: .automation, at: 3)
        #expect(config.effectiveOperation == .evacuate)
    }

    @Test("After setting an operation as administrator it is the effective one", arguments: InstanceOperation.allCases)
    func administrator(operation: InstanceOperation) {
        for start in InstanceOperation.allCases {
            var config = InstanceConfig(id: "i")
            config.setOperation(start, source: .user, at: 1)
            config.setOperation(operation, source: .admin, at: 2)
            let isStillFlagged = !config.isEnabled && operation == .evacuate
            #expect(config.effectiveOperation == (isStillFlagged ? .disable : operation), "from \(start)")
            #expect(config.operations.last?.operation == operation)
        }
    }

    @Test(
        "Legal moves depend on the other instances with the same logical id",
        arguments: [
            (.enable, .disable, [], true), (.enable, .evacuate, [.swapIn], true), (.enable, .swapIn, [.enable], false),
            (.disable, .enable, [.swapIn], true), (.swapIn, .enable, [], false), (.swapIn, .unknown, [], true),
            (.swapIn, .swapIn, [], true), (.evacuate, .enable, [], true), (.evacuate, .enable, [.unknown], true),
            (.evacuate, .disable, [.swapIn], false), (.evacuate, .evacuate, [.enable], true),
            (.unknown, .enable, [], true),
            (.unknown, .enable, [.evacuate, .unknown], true), (.unknown, .disable, [.enable], false),
            (.unknown, .swapIn, [.enable], true), (.unknown, .swapIn, [.disable], true), (.unknown, .swapIn, [], false),
            (.unknown, .swapIn, [.evacuate], false), (.unknown, .evacuate, [], false), (.unknown, .unknown, [], true),
            (.disable, .swapIn, [.enable], false), (.swapIn, .evacuate, [], false),
            (.evacuate, .swapIn, [.enable], false),
        ] as [(InstanceOperation, InstanceOperation, [InstanceOperation], Bool)])
    func moves(from: InstanceOperation, to: InstanceOperation, others: [InstanceOperation], isLegal: Bool) {
        #expect(InstanceOperation.isLegalMove(from: from, to: to, others: others) == isLegal)
    }
}
