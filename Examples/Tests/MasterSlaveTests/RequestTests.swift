import Testing

@testable import MasterSlave

private let position = Position(token: 4_294_967_338, number: 17)
private let snapshot = Snapshot(position: position, data: ["fruit": "apple pie", "x": "1"])

@Suite("The text protocol")
struct RequestTests {
    @Test(
        "reads the requests that it writes",
        arguments: [
            Request.get("fruit"), .change(Change(key: "fruit", value: "apple pie")), .change(Change(key: "fruit")),
            .promise(partition: "kv_1", token: 9), .copy(partition: "kv_1"), .install(partition: "kv_1", snapshot),
            .install(partition: "kv_1", Snapshot(position: .zero, data: [:])),
            .follow(partition: "kv_1", Change(key: "fruit", value: "apple pie"), at: position),
            .follow(partition: "kv_1", Change(key: "fruit"), at: position),
        ])
    func requests(request: Request) {
        #expect(Request(line: request.line) == request)
    }

    @Test(
        "reads the replies that it writes",
        arguments: [
            Reply.done(position), .value("apple pie"), .absent, .moved(host: "127.0.0.1", port: 7001),
            .retry("no slave"),
            .at(position), .refused, .snapshot(snapshot), .failure("what?"),
        ])
    func replies(reply: Reply) {
        #expect(Reply(line: reply.line) == reply)
    }

    @Test("is what people type")
    func typed() {
        #expect(Request(line: "get fruit") == .get("fruit"))
        #expect(Request(line: "PUT fruit apple pie") == .change(Change(key: "fruit", value: "apple pie")))
        #expect(Request(line: "DEL fruit") == .change(Change(key: "fruit")))
    }

    @Test(
        "refuses what makes no sense",
        arguments: [
            "", "GET", "PUT fruit", "GET a b", "FETCH a", "PROMISE\tkv_1", "PROMISE\tkv_1\tx", "FOLLOW\tkv_1\t1",
            "FOLLOW\tkv_1\t1\t2", "FOLLOW\tkv_1\t1\tx\ta", "INSTALL\tkv_1", "INSTALL\tkv_1\t1\t2\tkey", "\t",
        ])
    func nonsense(line: String) {
        #expect(Request(line: line) == nil)
        #expect(Reply(line: line) == nil)
    }

    @Test("spreads keys over all partitions, the same on every node")
    func keys() {
        let keys = KeySpace(partitions: 8)
        let counts = Dictionary(grouping: (0..<800).map { keys.partition(of: "key\($0)") }) { $0 }.mapValues(\.count)
        #expect(counts.count == 8)
        #expect(counts.values.allSatisfy { (50...150).contains($0) })
        #expect(keys.partition(of: "fruit") == KeySpace(partitions: 8).partition(of: "fruit"))
        #expect(keys.partition(of: "a") == "kv_4")
    }

    @Test("notes acknowledged writes in lines that it reads again")
    func acks() {
        let ack = Ack(key: "k", value: 3, partition: "kv_1", position: position, start: 5, end: 8)
        #expect(Ack(line: Substring(ack.line)) == ack)
        #expect(Ack(line: "k x kv_1 1 2 3 4") == nil)
        #expect(Ack(line: "k 1") == nil)
    }
}
