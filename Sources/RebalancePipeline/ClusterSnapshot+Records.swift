public import HelixRecords
public import StateModels

/// How records enter the snapshot, each noting what it touched. A record that is what it was touches nothing.
extension ClusterSnapshot {
    /// The cluster's configuration was read.
    public mutating func setClusterConfig(_ config: Found<ClusterConfig>) {
        guard config != clusterConfig else { return }
        clusterConfig = config
        changes.isEverything = true
    }

    /// The message constraints were read.
    public mutating func setConstraints(_ constraints: Found<ClusterConstraints>) {
        guard constraints != self.constraints else { return }
        self.constraints = constraints
        changes.isEverything = true
    }

    /// The controller was paused, or set free.
    public mutating func setPaused(_ paused: Bool) {
        guard paused != isPaused else { return }
        isPaused = paused
        if !paused { pause = .absent }
        changes.isEverything = true
    }

    /// The signal to pause, or to freeze, was read.
    public mutating func setPause(_ signal: Found<PauseSignal>) {
        setPaused(!signal.isAbsent)
        guard signal != pause else { return }
        pause = signal
        changes.isEverything = true
    }

    /// The signal of maintenance mode was read.
    public mutating func setMaintenance(_ signal: Found<MaintenanceSignal>) {
        guard signal != maintenance else { return }
        maintenance = signal
        changes.isEverything = true
    }

    /// An instance's configuration was read.
    public mutating func setInstanceConfig(_ name: String, _ config: Found<InstanceConfig>) {
        let index = internInstance(name)
        guard config != instances[index].config else { return }
        instances[index].config = config
        changes.isEverything = true
    }

    /// An instance joined, left, or came back with another session. What the former session said is forgotten.
    public mutating func setLiveInstance(_ name: String, _ session: LiveSession?) {
        let index = internInstance(name)
        let former = instances[index].live
        guard former != session else { return }
        if let since = instances[index].offlineSince, session != nil {
            addAbsences([Absence(since: since, until: time)], of: index)
        }
        instances[index].live = session
        instances[index].offlineSince = session == nil ? time : nil
        changes.isEverything = true
        guard former?.id != session?.id else { return }
        for resource in resources.keys.sorted() {
            setCurrentState(name, resource, .absent)
        }
        for (id, message) in instances[index].messages.sorted(by: { $0.key < $1.key }) {
            unlink(id, of: index)
            link(id, message, of: index)
        }
    }

    /// It was read when an instance that is not live went offline; `nil` says that it has never been there.
    public mutating func setOfflineSince(_ name: String, _ time: Int64?) {
        let index = internInstance(name)
        guard instances[index].live == nil, instances[index].offlineSince != time else { return }
        instances[index].offlineSince = time
        changes.isEverything = true
    }

    /// It was read when a live instance was away before.
    public mutating func addAbsences(_ name: String, _ absences: [Absence]) {
        let index = internInstance(name)
        guard !absences.allSatisfy(instances[index].absences.contains) else { return }
        addAbsences(absences, of: index)
        changes.isEverything = true
    }

    /// A state model was read.
    public mutating func setStateModel(_ name: String, _ model: Found<StateModel>) {
        guard model != stateModels[name] ?? .absent else { return }
        stateModels[name] = model.isAbsent ? nil : model
        for state in model.value?.states ?? [] { _ = internState(state.name) }
        changes.isEverything = true
    }

    /// A resource's ideal state was read.
    public mutating func setIdealState(_ name: String, _ idealState: Found<IdealState>) {
        if idealState.isAbsent, resources[name] == nil { return }
        ensureResource(name)
        guard idealState != resources[name]!.idealState else { return }
        if let former = resources[name]!.idealState.value, let new = idealState.value, new.isPlaced(unlike: former) {
            resources[name]!.idealState = idealState
            changes.records.insert(name)
            return
        }
        resources[name]!.take(idealState)
        if idealState.isAbsent { orphans.insert(name) } else { orphans.remove(name) }
        changes.resources.insert(name)
    }

    /// A resource's configuration was read.
    public mutating func setResourceConfig(_ name: String, _ config: Found<ResourceConfig>) {
        guard config != resources[name]?.config ?? .absent else { return }
        ensureResource(name)
        resources[name]!.config = config
        changes.resources.insert(name)
    }

