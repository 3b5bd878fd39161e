import TestSupport
import Testing

@Suite("A plan of faults")
struct FaultPlanTests {
    private static let sessionTimeout = Duration.seconds(3)

    private func plan(_ seed: UInt64, minutes: Int = 3) -> FaultPlan {
        FaultPlan(seed: seed, duration: .seconds(60 * minutes), sessionTimeout: Self.sessionTimeout)
    }

    @Test("is the same for the same seed, and another for another")
    func seeds() {
        #expect(plan(1) == plan(1))
        #expect(plan(1) != plan(2))
    }

    @Test("has faults of every kind on everybody, for less and for more than the session timeout", arguments: 1...20)
    func variety(seed: UInt64) {
        let faults = plan(seed).faults
        #expect(faults.count > 60)
        for role in Fault.Role.allCases {
            let kinds = Set(faults.filter { $0.role == role }.map(\.kind))
            #expect(kinds == Set(role.kinds), "of every \(role)")
        }
        for kind in Fault.Kind.allCases {
            let lengths = faults.filter { $0.kind == kind }.map(\.length)
            #expect(lengths.contains { $0 < Self.sessionTimeout } && lengths.contains { $0 > Self.sessionTimeout })
        }
        #expect(faults.contains { $0.role == .controller && $0.aim == .leader })
        #expect(faults.contains { $0.role == .server && $0.aim == .leader })
    }

    @Test("leaves somebody to go on, and ends in time", arguments: 1...20)
    func bounds(seed: UInt64) {
        let faults = plan(seed).faults
        for fault in faults {
            #expect(fault.end <= .seconds(180))
            let others = faults.filter { $0.role == fault.role && $0.start <= fault.start && $0.end > fault.start }
            #expect(others.count <= max(fault.role.limit, fault.role == .server ? 2 : 0), "at \(fault.start)")
        }
    }

    @Test("leaves the ensemble in peace after each of its faults", arguments: 1...20)
    func recovery(seed: UInt64) {
        let servers = plan(seed).faults.filter { $0.role == .server }
        for (former, next) in zip(servers, servers.dropFirst()) where next.start != former.start {
            #expect(next.start >= former.end + .seconds(4))
        }
    }
}
