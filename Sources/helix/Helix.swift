import ArgumentParser

@main
struct Helix: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "helix", abstract: "Run and operate clusters.")
}
