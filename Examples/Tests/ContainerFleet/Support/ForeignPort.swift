import NIOCore
import NIOPosix

/// A port of this host that is somebody else's.
public enum ForeignPort {
    /// Listens on every address while something happens.
    public static func hold(_ body: (Int) async throws -> Void) async throws {
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(host: "0.0.0.0", port: 0).get()
        do {
            try await body(channel.localAddress?.port ?? 0)
        } catch {
            try await channel.close()
            throw error
        }
        try await channel.close()
    }
}
