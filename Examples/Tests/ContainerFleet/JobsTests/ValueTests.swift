import Testing

@testable import FleetJobs

@Suite("A value in a job")
struct ValueTests {
    @Test(
        "is a length of time",
        arguments: [
            ("500ms", 500), ("10s", 10_000), ("5m", 300_000), ("1h30m", 5_400_000), ("2d", 172_800_000),
            ("1m500ms", 60_500), ("0s", 0),
        ])
    func times(text: String, milliseconds: Int64) {
        #expect(TimeSpan(text)?.milliseconds == milliseconds)
        #expect(TimeSpan(milliseconds: milliseconds).description == text)
    }

    @Test(
        "is no length of time",
        arguments: [
            "", "5", "s", "5 s", "-1s", "1.5s", "1s1m", "1s2s", "5min", "10001d", "99999999999999999999s", "1d9999999h",
        ])
    func noTimes(text: String) {
        #expect(TimeSpan(text) == nil)
    }

    @Test("is the shortest text for a length of time")
    func shortest() {
        #expect(TimeSpan("90s")?.description == "1m30s")
        #expect(TimeSpan("1000ms")?.description == "1s")
    }

    @Test(
        "is a size",
        arguments: [
            ("256MiB", 268_435_456, "256MiB"), ("1GiB", 1 << 30, "1GiB"), ("1024MiB", 1 << 30, "1GiB"),
            ("500MB", 500_000_000, "500000000B"), ("4096", 4_096, "4KiB"), ("1kB", 1_000, "1000B"), ("7B", 7, "7B"),
        ])
    func sizes(text: String, bytes: Int64, shown: String) {
        #expect(ByteCount(text)?.bytes == bytes)
        #expect(ByteCount(bytes: bytes).description == shown)
        #expect(ByteCount(shown)?.bytes == bytes)
    }

    @Test("is no size", arguments: ["", "MiB", "1 MiB", "-1", "1.5GiB", "1mib", "9999999999TiB"])
    func noSizes(text: String) {
        #expect(ByteCount(text) == nil)
    }

    @Test(
        "is a share of the processors",
        arguments: [
            ("0.5", 500, "0.5"), ("2", 2_000, "2"), ("0.125", 125, "0.125"), ("1.50", 1_500, "1.5"),
            ("0.01", 10, "0.01"),
        ])
    func shares(text: String, thousandths: Int64, shown: String) {
        #expect(ProcessorShare(text)?.thousandths == thousandths)
        #expect(ProcessorShare(thousandths: thousandths).description == shown)
        #expect(ProcessorShare(thousandths: thousandths).nanoCPUs == thousandths * 1_000_000)
    }

    @Test("is no share", arguments: ["", ".5", "1.", "0.1234", "-1", "1e3", "a", "12345678"])
    func noShares(text: String) {
        #expect(ProcessorShare(text) == nil)
    }

    @Test("is a moment")
    func moments() {
        #expect(Moment("2027-01-31T12:00:00Z") == Moment("2027-01-31T13:00:00+01:00"))
        #expect(Moment("2027-01-31T12:00:00Z")?.description == "2027-01-31T12:00:00Z")
        #expect(Moment("tomorrow") == nil)
    }

    @Test(
        "is hashed as the standard says",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (String(repeating: "a", count: 1_000), "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"),
        ])
    func hashes(text: String, hash: String) {
        #expect(SHA256.hexadecimal(text.utf8) == hash)
    }

    @Test("is read from YAML as what it looks like")
    func yaml() throws {
        let text =
            "a: 1\nb: 1.50\nc: true\nd: yes\ne: ~\nf: '1'\ng: 0x10\nh: 12:30\ni: -5\nj: |\n  x\n  y\nk: [1, {l: m}]"
        #expect(
            try Document(yaml: text)
                == .map([
                    "a": .number("1"), "b": .number("1.50"), "c": .flag(true), "d": .text("yes"), "e": .null,
                    "f": .text("1"), "g": .text("0x10"), "h": .text("12:30"), "i": .number("-5"),
                    "j": .text("x\ny\n"), "k": .list([.number("1"), .map(["l": .text("m")])]),
                ]))
    }

    @Test("is written in one way only")
    func canonical() throws {
        let document = Document.map(["b": .list([.null, .flag(false), .number("1.5")]), "a": .text("\"\\\n\u{1}ü/")])
        #expect(document.canonicalJSON == #"{"a":"\"\\\n\u0001ü/","b":[null,false,1.5]}"#)
        #expect(try Document(json: document.canonicalJSON) == document)
    }

    @Test(
        "is guessed when it is nearly right",
        arguments: [
            ("iamge", "image"), ("Image", "image"), ("comand", "command"), ("xyz", nil), ("port", "ports"),
            ("commands", "command"),
            ("im", nil), ("nam", "name"), ("commandLine", "command"),
        ])
    func spelling(name: String, meant: String?) {
        #expect(Spelling.nearest(to: name, among: ["command", "image", "name", "ports"]) == meant)
    }
}

@Suite("A selector of hosts")
struct HostSelectorTests {
    private static let host = ["role": "web", "zone": "a"]

    @Test(
        "is right about hosts by their labels, and never about those without the label",
        arguments: [
            ("role=web", true), ("role = db", false), ("role != db", true), ("role!=web", false),
            ("disk != ssd", false),
            ("zone in (a, b)", true), ("zone in(b)", false), ("zone notin (b,c)", true), ("zone notin (a)", false),
            ("disk notin (ssd)", false), ("role exists", true), ("disk exists", false), ("disk in (ssd)", false),
        ])
    func matches(text: String, isRight: Bool) throws {
        let selector = try #require(HostSelector(text))
        #expect(selector.matches(Self.host) == isRight)
        #expect(HostSelector(selector.description) == selector)
    }

    @Test(
        "is not just anything",
        arguments: [
            "", "role", "role =", "= web", "role in", "role in ()", "role in (a,)", "role in a", "role is web",
            "a b = c", "role exists no",
        ])
    func nonsense(text: String) {
        #expect(HostSelector(text) == nil)
    }

    @Test("is one of several that all have to be right")
    func several() throws {
        let selectors = try ["role = web", "zone != b"].map { try #require(HostSelector($0)) }
        #expect(selectors.match(Self.host))
        #expect(!selectors.match(["role": "web"]))
        #expect([HostSelector]().match([:]))
    }
}
