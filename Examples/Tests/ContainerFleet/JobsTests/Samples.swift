@testable import FleetJobs

let salt = [UInt8](repeating: 7, count: 16)

/// Every field there is, as a person writes it.
let everything = """
    name: web
    version: 1.10            # a number for YAML, and text here
    image: registry.example:5000/team/web:1.10
    command: [serve, --port, 80]
    env:
      COLOUR: blue
      WORKERS: 4
      GREETING: "yes"
    ports:
      http: 80
      admin: {container: 81, host: 8081}
      dns: {container: 53, host: 53, protocol: udp}
    volumes:
      /data: /srv/data
      /cache: {name: cache, readOnly: true}
      /work: ""
    tmpfs:
      /scratch: 64MiB
    resources: {cpus: 0.5, memory: 256MiB}
    health:
      gate:
        http: {port: http, path: /ready}
        interval: 500ms
        timeout: 2s
        deadline: 1m30s
        retries: 20
      liveness:
        command: [/bin/check, --fast]
        deadline: 1m
        retries: 0
    restart: {onFailure: 5}
    gracePeriod: 5s
    stopTimeout: 1m
    labels: {team: blue}
    hosts:
      - role = web
      - zone in (a, b)
    capabilities: {add: [NET_ADMIN], drop: [CHOWN]}
    securityOptions: [no-new-privileges]
    network: bridge
    hostname: web-1
    expires: 2027-01-31T13:00:00+01:00
    token: open sesame
    secrets:
      - {name: password, source: "store:db"}
      - {name: key, source: "file:/etc/key", target: /etc/web.key, mode: "0440"}
    registryAuth: env:REGISTRY
    metadata: {ticket: 17}
    rollout:
      parallelism: 3
      overlap: true
      minHealthyTime: 10s
      deadline: 2m
      canary: 1
      failureRatio: 0.2
      onFailure: pause
    creator: ann
    """

/// What it means.
var everythingRead: Job {
    var job = Job(name: "web", version: "1.10", image: "registry.example:5000/team/web:1.10")
    job.command = ["serve", "--port", "80"]
    job.environment = ["COLOUR": "blue", "WORKERS": "4", "GREETING": "yes"]
    job.ports = ["http": Port(80), "admin": Port(81, host: 8081), "dns": Port(53, host: 53, transport: .udp)]
    job.volumes = [
        "/data": Volume(.host(path: "/srv/data")), "/cache": Volume(.named("cache"), isReadOnly: true),
        "/work": Volume(.anonymous),
    ]
    job.memoryDirectories = ["/scratch": ByteCount(bytes: 64 << 20)]
    job.resources = Resources(cpus: ProcessorShare(thousandths: 500), memory: ByteCount(bytes: 256 << 20))
    job.gate = HealthCheck(
        .http(port: "http", path: "/ready"), interval: TimeSpan(milliseconds: 500), timeout: .seconds(2),
        deadline: .seconds(90), retries: 20)
    job.liveness = HealthCheck(
        .command(["/bin/check", "--fast"]), interval: .seconds(10), timeout: .seconds(2), deadline: .minutes(1))
    job.restart = .onFailure(attempts: 5)
    job.gracePeriod = .seconds(5)
    job.stopTimeout = .minutes(1)
    job.labels = ["team": "blue"]
    job.hosts = [HostSelector("role", .equals("web")), HostSelector("zone", .isOne(of: ["a", "b"]))]
    job.addedCapabilities = ["NET_ADMIN"]
    job.droppedCapabilities = ["CHOWN"]
    job.securityOptions = ["no-new-privileges"]
    job.hostname = "web-1"
    job.expires = Moment(seconds: 1_801_396_800)
    job.token = TokenHash(of: "open sesame", salt: salt)
    job.secrets = [
        SecretFile(name: "password", target: "/run/secrets/password", source: .store("db")),
        SecretFile(name: "key", target: "/etc/web.key", mode: 0o440, source: .file(path: "/etc/key")),
    ]
    job.registryAuth = .environment("REGISTRY")
    job.metadata = ["ticket": "17"]
    job.rollout.parallelism = 3
    job.rollout.overlap = true
    job.rollout.minHealthyTime = .seconds(10)
    job.rollout.deadline = .minutes(2)
    job.rollout.canary = 1
    job.rollout.failureRatio = ProcessorShare(thousandths: 200)
    job.rollout.onFailure = .pause
    job.creator = "ann"
    return job
}
