// swift-tools-version: 6.2
import PackageDescription

let features: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),  // SE-0335
    .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
    .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),  // SE-0461
]

let helix: Target.Dependency = .product(name: "Helix", package: "helix")
let simulation: Target.Dependency = .product(name: "HelixSimulation", package: "helix")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "helix-examples",
    products: [.executable(name: "fleet", targets: ["ContainerFleet"])],
    dependencies: [
        .package(name: "helix", path: ".."),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.5.1"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.36.0"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.0"),
    ],
    targets: [
        .target(name: "Shared", dependencies: [helix, logging, lifecycle, signals, arguments]),
        .executableTarget(
            name: "LeaderStandby", dependencies: ["Shared", helix, logging, lifecycle, arguments],
            exclude: ["README.md"]),
        .executableTarget(
            name: "MasterSlave",
            dependencies: [
                "Shared", helix, logging, lifecycle, arguments, .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            exclude: ["README.md"]),
        .executableTarget(
            name: "LockManager", dependencies: ["Shared", helix, logging, lifecycle, arguments],
            exclude: ["README.md"]),
        .target(
            name: "FleetEngine",
            dependencies: [
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Sources/ContainerFleet/Engine"),
        .target(
            name: "FleetJobs", dependencies: [.product(name: "Yams", package: "Yams")],
            path: "Sources/ContainerFleet/Jobs"),
        .target(
            name: "FleetAgent",
            dependencies: [
                "FleetEngine", .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Sources/ContainerFleet/Agent"),
        .target(
            name: "FleetModel", dependencies: ["FleetJobs", helix], path: "Sources/ContainerFleet/Model"),
        .target(
            name: "FleetMaster", dependencies: ["FleetJobs", "FleetModel", helix, logging, lifecycle],
            path: "Sources/ContainerFleet/Master"),
        .target(
            name: "FleetAPI",
            dependencies: [
                "FleetMaster", "FleetJobs", "FleetModel", helix, logging, lifecycle,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            path: "Sources/ContainerFleet/API", resources: [.embedInCode("openapi.yaml")]),
        .target(
            name: "FleetHost",
            dependencies: [
                "FleetAgent", "FleetEngine", "FleetJobs", "FleetModel", helix, logging, lifecycle,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "Sources/ContainerFleet/Host"),
        .executableTarget(
            name: "ContainerFleet",
            dependencies: [
                "FleetHost", "FleetAgent", "FleetAPI", "FleetMaster", "FleetEngine", "FleetJobs", "FleetModel", helix,
                logging, lifecycle, signals, arguments, .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            path: "Sources/ContainerFleet/CommandLine"),
        .target(name: "Tenants", dependencies: [helix], exclude: ["README.md"]),

        .target(name: "Support", path: "Tests/Support"),
        .target(
            name: "FleetSupport",
            dependencies: [
                "FleetEngine", "Support", .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Tests/ContainerFleet/Support"),
        .testTarget(name: "LeaderStandbyTests", dependencies: ["LeaderStandby", "Shared", "Support"]),
        .testTarget(name: "MasterSlaveTests", dependencies: ["MasterSlave", "Shared", "Support", helix]),
        .testTarget(name: "LockManagerTests", dependencies: ["LockManager", "Shared", "Support"]),
        .testTarget(
            name: "FleetEngineTests", dependencies: ["FleetEngine", "FleetSupport", "Support"],
            path: "Tests/ContainerFleet/EngineTests"),
        .testTarget(
            name: "FleetJobsTests", dependencies: ["FleetJobs"], path: "Tests/ContainerFleet/JobsTests"),
        .target(
            name: "FleetAgentSupport", dependencies: ["FleetAgent", "FleetEngine"],
            path: "Tests/ContainerFleet/AgentSupport"),
        .testTarget(
            name: "FleetAgentTests",
            dependencies: ["FleetAgent", "FleetAgentSupport", "FleetEngine", "FleetSupport", "Support", simulation],
            path: "Tests/ContainerFleet/AgentTests"),
        .testTarget(
            name: "FleetMasterTests",
            dependencies: [
                "FleetMaster", "FleetJobs", "FleetModel", "FleetWorld", "Support", helix, simulation, logging,
            ],
            path: "Tests/ContainerFleet/MasterTests"),
        .testTarget(
            name: "FleetAPITests",
            dependencies: [
                "FleetAPI", "FleetMaster", "FleetJobs", "FleetModel", "Support", helix, logging,
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
            ],
            path: "Tests/ContainerFleet/APITests"),
        .testTarget(
            name: "FleetTests",
            dependencies: [
                "ContainerFleet", "FleetAPI", "FleetMaster", "FleetModel", "FleetJobs", "FleetAgent", "FleetEngine",
                "FleetSupport",
                "Support", helix, arguments,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Tests/ContainerFleet/FleetTests"),
        .testTarget(
            name: "FleetHostTests",
            dependencies: ["FleetHost", "FleetAgent", "FleetEngine", "FleetJobs", "FleetModel", helix, logging],
            path: "Tests/ContainerFleet/HostTests"),
        .target(
            name: "FleetWorld",
            dependencies: [
                "FleetHost", "FleetAgent", "FleetAgentSupport", "FleetEngine", "FleetMaster", "FleetJobs",
                "FleetModel", helix, simulation, logging,
            ],
            path: "Tests/ContainerFleet/World"),
        .testTarget(
            name: "FleetWorldTests",
            dependencies: ["FleetWorld", "FleetAgentSupport", "FleetEngine", "FleetMaster", "FleetJobs", simulation],
            path: "Tests/ContainerFleet/WorldTests"),
        .executableTarget(
            name: "FleetBench",
            dependencies: [
                "FleetWorld", "FleetAPI", "FleetMaster", "FleetJobs", helix, simulation, logging,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "Tests/ContainerFleet/Bench"),
        .testTarget(name: "TenantsTests", dependencies: ["Tenants", helix, simulation]),
        .testTarget(name: "SimulationTests", dependencies: [helix, simulation], exclude: ["README.md"]),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets {
    target.swiftSettings = (target.swiftSettings ?? []) + features
}
