using System.Diagnostics;

namespace Influx;

/// <summary>A token or a password. Its text never shows in a log, a debugger or a record's ToString.</summary>
/// <param name="text">The secret's text.</param>
[DebuggerDisplay(Shown)]
public sealed class Secret(string text)
{
    /// <summary>What stands in the place of a secret's text.</summary>
    internal const string Shown = "***";

    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly string text = text;

    /// <summary>The text itself, for the header that carries it and for nothing else.</summary>
    public string Reveal() => text;

    /// <inheritdoc/>
    public override string ToString() => Shown;
}
