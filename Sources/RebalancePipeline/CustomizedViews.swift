public import HelixRecords

/// What instances say of their own accord, put together by resource (protocol reference 4.17).
public enum CustomizedViews {
    /// The view of a resource: for every partition what each live instance says of it.
    /// - Parameter states: by instance; only of those that are live.
    /// - Returns: `nil` when nobody says anything.
    public static func view(of resource: String, _ states: [String: CustomizedState]) -> ExternalView? {
        var view = ExternalView(id: resource)
        for (instance, state) in states {
            for partition in state.partitions {
                guard let text = state[partition] else { continue }
                view.record.mapFields[partition, default: [:]][instance] = text
            }
        }
        return view.record.mapFields.isEmpty ? nil : view
    }
}
