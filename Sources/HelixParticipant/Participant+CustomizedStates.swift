/// States that mean something to the application only: say, how far a partition has been loaded, or since when it can be
/// read. The controller puts those of the types that the cluster names together into views, which spectators read
/// (``RoutingSource/customizedView(type:)`` in HelixSpectator); nothing is decided by them.
extension Participant {
    /// Says something of a partition. It is written as soon as the instance is a member of the cluster, and stays when its
    /// session ends; of what is said several times before that only the last counts. Fields that were set before stay.
    ///
    /// - Parameters:
    ///   - state: what is to be read in the view (CURRENT_STATE).
    ///   - type: of which type the state is; types are independent of each other.
    ///   - endTime: when the state ended, in milliseconds since 1970 (END_TIME); `nil` while it lasts. START_TIME is now.
    ///   - fields: further fields for whoever reads the instance's own record.
    /// - Throws: `ParticipantError` with `.invalidName` when the type or the resource cannot be a znode's name.
    public func setCustomizedState(
        _ state: String, type: String, resource: String, partition: String, endTime: Int64? = nil,
        fields: [String: String] = [:]
    ) throws(ParticipantError) {
        let place = try place(type, resource)
        let statement = CustomizedReports.Statement(state: state, startTime: now(), endTime: endTime, fields: fields)
        customizedReports.say(statement, of: partition, at: place)
    }

    /// Says nothing of a partition any more.
    /// - Throws: `ParticipantError` with `.invalidName` when the type or the resource cannot be a znode's name.
    public func removeCustomizedState(type: String, resource: String, partition: String) throws(ParticipantError) {
        customizedReports.say(nil, of: partition, at: try place(type, resource))
    }

    private func place(_ type: String, _ resource: String) throws(ParticipantError) -> CustomizedReports.Place {
        for (what, name) in [("type", type), ("resource", resource)] {
            guard name.isEmpty || name == "." || name == ".." || name.utf8.contains(where: { $0 == 0x2F || $0 < 0x20 })
            else { continue }
            throw ParticipantError(
                code: .invalidName, cluster: cluster, instance: instance,
                reason: "the customised state was not set: \"\(name)\" cannot be the name of a \(what); choose one "
                    + "without slashes and control characters")
        }
        return CustomizedReports.Place(type: type, resource: resource)
    }
}
