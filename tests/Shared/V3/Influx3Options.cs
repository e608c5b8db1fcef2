namespace TestServers;

/// <summary>How an <see cref="Influx3Server"/> is made.</summary>
public sealed record Influx3Options
{
    /// <summary>Whether it is Enterprise, which has tokens of databases besides the admin's.</summary>
    public bool Enterprise { get; init; }

    /// <summary>Whether the token of databases may ask what the server is: system:ping:read.</summary>
    public bool PingIsGranted { get; init; } = true;

    /// <summary>The Parquet files that a query may read.</summary>
    public int FileLimit { get; init; } = 432;

    /// <summary>Whether it says so in the words of 3.11, and not in the earlier ones.</summary>
    public bool NewFileText { get; init; }
}
