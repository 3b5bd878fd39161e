import Coordination
import HelixRecords
import StateModels

extension Administrator {
    /// Which of these instances may be stopped now, all of them together: without harm to any partition, as far as the
    /// records tell.
    ///
    /// They are looked at fault zone by fault zone, because instances of one zone can be stopped together more often. An
    /// instance that is being evacuated counts as stopped already.
    /// - Parameter checks: what to look at; everything unless set.
    /// - Returns: for each instance all that speaks against it.
    public func stoppable(
        _ instances: [String], in cluster: String, checks: Set<StopCheck> = Set(StopCheck.allCases)
    ) async throws -> StopReport {
        let paths = try await paths(of: cluster)
        return StopJudge(try await fleet(around: instances, paths), checks: checks).judge(instances)
    }

    /// Reads all that matters, in a few batches.
    private func fleet(around instances: [String], _ paths: ClusterPaths) async throws -> Fleet {
        let names = try await optionalChildren([
            paths.instanceConfigs, paths.liveInstances, paths.idealStates, paths.resourceConfigs, paths.stateModels,
        ])
        let absent = Set(try await missing([paths.pause, paths.maintenance, paths.leader]))
        var fleet = Fleet(
            cluster: try await clusterConfig(paths))
        fleet.isPaused = !absent.contains(paths.pause)
        fleet.isInMaintenance = !absent.contains(paths.maintenance)
        fleet.hasLeader = !absent.contains(paths.leader)
        fleet.configs = try await readable(InstanceConfig.self, names[0], paths.instanceConfig)
        fleet.idealStates = try await readable(IdealState.self, names[2], paths.idealState)
        fleet.resourceConfigs = try await readable(ResourceConfig.self, names[3], paths.resourceConfig)
        fleet.models = try await readable(StateModelRecord.self, names[4], paths.stateModel)
            .compactMapValues { try? StateModel(record: $0.record) }
        fleet.work = try await work(of: Set(names[1] + instances).sorted(), paths)
        return fleet
    }

    /// Those of the records that are there and can be read, by name.
    private func readable<View: RecordView>(
        _: View.Type, _ names: [String], _ path: (String) -> String
    ) async throws -> [String: View] {
        let records = try await optionalRecords(View.self, names.map(path))
        return Dictionary(
            uniqueKeysWithValues: zip(names, records).compactMap { name, record in
                guard case .success(let view)? = record else { return nil }
                return (name, view)
            })
    }
}
