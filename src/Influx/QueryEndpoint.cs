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
        var answer = await http.SendAsync(
            HttpMethod.Post,
            path,
            () => new FormUrlEncodedContent([KeyValuePair.Create("q", statement)]),
            Msgpack,
            authorize: true,
            cancellationToken);
        if (!answer.IsSuccessStatusCode)
        {
            using (answer)
            {
                var error = await InfluxHttp.ReadErrorAsync(answer, cancellationToken);
                throw Failure.IsTooLarge(error.Text) && (int)error.Status is 400 or 500
                    ? new QueryTooLargeException($"{what}: {error.Text}")
                    : http.Refused(what, error, answer);
            }
        }
        await using var body = await http.OpenBodyAsync(answer, cancellationToken);
        var type = answer.Content.Headers.ContentType?.MediaType;
        if (type != Msgpack)
            throw new RejectedException(RejectionKind.Unsupported, $"{what}: the answer is '{type}' instead of '{Msgpack}'; is there a proxy in between?");
        try
        {
            await new QueryAnswerReader(body, sink).ReadAsync(cancellationToken);
        }
        catch (RejectedException refused)
        {
            throw new RejectedException(refused.Kind, $"{what} at the {http.Options.Role}: {refused.Message}", refused);
        }
    }
}
