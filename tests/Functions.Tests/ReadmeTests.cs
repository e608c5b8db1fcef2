using Migration;

namespace Functions.Tests;

public sealed class ReadmeTests
{
    private static readonly string Readme = File.ReadAllText(Path.Combine(MigrationInputTests.Repository(), "README.md"));

    [Fact]
    public void Names_every_error_with_what_to_do()
    {
        foreach (var name in ErrorNames.All)
            Assert.Contains($"| `{name}` | ", Readme, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_every_handler()
    {
        foreach (var name in HandlerNames.All.Append(HandlerNames.Rotate))
            Assert.Contains($"`{name}`", Readme, StringComparison.Ordinal);
    }
}
