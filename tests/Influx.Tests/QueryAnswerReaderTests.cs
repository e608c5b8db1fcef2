using CsCheck;

namespace Influx.Tests;

public sealed class QueryAnswerReaderTests(RealServer server)
{
    private const string Recorded = "h-influxql/";

    [Theory]
    [InlineData("chunked-1-msgpack", 1)]
    [InlineData("multi-stmt.msgpack", 1)]
    [InlineData("select-all-chunked-nogroup.msgpack", 1)]
    [InlineData("select-all-chunked.msgpack", 1)]
    [InlineData("select-all-epoch-ns.msgpack", 1)]
    [InlineData("select-all-groupby.msgpack", 1)]
    [InlineData("select-big.msgpack", 1)]
    [InlineData("select-empty.msgpack", 0)]
    [InlineData("select-msgpack-min-max-time", 1)]
    [InlineData("select-special.msgpack", 1)]
    [InlineData("show-field-keys.msgpack", 1)]
    [InlineData("show-tag-values.msgpack", 1)]
    public async Task Recorded_answer_gives_the_same_rows_over_every_split(string name, int leastRows) =>
        await SplitsGiveTheSameAsync(RecordedExchange.Load(Recorded + name).AnswerBody, leastRows);

    [Fact]
    public async Task Answer_of_a_real_1_6_7_gives_the_same_rows_over_every_split() => await SplitsGiveTheSameAsync(await RealAnswerAsync(), leastRows: 5);

    [Fact]
    public async Task Answer_that_is_cut_at_any_byte_never_passes_as_whole()
    {
        foreach (var answer in (byte[][])[await RealAnswerAsync(), RecordedExchange.Load(Recorded + "chunked-1-msgpack").AnswerBody])
        {
            await Assert.ThrowsAsync<NoQueryAnswerException>(() => QueryAnswers.RowsAsync([]));
            for (var length = 1; length < answer.Length; length++)
                await Assert.ThrowsAsync<TransientException>(() => QueryAnswers.RowsAsync(answer[..length], 7));
        }
    }

