namespace Influx;

/// <summary>The path <c>/query</c>, which every family serves.</summary>
internal static class QueryEndpoint
{
    private const string Msgpack = "application/x-msgpack";

    // Rows of one document: what a server holds in memory for a client, and a limit of its own default.
    private const int ChunkRows = 10_000;

    public static async Task QueryAsync(
        InfluxHttp http, Bucket? bucket, string statement, IQuerySink sink, CancellationToken cancellationToken)
    {
        var path = $"query?epoch=ns&chunked=true&chunk_size={ChunkRows}";
        if (bucket is not null)
            path += $"&db={Uri.EscapeDataString(bucket.Database)}";
        if (bucket is { RetentionPolicy.Length: > 0 })
            path += $"&rp={Uri.EscapeDataString(bucket.RetentionPolicy)}";
        var what = $"InfluxQL '{InfluxQl.Shown(statement)}'";
        // The form and not the URL: statements that name hundreds of fields exceed what servers take as a URL.
        await using var body = await http.OpenStreamAsync(
            path,
            () => new FormUrlEncodedContent([KeyValuePair.Create("q", statement)]),
            Msgpack,
            what,
            error => Failure.IsTooLarge(error.ErrorText) && (int)error.Status is 400 or 500
                ? new QueryTooLargeException($"{what}: {error.ErrorText}")
                : http.Refused(what, error),
            cancellationToken);
        var reader = new QueryAnswerReader(body, sink);
        try
        {
            await reader.ReadAsync(cancellationToken);
        }
        catch (NoQueryAnswerException other)
        {
            throw http.NotInflux(what, $"an answer to a query ({other.Message})", Msgpack, other.Beginning.Span, other);
        }
        catch (TransientException failed)
        {
            throw new TransientException($"{what} at the {http.Options.Role}: {failed.Message}", failed.RetryAfter, failed) { Waited = failed.Waited };
        }
        catch (RejectedException refused)
        {
            throw new RejectedException(refused.Kind, $"{what} at the {http.Options.Role}: {refused.Message}", refused);
        }
    }
}
