namespace TestServers;

/// <summary>An answer that is an error, thrown to the one place that writes it.</summary>
internal sealed class ApiError(string code, string message, bool compact = false) : Exception(message)
{
    internal string Code { get; } = code;

    /// <summary>Write, delete, query and the token check answer compact JSON; every other handler indents with tabs.</summary>
    internal bool Compact { get; } = compact;

    /// <summary>The status of a platform error code: a conflict is 422, not 409.</summary>
    internal int Status => Code switch
    {
        "invalid" or "empty value" => 400,
        "unauthorized" => 401,
        "forbidden" => 403,
        "not found" => 404,
        "method not allowed" => 405,
        "request too large" => 413,
        "conflict" or "unprocessable entity" => 422,
        "too many requests" => 429,
        "not implemented" => 501,
        "unavailable" => 503,
        _ => 500,
    };

    internal static ApiError Invalid(string message) => new("invalid", message);

    internal static ApiError NotFound(string message) => new("not found", message);

    internal static ApiError Unauthorized(string message, bool compact = false) => new("unauthorized", message, compact);
}
