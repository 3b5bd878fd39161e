import NIOHTTP1

extension DockerEngine {
    /// See ``ContainerEngine/pull(_:credentials:)``.
    public func pull(_ image: String, credentials: RegistryCredentials?) async throws -> EngineStream<PullProgress> {
        let name = ImageName(image)
        let call = "pull \(image)"
        do {
            let stream = try await connection.open(
                call, .POST, "/images/create", [("fromImage", name.repository), ("tag", name.tag)],
                headers: credentials.map { [("X-Registry-Auth", $0.header)] } ?? [],
                limit: connection.limits.pullSilence)
            return stream.objects(PullStep.self, silence: connection.limits.pullSilence) {
                try $0.progress(of: image)
            }
        } catch let error as EngineError where [.notFound, .failed, .imageMissing, .unauthorised].contains(error.kind) {
            // Some errors of the registry are known before the first byte.
            throw EngineError(pulling: image, message: error.message)
        }
    }

    /// See ``ContainerEngine/image(_:)``.
    public func image(_ name: String) async throws -> ImageDetails {
        struct Image: Decodable {
            var id: String
            var repoTags: [String]?
            var repoDigests: [String]?
        }
        let image: Image = try await missingImages {
            try await connection.call("inspect image \(name)", .GET, "/images/\(name.inPath)/json").decoded()
        }
        return ImageDetails(id: image.id, tags: image.repoTags ?? [], digests: image.repoDigests ?? [])
    }

    /// See ``ContainerEngine/removeImage(_:)``.
    public func removeImage(_ name: String) async throws {
        _ = try await missingImages {
            try await connection.call("remove image \(name)", .DELETE, "/images/\(name.inPath)")
        }
    }

    /// Makes an image of one layer from files, as `docker import` does.
    public func importImage(_ files: Archive, as image: String) async throws {
        let name = ImageName(image)
        let stream = try await connection.open(
            "import \(image)", .POST, "/images/create",
            [("fromSrc", "-"), ("repo", name.repository), ("tag", name.tag)], body: .archive(try files.bytes()),
            limit: connection.limits.start)
        for try await _ in stream.objects(PullStep.self, { try $0.progress(of: image) }) {}
    }

    /// Sends an image to the registry that its name names.
    public func push(_ image: String, credentials: RegistryCredentials?) async throws {
        let name = ImageName(image)
        // The Engine insists on credentials here, even where the registry does not.
        let header = (credentials ?? RegistryCredentials(username: "", password: "", server: "")).header
        let stream = try await connection.open(
            "push \(image)", .POST, "/images/\(name.repository.inPath)/push", [("tag", name.tag)],
            headers: [("X-Registry-Auth", header)], limit: connection.limits.pullSilence)
        for try await _ in stream.objects(PullStep.self, { try $0.progress(of: image) }) {}
    }

    /// Gives an image another name.
    public func tag(_ image: String, as other: String) async throws {
        let name = ImageName(other)
        _ = try await missingImages {
            try await connection.call(
                "tag \(image)", .POST, "/images/\(image.inPath)/tag", [("repo", name.repository), ("tag", name.tag)])
        }
    }

    private func missingImages<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch var error as EngineError where error.kind == .notFound {
            error.kind = .imageMissing
            throw error
        }
    }
}
