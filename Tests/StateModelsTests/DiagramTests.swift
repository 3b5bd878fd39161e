import StateModels
import Testing

@Suite("Diagrams")
struct DiagramTests {
    @Test("A model as Graphviz text")
    func graphviz() {
        #expect(
            StateModel.onlineOffline.graphviz == """
                digraph "OnlineOffline" {
                    rankdir=LR;
                    node [shape=box, style=rounded];
                    "" [shape=point];
                    s0 [label="ONLINE ≤ R", peripheries=2];
                    s1 [label="OFFLINE"];
                    s2 [label="DROPPED"];
                    s3 [label="ERROR"];
                    "" -> s1;
                    s1 -> s0;
                    s0 -> s1;
                    s1 -> s2;
                    s3 -> s2 [style=dashed];
                    s3 -> s1 [style=dashed];
                }

                """)
    }

    @Test("A model as Mermaid text")
    func mermaid() {
        #expect(
            StateModel.storageSchemata.mermaid == """
                stateDiagram-v2
                    state "MASTER ≤ N" as s0
                    state "OFFLINE" as s1
                    state "DROPPED" as s2
                    state "ERROR" as s3
                    [*] --> s1
                    s0 --> s1
                    s1 --> s0
                    s3 --> s2
                    s3 --> s1
                    s1 --> s2
                    s2 --> [*]

                """)
    }

    @Test("Quotes in names do not break out of labels")
    func quotes() throws {
        let model = try StateModel("say \"hi\"", initial: "A\"B") { State("A\"B", atMost: .participants) }
        #expect(model.graphviz.hasPrefix("digraph \"say \\\"hi\\\"\" {"))
        #expect(model.graphviz.contains("s0 [label=\"A\\\"B ≤ N\", peripheries=2];"))
        #expect(model.mermaid.contains("state \"A'B ≤ N\" as s0"))
    }
}
