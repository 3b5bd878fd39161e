public import FleetJobs

extension Fleet {
    /// Keeps a job.
    /// - Parameters:
    ///   - text: the job in YAML or JSON, as a person wrote it.
    ///   - id: what its id must be, if that is known; 40 digits of the hash, or fewer.
    /// - Throws: ``FleetError`` with everything that is wrong.
    public func createJob(_ text: String, id: String? = nil, user: String) async throws -> JobID {
        do {
            var job = try Job(file: text, now: Moment(seconds: now() / 1_000))
            job.created = Moment(seconds: now() / 1_000)
            job.creator = user
            return try await create(job, id: id)
        } catch let error as JobError {
            throw FleetError(error)
        }
    }

    /// Keeps a job.
    public func create(_ job: Job, id: String? = nil) async throws -> JobID {
        let problems = job.problems(now: Moment(seconds: now() / 1_000))
        guard problems.isEmpty else { throw FleetError(JobError(problems)) }
        if let id, !job.id.description.hasPrefix(id) {
            throw FleetError(
                .invalidJobDefinition, "the job's id is \(job.id), not \(id)",
                cure: "leave the hash out, or correct the job",
                problems: [FieldProblem("id", found: "“\(id)”", expected: "“\(job.id)”")])
        }
        return try await request { store, _ in
            let id = try await store.create(job)
            try await note(store, "job", id.description, "it was created")
            return id
        }
    }

    /// Removes a job, which no deployment may have, and its history.
    /// - Parameter token: the job's, if it has one.
    public func removeJob(_ reference: String, token: String? = nil) async throws -> JobID {
        try await request { store, _ in
            let (id, job) = try await store.resolve(reference)
            try Self.check(token, of: job)
            try await store.removeJob(id)
            try await note(store, "job", id.description, "it was removed")
            return id
        }
    }

    /// The one job that a person means.
    public func job(_ reference: String) async throws -> Job {
        try await request { store, _ in try await store.resolve(reference).job }
    }

    /// The jobs that a person may mean; all of them where nothing is said. In the order of names.
    public func jobs(matching reference: String = "") -> [Job] {
        let jobs = view.jobs
        let ids = jobs.keys.compactMap { JobID($0) }
        return (reference.isEmpty ? ids.sorted() : ids.matching(reference)).compactMap { jobs[$0.description] }
    }

    /// What happened to the tasks of a job, in order.
    public func history(of reference: String) async throws -> [TaskEvent] {
        try await request { store, _ in try await store.history(of: try await store.resolve(reference).id) }
    }

    /// Whether who says this token may change what the job has.
    static func check(_ token: String?, of job: Job) throws {
        switch (job.token, token) {
        case (nil, nil): return
        case (let kept?, let token?) where kept.matches(token): return
        case (nil, _?):
            throw FleetError(.forbidden, "the job \(job.id.short) has no token", cure: "leave the token out")
        case (_?, _):
            throw FleetError(
                .forbidden, "the token is not that of the job \(job.id.short)", cure: "say the job's token")
        }
    }
}
