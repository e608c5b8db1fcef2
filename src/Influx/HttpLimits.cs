namespace Influx;

/// <summary>How long a server may take and how much it may say before it counts as broken, or as hostile.</summary>
public sealed record HttpLimits
{
    /// <summary>For the whole answer to anything but a query: its head and its body together, errors and lists alike.</summary>
    public TimeSpan SmallAnswer { get; init; } = TimeSpan.FromSeconds(50);

    /// <summary>After so long without an answer to a query, and again, the server is asked by /ping whether it is there at all.</summary>
    public TimeSpan Quiet { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>For the answer to such a ping; after two in a row without one the query is given up.</summary>
    public TimeSpan Ping { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For the next bytes of a query's answer, and the time in which <see cref="SlowestStream"/> bytes must come.</summary>
    public TimeSpan Stream { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Bytes of a query's answer that must come in each <see cref="Stream"/> of waiting.</summary>
    public int SlowestStream { get; init; } = 6_000;

    /// <summary>Bytes of an error that are read; the rest is cut.</summary>
    public int ErrorBytes { get; init; } = 64 * 1024;

    /// <summary>Bytes of an answer that is read whole, such as a page of a list.</summary>
    public int AnswerBytes { get; init; } = 16 * 1024 * 1024;
}
