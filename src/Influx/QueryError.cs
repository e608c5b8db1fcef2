namespace Influx;

/// <summary>The kinds of error texts in a result, which come under status 200.</summary>
internal static class QueryError
{
    public static Exception From(string text)
    {
        if (text.Contains("max-concurrent-queries", StringComparison.Ordinal))
            return new TransientException($"the server answered the query with: {ShownText.Line(text)}");
        if (Failure.IsTooLarge(text))
            return new QueryTooLargeException($"the server gave the query up: {ShownText.Line(text)}");
        if (text.StartsWith("engine:", StringComparison.Ordinal))
        {
            return new RejectedException(
                RejectionKind.Storage,
                $"the server answered the query with: {ShownText.Line(text)}: its log says what ails its storage; what else it has can be moved before, with --exclude-measurement");
        }
        var kind = text.Contains("not found", StringComparison.Ordinal) ? RejectionKind.NotFound
            : text.Contains("authoriz", StringComparison.Ordinal) || text.Contains("permission", StringComparison.Ordinal) ? RejectionKind.Token
            : RejectionKind.Invalid;
        return new RejectedException(kind, $"the server answered the query with: {ShownText.Line(text)}");
    }
}