    [Theory]
    [InlineData("query interrupted", typeof(QueryTooLargeException))]
    [InlineData("query-timeout limit exceeded, query killed", typeof(QueryTooLargeException))]
    [InlineData("max-select-series limit exceeded: (2/1)", typeof(QueryTooLargeException))]
    [InlineData("memory allocation limit reached", typeof(QueryTooLargeException))]
    [InlineData("max-concurrent-queries limit exceeded(1, 1)", typeof(TransientException))]
    [InlineData("database not found: x", typeof(RejectedException))]
    [InlineData("shard closed", typeof(RejectedException))]
    public async Task Error_behind_rows_ends_the_reading_by_its_text(string text, Type exception)
    {
        byte[] answer = [.. Pack.Document(("series", Pack.Series()), ("partial", Pack.True)), .. Pack.Document(("error", Pack.Text(text)))];

        var error = await Assert.ThrowsAsync(exception, () => QueryAnswers.RowsAsync(answer, 5));

        Assert.Contains(text, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Error_of_a_recorded_answer_is_told() =>
        Assert.Equal(
            RejectionKind.NotFound,
            (await Assert.ThrowsAsync<RejectedException>(() => QueryAnswers.RowsAsync(RecordedExchange.Load(Recorded + "error-msgpack-db-unknown").AnswerBody))).Kind);

    [Fact]
    public async Task Series_that_goes_on_behind_the_last_result_was_cut_by_a_row_limit()
    {
        var cut = Pack.Document(("series", Pack.Series(("partial", Pack.True))));
        byte[] goesOn = [.. Pack.Document(("series", Pack.Series(("partial", Pack.True))), ("partial", Pack.True)), .. Pack.Document(("series", Pack.Series()))];

        await Assert.ThrowsAsync<QueryTooLargeException>(() => QueryAnswers.RowsAsync(cut));
        Assert.NotEmpty(await QueryAnswers.RowsAsync(goesOn));
    }

    [Fact]
    public async Task Result_that_goes_on_without_a_next_document_is_cut() =>
        await Assert.ThrowsAsync<TransientException>(() => QueryAnswers.RowsAsync(Pack.Document(("series", Pack.Series()), ("partial", Pack.True))));

    [Fact]
    public async Task Values_before_their_columns_are_no_answer()
    {
        var answer = Pack.Document(("series", Pack.Array(Pack.Map(("name", Pack.Text("m")), ("values", Pack.Array(Pack.Array([1])))))));

        await Assert.ThrowsAsync<TransientException>(() => QueryAnswers.RowsAsync(answer));
    }

    [Theory]
    [InlineData("DFFFFFFFFF", true)]
    [InlineData("81A7726573756C7473DDFFFFFFFF", true)]
    [InlineData("81A7726573756C747390", true)]
    [InlineData("8080808080", true)]
    [InlineData("7B22726573756C7473223A5B5D7D", true)]
    [InlineData("81A7726573756C74739181A673657269657391" + "81A474616773DF7FFFFFFF")]
    [InlineData("81A7726573756C74739181A673657269657391" + "81A7636F6C756D6E73DD7FFFFFFF")]
    [InlineData("81A7726573756C74739181A673657269657391" + "81A676616C756573DD7FFFFFFF")]
    [InlineData("81DBFFFFFFFF")]
    [InlineData("C1", true)]
    public async Task Absurd_length_is_a_broken_answer(string hex, bool isNone = false) =>
        await Assert.ThrowsAsync(
            isNone ? typeof(NoQueryAnswerException) : typeof(TransientException), () => QueryAnswers.RowsAsync(Convert.FromHexString(hex)));

    [Fact]
    public async Task Damaged_answer_is_refused_or_read_and_never_crashes()
    {
        var answer = await RealAnswerAsync();
        await Gen.Select(Gen.Int[0, answer.Length - 1], Gen.Byte).Array[1, 4].SampleAsync(
            async damages =>
            {
                var damaged = answer.ToArray();
                foreach (var (place, value) in damages)
                    damaged[place] = value;
                await ReadBothWaysAsync(damaged);
            },
            iter: 10_000);
        await Gen.Byte.Array[0, 60].SampleAsync(ReadBothWaysAsync, iter: 10_000);
    }

    private static async Task SplitsGiveTheSameAsync(byte[] answer, int leastRows)
    {
        var whole = await QueryAnswers.RowsAsync(answer);
        Assert.True(whole.Count(c => c == '\n') >= leastRows);

        for (var split = 1; split < answer.Length; split += answer.Length > 2_000 ? 13 : 1)
            Assert.Equal(whole, await QueryAnswers.RowsAsync(answer, split, int.MaxValue));
        foreach (var size in (int[])[1, 2, 3, 5, 7, 11, 16, 64])
            Assert.Equal(whole, await QueryAnswers.RowsAsync(answer, size));
    }

    // The points' way and the way of small answers; both may only fail as they document.
    private static async Task ReadBothWaysAsync(byte[] answer)
    {
        var schema = new FieldSchema();
        schema.Add(ByteKey.From("i"), FieldType.Integer);
        foreach (var sink in (IQuerySink[])[new QueryPoints(schema, unsignedPossible: true, new ContentTally()), new QueryTable()])
        {
            try
            {
                await using var body = new MemoryStream(answer);
                await new QueryAnswerReader(body, sink, bufferSize: 16).ReadAsync(CancellationToken.None);
            }
            catch (Exception error) when (error is TransientException or RejectedException or QueryTooLargeException or NoQueryAnswerException)
            {
                // As documented.
            }
        }
    }

    private async Task<byte[]> RealAnswerAsync()
    {
        using var client = await server.ConnectAsync();
        var bucket = await server.NewBucketAsync(client);
        await client.WriteAsync(bucket, "m,t=a i=1i,s=\"x\ny\",b=true,f=1.5 1\nm,t=a i=300i 2\nm,t=a i=-70000i 3\nm,t=b i=9223372036854775807i,s=\"\" 4\n");
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Url, $"/query?db={bucket.Database}&epoch=ns&chunked=true&chunk_size=2&q=SELECT%20*::field%20FROM%20m%20GROUP%20BY%20*"));
        request.Headers.TryAddWithoutValidation("Accept", "application/x-msgpack");
        using var answer = await http.SendAsync(request);
        return await answer.Content.ReadAsByteArrayAsync();
    }
}
