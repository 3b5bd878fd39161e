import Coordination
import HelixRecords
import TestSupport
import Testing

@Suite("Routing tables are compared with what was published")
struct RouteLogTests {
    private static let paths = ClusterPaths(cluster: "c")

    /// `db_0` goes from a to b, and back to a; `db_1` stays on a.
    private func published() throws -> PublishedRoutes {
        try PublishedRoutes(
            [(2, "a"), (4, "b"), (6, "a")].map { (zxid: Int64, name) in
                var record = ZNRecord(id: "db")
                record.mapFields = ["db_0": [name: "MASTER"], "db_1": ["a": "MASTER"]]
                return TransactionLog.Change(
                    zxid: zxid, session: SessionID(rawValue: 1), kind: zxid == 2 ? .create : .set,
                    path: Self.paths.externalView("db"), data: try record.encoded())
            }, views: Self.paths.externalViews)
    }

    private func faults(_ sightings: [(zxid: Int64, name: String?)]) throws -> [String] {
        let routes = RouteLog()
        for (zxid, name) in sightings {
            routes.note(
                name.map { ["db/db_0": [$0: "MASTER"], "db/db_1": ["a": "MASTER"]] } ?? [:], zxid: zxid)
        }
        return routes.violations(try published())
    }

    @Test("all of it seen, or some, or the same again")
    func inOrder() throws {
        #expect(try faults([(1, nil), (2, "a"), (4, "b"), (4, "b"), (6, "a")]) == [])
        #expect(try faults([(3, "a"), (6, "a")]) == [])
        #expect(try faults([(5, "b"), (6, "a")]) == [])
    }

    @Test("an older map, one that claims too little, one that nobody published, and a last one that is not the last")
    func outOfOrder() throws {
        #expect(try faults([(2, "a"), (4, "b"), (5, "a"), (6, "a")]).count == 1)
        #expect(try faults([(4, "b"), (6, "a"), (7, "b"), (8, "a")]).count == 1)
        #expect(try faults([(4, "b"), (3, "b"), (6, "a")]).count == 2)
        #expect(try faults([(2, "c"), (6, "a")]).count == 1)
        #expect(try faults([(4, "b")]).count == 1)
        #expect(try faults([(2, "a"), (3, nil), (6, "a")]).count == 2)
    }
}
