import Coordination
import Logging
import Testing

@testable import ZooKeeper

@Suite("Connect texts")
struct ConnectStringTests {
    struct Good: Sendable {
        var text: String
        var servers: [String]
        var chroot = ""
    }

    @Test(
        "servers and chroot are read",
        arguments: [
            Good(text: "a", servers: ["a:2181"]),
            Good(text: "a:1", servers: ["a:1"]),
            Good(text: "a:1,b:2, c:3", servers: ["a:1", "b:2", "c:3"]),
            Good(text: "a:1/", servers: ["a:1"]),
            Good(text: "a:1,b/x/y", servers: ["a:1", "b:2181"], chroot: "/x/y"),
            Good(text: "127.0.0.1:65535", servers: ["127.0.0.1:65535"]),
            Good(text: "[::1]:7,[fe80::1]", servers: ["[::1]:7", "[fe80::1]:2181"]),
            Good(text: " a : 1 ".replacing(" : ", with: ":"), servers: ["a:1"]),
        ])
    func good(_ good: Good) throws {
        let connect = try ConnectString(good.text)
        #expect(connect.servers.map(\.description) == good.servers && connect.chroot == good.chroot)
    }

    @Test(
        "what is wrong is said",
        arguments: [
            ("", "without a name"), (":2181", "without a name"), ("a:1,,b:2", "without a name"),
            ("a:1,", "without a name"), ("a b:1", "without a name"), ("/x", "without a name"), ("a:", "“”"),
            ("a:0", "“0”"), ("a:65536", "“65536”"), ("a:-1", "“-1”"), ("a:x", "“x”"), ("[::1]x", "“x”"),
            ("a:1/x/", "does not end with a slash"), ("a:1//x", "no empty components"), ("a:1/..", "no . or .."),
        ])
    func bad(_ text: String, _ fault: String) {
        let error = #expect(throws: CoordinationError.self) { try ConnectString(text) }
        #expect(
            error?.code == .badArguments && error?.description.contains(fault) == true, "\(error?.description ?? "")")
        #expect(error?.description.contains("“\(text)”") == true)
    }
}

@Suite("Resolving")
struct HostResolverTests {
    @Test("names become addresses, each once; failures are told; the client's list has an odd length")
    func resolve() throws {
        let connect = try ConnectString("127.0.0.1:1,localhost:1,127.0.0.1:1,127.0.0.1:2,[::1]:3,nowhere.invalid:4")
        let resolution = HostResolver.resolve(connect.servers)
        #expect(resolution.addresses.count { $0 == "127.0.0.1:1" } == 1)
        #expect(resolution.addresses.contains("127.0.0.1:2") && resolution.addresses.contains("::1:3"))
        #expect(resolution.failures.map(\.server) == [.init(host: "nowhere.invalid", port: 4)])
        for addresses in [["a:1"], ["a:1", "b:1"], ["a:1", "b:1", "c:1"], ["a:1", "b:1", "c:1", "d:1"]] {
            let list = HostResolver.Resolution(addresses: addresses).clientList.split(separator: ",").map(String.init)
            #expect(list.count % 2 == 1 && Set(list) == Set(addresses))
        }
    }

    @Test("an address is told from a name")
    func numeric() {
        for (host, isNumeric) in [("127.0.0.1", true), ("::1", true), ("localhost", false), ("1.2.3.x", false)] {
            #expect(HostResolver.isNumeric(.init(host: host, port: 1)) == isNumeric)
        }
    }
}

@Suite("Codes of the C client")
struct ClientCodeTests {
    @Test("an unknown code survives")
    func unknown() {
        let error = ClientCode(rawValue: -4242).error("get", "/a")
        #expect(error.code == .other(-4242) && error.path == "/a")
        #expect(error.description.contains("-4242"))
    }

    @Test("a silent server and a lost connection are the same to the caller")
    func loss() {
        #expect(ClientCode(rawValue: -7).code == .connectionLoss && ClientCode(rawValue: -4).code == .connectionLoss)
        #expect(ClientCode(rawValue: -4).concernsConnection && ClientCode(rawValue: -4242).concernsConnection)
        #expect(!ClientCode.noNode.concernsConnection)
    }
}