    /// What the present session of an instance reports of a resource was read.
    ///
    /// An instance that is not live has nothing to say, nor has a record that names another session.
    public mutating func setCurrentState(_ instance: String, _ resource: String, _ found: Found<CurrentState>) {
        let instanceIndex = internInstance(instance)
        var found = found
        let session = instances[instanceIndex].live?.id
        if session == nil { found = .absent }
        if let named = found.value?.sessionID, named != session { found = .absent }
        if found.isAbsent, resources[resource] == nil { return }
        ensureResource(resource)
        let index = Int32(instanceIndex)
        let wasReadable = resources[resource]!.unreadable[index] == nil
        resources[resource]!.unreadable[index] = found.error
        if found.error != nil || !wasReadable { changes.resources.insert(resource) }
        guard found.error == nil else { return }  // what was known before stays as it is

        let hadModel = resources[resource]!.reportedModels[index]
        resources[resource]!.reportedModels[index] = found.value?.stateModel
        let factory = found.value?.stateModelFactory
        resources[resource]!.reportedFactories[index] = factory == "DEFAULT" ? nil : factory
        if hadModel != found.value?.stateModel, resources[resource]!.idealState.isAbsent {
            changes.resources.insert(resource)
        }
        replaceReplicas(of: resource, on: index, with: found.value?.record.mapFields ?? [:])
    }

    /// Some of the replicas that the present session of an instance reports were read; the others are as they were.
    /// - Parameter replicas: by partition, `nil` where there is none any more.
    public mutating func updateCurrentState(
        _ instance: String, _ resource: String, _ replicas: [String: ReplicaState?]
    ) {
        guard let index = instanceIndex(instance), instances[index].live != nil,
            var own = resources.removeValue(forKey: resource)
        else { return }
        defer { resources[resource] = own }
        for (partition, replica) in replicas.sorted(by: { $0.key < $1.key }) {
            let state = replica?.currentState.flatMap { $0 == StateModel.dropped ? nil : internState($0) }
            let known = own.partitions.index(of: partition)
            if state == nil, known == nil { continue }
            let place = known ?? own.internPartition(partition)
            guard own.current.set(partition: place, instance: Int32(index), state: state) else { continue }
            changes.partitions[resource, default: []].insert(place)
        }
    }

    /// A message was found in an instance's queue, or has been sent to it.
    public mutating func addMessage(_ instance: String, id: String, _ message: Message) {
        let index = internInstance(instance)
        if instances[index].messages[id] != nil { unlink(id, of: index) }
        instances[index].messages[id] = message
        link(id, message, of: index)
    }

    /// A message is gone from an instance's queue.
    public mutating func removeMessage(_ instance: String, id: String) {
        guard let index = instanceIndex(instance) else { return }
        unlink(id, of: index)
        instances[index].messages[id] = nil
    }

    /// Forgets resources of which nothing is left, neither ideal state nor configuration nor replicas.
    /// - Returns: their names.
    @discardableResult
    public mutating func forgetVanishedResources() -> [String] {
        let vanished = orphans.sorted().filter { resources[$0]?.isEmpty ?? true }
        for name in vanished {
            resources[name] = nil
            orphans.remove(name)
            changes.partitions[name] = nil
            changes.resources.insert(name)  // its view has to go
        }
        return vanished
    }
}

extension ClusterSnapshot {
    private mutating func internInstance(_ name: String) -> Int {
        let index = instanceNames.intern(name)
        if index == instances.count {
            instances.append(Instance(name: name))
            changes.isEverything = true  // whatever goes by instance has to grow
        }
        return index
    }

    private mutating func addAbsences(_ absences: [Absence], of index: Int) {
        let all = Set(instances[index].absences).union(absences)
        let sorted = all.sorted { ($0.since, $0.until) < ($1.since, $1.until) }
        instances[index].absences = Array(sorted.suffix(Absence.limit))
    }

    private mutating func internState(_ name: String) -> UInt16 {
        if let known = stateNames.index(of: name) { return UInt16(known) }
        guard stateNames.count < Int(Self.unnamedState) else { return Self.unnamedState }
        return UInt16(stateNames.intern(name))
    }

    private mutating func ensureResource(_ name: String) {
        guard resources[name] == nil else { return }
        resources[name] = Resource(name: name)
        orphans.insert(name)
        changes.resources.insert(name)
        // Messages that came before the resource was known count from now on.
        for index in instances.indices {
            let messages = instances[index].messages.filter { $0.value.resource == name }
            for (id, message) in messages.sorted(by: { $0.key < $1.key }) { link(id, message, of: index) }
        }
    }

