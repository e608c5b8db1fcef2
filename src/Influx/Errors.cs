using System.Net;

namespace Influx;

/// <summary>Why a server said no.</summary>
public enum RejectionKind
{
    /// <summary>401 or 403: the token is unknown, inactive or lacks a permission.</summary>
    Token,

    /// <summary>404: the org, bucket, database or path is not there.</summary>
    NotFound,

    /// <summary>400 or 422: the request or the data.</summary>
    Invalid,

    /// <summary>The server can't do what the migration needs, whatever the request.</summary>
    Unsupported,

    /// <summary>No connection can be made: the host is unknown, nothing listens, or its certificate is not trusted.</summary>
    Unreachable,

    /// <summary>InfluxQL has no name for the bucket: no mapping of the server leads to it.</summary>
    Unmapped,

    /// <summary>The process may not connect there, whatever the server is.</summary>
    NotAllowed,

    /// <summary>The server's storage can't answer: a damaged file, a closed shard. It says nothing of what is stored.</summary>
    Storage,

    /// <summary>What answers is no InfluxDB: a proxy in its place, or another server.</summary>
    NotInflux,
}

/// <summary>A failure that the same request may not meet again: a cut connection, 408, 429, 502 to 504. Retried.</summary>
public sealed class TransientException : Exception
{
    /// <summary>Makes one.</summary>
    /// <param name="message">What was tried, on what, and what came back.</param>
    /// <param name="retryAfter">How long the server asks to wait; null where it does not say.</param>
    /// <param name="inner">What happened below.</param>
    public TransientException(string message, TimeSpan? retryAfter = null, Exception? inner = null)
        : base(message, inner) => RetryAfter = retryAfter;

    /// <summary>How long the server asks to wait.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>How long the server was waited for in vain; zero for a failure that came by itself.</summary>
    public TimeSpan Waited { get; init; }

    /// <summary>Whether the retries are used up already, so that nobody further out begins them anew.</summary>
    internal bool GivenUp { get; set; }
}

/// <summary>The server refuses: asking again gives the same answer. Never retried; the report names it.</summary>
public sealed class RejectedException : Exception
{
    /// <summary>Makes one.</summary>
    /// <param name="kind">Why.</param>
    /// <param name="message">What was tried, on what, what came back and what to do.</param>
    /// <param name="inner">What happened below.</param>
    public RejectedException(RejectionKind kind, string message, Exception? inner = null)
        : base(message, inner) => Kind = kind;

    /// <summary>Why.</summary>
    public RejectionKind Kind { get; }
}

/// <summary>
/// A query that the server gave up: it timed out, ran out of memory, was turned away by a full queue, or was cut by a
/// row limit. A smaller time range may pass.
/// </summary>
public sealed class QueryTooLargeException : Exception
{
    /// <summary>Makes one.</summary>
    /// <param name="message">The query's place and the server's words.</param>
    public QueryTooLargeException(string message)
        : base(message)
    {
    }
}

/// <summary>What an HTTP answer or a result's error text means: the one place that says what is transient.</summary>
internal static class Failure
{
    // 1.x: "query-timeout limit exceeded, query killed", "max-select-…"; 2.x: "queue length exceeded",
    // "memory allocation limit reached"; both: "query interrupted" under status 200 (docs/influxdb.md). 3 Core, with 500: "Query would
    // exceed file limit of 432 parquet files"; later ones "Query would scan 433 Parquet files, exceeding the file limit".
    private static readonly string[] TooLargeTexts =
        ["timeout", "timed out", "interrupted", "query killed", "memory", "queue", "max-select-", "file limit"];

    public static bool IsTooLarge(string text) =>
        TooLargeTexts.Any(part => text.Contains(part, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether the status asks for the same request again. A 500 counts when its text speaks of time or of a full cache.</summary>
    public static bool IsTransient(HttpStatusCode status, string text) => status switch
    {
        HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway
            or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout => true,
        HttpStatusCode.InternalServerError => text.Contains("timeout", StringComparison.OrdinalIgnoreCase)
            || text.Contains("cache-max-memory-size exceeded", StringComparison.Ordinal)
            || text.Contains("engine is closed", StringComparison.Ordinal),
        _ => false,
    };

    public static RejectionKind Kind(HttpStatusCode status) => status switch
    {
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => RejectionKind.Token,
        HttpStatusCode.NotFound => RejectionKind.NotFound,
        HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity => RejectionKind.Invalid,
        _ => RejectionKind.Unsupported,
    };
}