@Suite("The C client's log")
struct ClientLogTests {
    @Test("a line is taken apart; what a clean close leaves behind is not worth a warning")
    func parse() {
        let prefix = "2026-11-21 00:08:18,178:10846(0x7f1fb0d11740):"
        #expect(
            ClientLog.parse(prefix + "ZOO_ERROR@resolve_hosts@947: getaddrinfo: Name or service not known\n")
                == .init(level: .warning, function: "resolve_hosts", text: "getaddrinfo: Name or service not known"))
        #expect(
            ClientLog.parse(prefix + "ZOO_ERROR@check_events@2985: Socket 127.0.0.1:1 zk retcode=-4, errno=112").level
                == .debug)
        #expect(ClientLog.parse(prefix + "ZOO_WARN@zookeeper_interest@2561: Delaying connection").level == .debug)
        #expect(ClientLog.parse(prefix + "ZOO_DEBUG@f@1: x") == .init(level: .trace, function: "f", text: "x"))
        #expect(ClientLog.parse("nonsense") == .init(level: .debug, function: "", text: "nonsense"))
        #expect(ClientLog.parse("x:ZOO_ERROR@short").level == .debug)
    }
}

@Suite("Requests in flight")
struct InFlightTableTests {
    /// Runs a batch of `count` requests against `table`, with `body` between its begin and its end.
    func batch(_ count: Int, _ body: (inout InFlightTable, UInt) -> InFlightTable.Finished?) async -> [Reply] {
        var table = InFlightTable()
        return await withCheckedContinuation { continuation in
            let token = table.begin(count, in: 1, continuation)
            body(&table, token)?.resume()
        }
    }

    func code(_ reply: Reply) -> ClientCode? {
        guard case .failed(let code) = reply else { return nil }
        return code
    }

    @Test("a batch goes on when its last answer is there, with the answers in order")
    func countdown() async {
        let replies = await batch(3) { table, token in
            #expect(table.settle(token + 2, .failed(.noNode)) == nil)
            #expect(table.settle(token, .done) == nil)
            #expect(table.count(in: 1) == 1)
            let finished = table.settle(token + 1, .path("/x"))
            #expect(table.count(in: 1) == 0)
            #expect(table.settle(token + 1, .done) == nil, "a late answer is ignored")
            return finished
        }
        #expect(code(replies[0]) == nil && code(replies[2]) == .noNode)
        guard case .path("/x") = replies[1] else { return #expect(Bool(false), "\(replies[1])") }
    }

    @Test("an abandoned batch keeps what was answered; late answers find nobody")
    func abandoned() async {
        let replies = await batch(2) { table, token in
            #expect(table.settle(token, .done) == nil)
            #expect(table.abandon(2, .closing).isEmpty)
            let finished = table.abandon(1, .sessionExpired)
            #expect(finished.count == 1 && table.count(in: 1) == 1)
            #expect(table.abandon(1, .closing).isEmpty)
            #expect(table.settle(token + 1, .done) == nil)
            #expect(table.count(in: 1) == 0)
            return finished.first
        }
        #expect(code(replies[0]) == nil && code(replies[1]) == .sessionExpired)
    }

    @Test("what the client never answers is forgotten when its handle is closed")
    func forgotten() async {
        let replies = await batch(2) { table, token in
            table.keep(TransactionBuffers([.create("/a", data: [1])], chrootLength: 0), for: token)
            let finished = table.abandon(1, .closing)
            #expect(table.count(in: 1) == 1)
            table.forget(1)
            #expect(table.count(in: 1) == 0 && table.takeBuffers(for: token) == nil)
            return finished.first
        }
        #expect(replies.allSatisfy { code($0) == .closing })
    }

    @Test("a batch that begins while its session ends is not forgotten")
    func lateBatch() async {
        let replies = await batch(2) { table, token in
            #expect(table.settle(token, .failed(.closing)) == nil)
            table.forget(1)
            #expect(table.count(in: 1) == 1)
            return table.settle(token + 1, .failed(.closing))
        }
        #expect(replies.allSatisfy { code($0) == .closing })
    }
}
