using Migration;
using TestServers;

namespace Functions.Tests;

public sealed class PageTests
{
    [Fact]
    public void Names_every_error_with_what_to_do()
    {
        foreach (var name in ErrorNames.All)
            Assert.Contains($"| `{name}` | ", Pages.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_every_handler()
    {
        foreach (var name in HandlerNames.All.Append(HandlerNames.Rotate))
            Assert.Contains($"`{name}`", Pages.Text, StringComparison.Ordinal);
    }
}
