// swift-tools-version: 6.2
import PackageDescription

let features: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),  // SE-0335
    .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
    .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),  // SE-0461
]

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let lifecycleTestKit: Target.Dependency = .product(
    name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle")
let signals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

/// What a service embeds: no executable, no HTTP, no NIO.
let embedded = [
    "Coordination", "StateModels", "HelixRecords", "MessageQueue", "Placement", "RebalancePipeline",
    "HelixController", "HelixParticipant", "HelixSpectator", "HelixAdmin",
]

let package = Package(
    name: "helix",
    products: [
        .library(name: "Helix", targets: embedded + ["ZooKeeper"]),
        .library(name: "ZooKeeper", targets: ["Coordination", "ZooKeeper"]),
        .library(name: "HelixSimulation", targets: ["HelixSimulation"]),
        .executable(name: "helix", targets: ["helix"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.0"),
    ],
    targets: [
        .systemLibrary(name: "CZooKeeper", providers: [.apt(["libzookeeper-mt-dev"]), .brew(["zookeeper"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        .target(name: "Coordination", dependencies: [logging]),
        .target(name: "ZooKeeper", dependencies: ["CZooKeeper", "Coordination", logging, metrics]),
        .target(name: "StateModels"),
        .target(name: "HelixRecords", dependencies: ["CZlib", "StateModels"]),
        .target(name: "MessageQueue", dependencies: ["Coordination", "HelixRecords", logging]),
        .target(name: "Placement"),
        .target(name: "RebalancePipeline", dependencies: ["StateModels", "HelixRecords", "Placement"]),
        .target(
            name: "HelixController",
            dependencies: [
                "Coordination", "StateModels", "HelixRecords", "MessageQueue", "Placement", "RebalancePipeline",
                logging, metrics, lifecycle,
            ]),
        .target(
            name: "HelixParticipant",
            dependencies: [
                "Coordination", "StateModels", "HelixRecords", "MessageQueue", logging, metrics, lifecycle,
            ]),
        .target(
            name: "HelixSpectator",
            dependencies: ["Coordination", "HelixRecords", logging, metrics, lifecycle]),
        .target(name: "HelixAdmin", dependencies: ["Coordination", "StateModels", "HelixRecords", logging]),
        .target(
            name: "HelixSimulation",
            dependencies: embedded.map { .init(stringLiteral: $0) } + [logging, lifecycle, lifecycleTestKit]),
        .executableTarget(
            name: "helix",
            dependencies: embedded.map { .init(stringLiteral: $0) } + [
                "ZooKeeper", logging, lifecycle, signals, arguments,
            ]),

        .target(
            name: "TestSupport",
            dependencies: ["Coordination", "ZooKeeper", "HelixRecords", "HelixSimulation", "StateModels", logging],
            path: "Tests/TestSupport"),
        .testTarget(
            name: "CoordinationTests", dependencies: ["Coordination", "ZooKeeper", "HelixSimulation", "TestSupport"]),
        .testTarget(name: "StateModelsTests", dependencies: ["StateModels"]),
        .testTarget(
            name: "HelixRecordsTests", dependencies: ["HelixRecords", "StateModels", "HelixSimulation", "TestSupport"]),
        .testTarget(name: "MessageQueueTests", dependencies: ["MessageQueue", "Coordination", "HelixRecords"]),
        .testTarget(name: "PlacementTests", dependencies: ["Placement"]),
        .testTarget(
            name: "RebalancePipelineTests",
            dependencies: ["RebalancePipeline", "HelixRecords", "StateModels", "Placement"],
            exclude: ["Conversations"]),
        .testTarget(
            name: "HelixControllerTests",
            dependencies: [
                "HelixController", "HelixAdmin", "Coordination", "HelixRecords", "RebalancePipeline", "StateModels",
                "TestSupport", logging,
            ]),
        .testTarget(
            name: "HelixParticipantTests",
            dependencies: [
                "HelixParticipant", "MessageQueue", "HelixAdmin", "Coordination", "HelixRecords", "StateModels",
                logging, lifecycle,
            ]),
        .testTarget(
            name: "HelixSpectatorTests",
            dependencies: ["HelixSpectator", "HelixAdmin", "Coordination", "HelixRecords"]),
        .target(
            name: "Scenario",
            dependencies: embedded.map { .init(stringLiteral: $0) } + ["HelixSimulation", logging],
            path: "Tests/Scenario"),
        .executableTarget(
            name: "Simulate", dependencies: ["HelixSimulation", "Scenario", arguments], path: "Tests/Simulate"),
        .testTarget(
            name: "SimulationTests",
            dependencies: embedded.map { .init(stringLiteral: $0) } + ["HelixSimulation", "Scenario", logging]),
        .testTarget(
            name: "HelixAdminTests", dependencies: ["HelixAdmin", "Coordination", "HelixRecords", "StateModels"]),
        .testTarget(
            name: "CommandLineTests",
            dependencies: embedded.map { .init(stringLiteral: $0) } + [
                "helix", "Simulate", "ZooKeeper", "TestSupport", logging, arguments,
            ]),
        .testTarget(
            name: "DocumentationTests",
            dependencies: [
                "helix", "HelixAdmin", "HelixParticipant", "HelixSimulation", "HelixSpectator", "StateModels",
                "ZooKeeper",
                logging, lifecycle, arguments,
            ]),
        .testTarget(
            name: "Integration",
            dependencies: embedded.map { .init(stringLiteral: $0) } + ["ZooKeeper", "TestSupport", "helix"],
            path: "Tests/Integration",
            exclude: ["Foreign"]),
        .testTarget(
            name: "Chaos",
            dependencies: embedded.map { .init(stringLiteral: $0) } + ["ZooKeeper", "TestSupport", "helix", logging],
            path: "Tests/Chaos"),
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                "Coordination", "ZooKeeper", "StateModels", "HelixRecords", "MessageQueue", "RebalancePipeline",
                "HelixController", "HelixSpectator", "HelixAdmin", "TestSupport", logging, arguments,
            ],
            path: "Tests/Fuzz"),
        .testTarget(
            name: "FuzzTests",
            dependencies: [
                "Fuzz", "Coordination", "ZooKeeper", "StateModels", "HelixRecords", "RebalancePipeline",
                "HelixController", "HelixSpectator", "HelixAdmin", "TestSupport",
            ]),
        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                "Coordination", "ZooKeeper", "StateModels", "HelixRecords", "Placement", "RebalancePipeline",
                "HelixController", "HelixParticipant", "HelixSimulation", "TestSupport", logging, arguments,
            ],
            path: "Tests/Benchmarks"),
        .executableTarget(name: "Mutants", dependencies: ["TestSupport", arguments, signals], path: "Tests/Mutants"),
        .testTarget(name: "MutantsTests", dependencies: ["Mutants", "TestSupport", arguments]),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = (target.swiftSettings ?? []) + features
}
