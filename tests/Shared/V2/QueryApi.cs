using System.IO.Compression;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace TestServers;

/// <summary>
/// The 1.x <c>/query</c> of a 2.x server. Statements whose sources are in one bucket are sent to the backend as they are, in its names,
/// and its answer is passed on as it comes; other mixtures are run one by one and joined in memory.
/// Limits: <c>ON *.*</c> is refused; DELETE and DROP MEASUREMENT take bare measurement names; the positions in parse errors of
/// statements with <c>ON db.rp</c> are not checked; a joined answer of more than 127 statements is not patched right.
/// </summary>
internal sealed class QueryApi(Influx2State state, Backend backend, SchemaShadow schema)
{
    internal async Task HandleAsync(HttpContext context)
    {
        if (!HttpMethods.IsPost(context.Request.Method) && !SystemApi.IsRead(context))
        {
            Answers.Empty(context, 405);
            return;
        }
        var caller = Caller.OfV1(context, state);
        context.Response.Headers.Vary = "Accept-Encoding";
        var request = await QueryRequest.ReadAsync(context);
        if (request is null)
        {
            await Answers.TextAsync(context, 200, "application/json", "{}\n");
            return;
        }
        var statements = InfluxQl.Statements(request.Query);
        await CheckAsync(request, statements);
        List<Plan> plans = [.. statements.Select(statement =>
            new Statement(statement.Text, statement.Tokens, state, caller, request.Database, request.Policy).Plan())];
        context.Response.ContentType = request.ContentType;
        if (plans.Count > 0 && plans.TrueForAll(plan => plan.Text is not null && !plan.Silent && !NeedsTypes(plan) && !NeedsColumns(plan) && plan.BucketId == plans[0].BucketId))
            await PassAsync(context, request, plans);
        else
            await JoinAsync(context, request, plans);
    }

    private bool NeedsColumns(Plan plan) => plan.Columns?.Matter(schema, plan.BucketId!) == true;

    private bool NeedsTypes(Plan plan) => plan.FieldKeys && schema.HasUnsigned(plan.BucketId!);

    /// <summary>
    /// A query that can't be parsed runs nothing. The backend is asked with an unparsable statement at the end, so that it never
    /// runs any: if it complains about that one, the others are good.
    /// </summary>
    private async Task CheckAsync(QueryRequest request, List<(string Text, List<Token> Tokens)> statements)
    {
        // 1.6.7 doesn't know ON db.rp.
        if (statements.Exists(statement => statement.Tokens.FindIndex(token => token.Is("ON")) is var on and > 0
            && on + 2 < statement.Tokens.Count && statement.Tokens[on + 2].IsSymbol('.')))
            return;
        using var answer = await backend.QueryAsync(request.Query + "\n;)", request.Parameters);
        var error = (JsonNode.Parse(await answer.Content.ReadAsStringAsync()) as JsonObject)?.Text("error") ?? "";
        const string Prefix = "error parsing query: ";
        if (!error.StartsWith(Prefix + "found )", StringComparison.Ordinal))
            throw new ApiError("invalid", "failed to parse query: " + error.Replace(Prefix, "", StringComparison.Ordinal), compact: true);
    }

    private async Task PassAsync(HttpContext context, QueryRequest request, List<Plan> plans)
    {
        var bucket = plans[0].BucketId!;
        using var answer = await backend.QueryAsync(
            string.Join(';', plans.Select(plan => plan.Text)), request.ForDatabase(bucket), request.Accept, context.RequestAborted);
        var rewriter = schema.HasUnsigned(bucket) ? new UnsignedValues(request.Form) : null;
        await using var source = await answer.Content.ReadAsStreamAsync(context.RequestAborted);
        await using var output = Output(context);
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = await source.ReadAsync(buffer, context.RequestAborted)) > 0)
        {
            await output.WriteAsync(rewriter is null ? buffer.AsMemory(0, read) : rewriter.Rewrite(buffer.AsSpan(0, read), last: false), context.RequestAborted);
            if (request.Chunked)
                await output.FlushAsync(context.RequestAborted);
        }
        if (rewriter is not null)
            await output.WriteAsync(rewriter.Rewrite([], last: true), context.RequestAborted);
    }

    private async Task JoinAsync(HttpContext context, QueryRequest request, List<Plan> plans)
    {
        var join = new ResultJoin(request.Form, request.Chunked);
        for (var i = 0; i < plans.Count; i++)
        {
            var plan = plans[i];
            var failed = plan.Error;
            if (failed is not null)
                join.AddError(i, failed);
            else if (plan.Table is { } table)
                join.AddTables(i, [table]);
            else if (plan.Silent)
                await DeleteAsync(plan);
            else if (NeedsTypes(plan))
                join.AddTables(i, await FieldKeys.ReadAsync(backend, plan.Text!, plan.BucketId!, (table, field) => schema.TypesOf(plan.BucketId!, table, field)));
            else if (NeedsColumns(plan))
                join.AddTables(i, await plan.Columns!.ReadAsync(backend, request.ForDatabase(plan.BucketId!)));
            else
                failed = join.AddAnswer(i, await FetchAsync(request, plan)) ? "failed" : null;
            if (failed is null)
                continue;
            for (var next = i + 1; next < plans.Count; next++)
                join.AddError(next, "not executed");
            break;
        }
        await using var output = Output(context);
        await output.WriteAsync(join.ToArray());
    }

    private async Task DeleteAsync(Plan plan)
    {
        // Both are silent about measurements that do not exist, where 1.6.7 is not.
        await backend.JsonAsync(plan.Text!, plan.BucketId);
        await schema.RefreshAsync(backend, plan.BucketId!);
    }

    private async Task<byte[]> FetchAsync(QueryRequest request, Plan plan)
    {
        using var answer = await backend.QueryAsync(plan.Text!, request.ForDatabase(plan.BucketId!), request.Accept);
        return new UnsignedValues(request.Form).Rewrite(await answer.Content.ReadAsByteArrayAsync(), last: true);
    }

    private static Stream Output(HttpContext context)
    {
        if (!context.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.Ordinal))
            return new NonClosingStream(context.Response.Body);
        context.Response.Headers.ContentEncoding = "gzip";
        return new GZipStream(context.Response.Body, CompressionLevel.Fastest, leaveOpen: true);
    }
}
