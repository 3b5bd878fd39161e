extension Mutant {
    /// Routing tables.
    static let spectator: [Mutant] = [
        Mutant(
            "spectator-shows-an-older-table-again",
            "Now and then a table is followed by the one before it.",
            .statements(
                in: "HelixSpectator/RoutingBoard.swift", "latest.publish(table)",
                become: """
                    let former = latest.value
                    latest.publish(table)
                    if let former, table.zxid % 5 == 0 { latest.publish(former) }
                    """)),
        Mutant(
            "spectator-version-goes-back",
            "A table carries the version of the record that was read last, not the newest.",
            .expression(
                in: "HelixSpectator/RoutingState.swift", "zxid = ⟦max(zxid, stat.modifiedZxid)⟧",
                becomes: "stat.modifiedZxid")),
        Mutant(
            "spectator-never-says-that-it-is-stale",
            "A spectator that is cut off shows its last table as if it were the present one.",
            .expression(
                in: "HelixSpectator/RoutingBoard.swift", "guard ⟦content.staleSince == nil⟧, let last",
                becomes: "false")),
        Mutant(
            "spectator-watches-records-only-once",
            "A spectator arms no watch when it reads a record again.",
            .expression(
                in: "HelixSpectator/RoutingReader.swift", ": .get(path, watcher: ⟦watcher⟧)", becomes: "nil")),
    ]
}