    private mutating func replaceReplicas(
        of name: String, on instance: Int32, with reported: [String: [String: String]]
    ) {
        // Taken out while it is worked on, so that its columns are changed in place.
        guard var resource = resources.removeValue(forKey: name) else { return }
        var changed: [Int] = []
        defer {
            // What went with its session tells nothing.
            if !changed.isEmpty, !reported.isEmpty { noteSteps(of: &resource, on: instance, changed, reported) }
            resources[name] = resource
        }
        let unknown = reported.keys.filter { resource.partitions.index(of: $0) == nil }
        for partition in unknown.sorted() { _ = resource.internPartition(partition) }
        var states = [UInt16?](repeating: nil, count: resource.partitions.count)
        for (partition, fields) in reported {
            guard let state = ReplicaState(fields: fields).currentState, state != StateModel.dropped,
                let index = resource.partitions.index(of: partition)
            else { continue }
            states[index] = internState(state)
        }
        for (partition, state) in states.enumerated()
        where resource.current.set(partition: partition, instance: instance, state: state) {
            changes.partitions[name, default: []].insert(partition)
            changed.append(partition)
        }
    }

    /// Notes the transitions that a message asks for, if it is for the instance's present session.
    private mutating func link(_ id: String, _ message: Message, of index: Int) {
        guard message.messageType == .stateTransition, let resource = message.resource, let to = message.toState,
            let session = instances[index].live?.id, resources[resource] != nil,
            message.targetSession == session || message.targetSession == Message.any
        else { return }
        let pending = PendingTransition(
            message: id, instance: Int32(index),
            from: message.fromState.flatMap { $0 == Message.any ? nil : internState($0) }, to: internState(to),
            createdAt: message.createdAt ?? time, isUnprocessable: message.messageState == .unprocessable,
            isBatch: message.isBatch)
        for partition in message.partitions {
            let partitionIndex = resources[resource]!.internPartition(partition)
            if resources[resource]!.pending[partitionIndex].last == pending { continue }  // named twice
            resources[resource]!.pending[partitionIndex].append(pending)
            changes.partitions[resource, default: []].insert(partitionIndex)
        }
        if !pending.isUnprocessable { linkRelays(of: message, id) }
    }

    /// Notes the transitions that others will be asked for once a message is done: as long as it is there, they may be.
    private mutating func linkRelays(of carrier: Message, _ id: String) {
        for (instance, relayed) in carrier.relayMessages {
            guard let index = instanceIndex(instance), let session = relayed.targetSession, let to = relayed.toState,
                let resource = relayed.resource, resource == carrier.resource, let partition = relayed.partition,
                carrier.partitions.contains(partition), let place = resources[resource]?.partitions.index(of: partition)
            else { continue }
            let pending = PendingTransition(
                message: id, instance: Int32(index), from: relayed.fromState.map { internState($0) },
                to: internState(to), createdAt: carrier.createdAt ?? time, isUnprocessable: false, isBatch: false,
                relaySession: session)
            resources[resource]!.pending[place].append(pending)
            carriers.insert(id)
        }
    }

    private mutating func unlink(_ id: String, of index: Int) {
        guard let message = instances[index].messages[id], let resource = message.resource,
            resources[resource] != nil
        else { return }
        carriers.remove(id)
        for partition in message.partitions {
            guard let partitionIndex = resources[resource]!.partitions.index(of: partition) else { continue }
            if let pending = resources[resource]!.pending[partitionIndex].first(where: {
                $0.message == id && $0.instance == index
            }) {
                vanished[resource, default: [:]][ReplicaPlace(partition: partitionIndex, instance: Int32(index))] =
                    pending
            }
            resources[resource]!.pending[partitionIndex].removeAll {
                $0.message == id && ($0.instance == index || $0.relaySession != nil)
            }
            changes.partitions[resource, default: []].insert(partitionIndex)
        }
    }
}

extension ClusterSnapshot.Resource {
    /// Neither ideal state nor configuration nor replicas nor anything under way.
    fileprivate var isEmpty: Bool {
        idealState.isAbsent && config.isAbsent && unreadable.isEmpty && pending.allSatisfy(\.isEmpty)
            && (0..<current.partitionCount).allSatisfy { current[$0].isEmpty }
    }

    /// What is known of an ideal state that became unreadable stays: the resource is left as it is.
    fileprivate mutating func take(_ found: Found<IdealState>) {
        idealState = found
        if found.error != nil { return }
        wanted = (found.value?.partitions ?? []).map { Int32(internPartition($0)) }
        isWanted = [Bool](repeating: false, count: partitions.count)
        for partition in wanted { isWanted[Int(partition)] = true }
        idealStateFaults = found.value?.problems() ?? []
    }

    fileprivate mutating func internPartition(_ name: String) -> Int {
        let index = partitions.intern(name)
        if index == pending.count {
            pending.append([])
            current.grow(to: partitions.count)
        }
        return index
    }
}
