using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using TestServers;

namespace Influx.Tests;

/// <summary>Servers that never stop, or never begin: memory and time are bounded whatever they send.</summary>
public sealed class HostileServerTests(RealServer real)
{
    private const string MsgpackType = "application/x-msgpack";

    // What the network between takes besides what is read.
    private const long OnTheWay = 32_000_000;

    private readonly FakeTimeProvider time = new();

    [Theory]
    [InlineData(500)]
    [InlineData(400)]
    [InlineData(404)]
    public async Task An_error_without_an_end_is_cut_at_64_KB(int status)
    {
        await using var server = await Influx2Server.StartAsync();
        await using var proxy = await FaultProxy.StartAsync(server.Url);
        using var client = await Clients.ConnectAsync(proxy.Url, server.OperatorToken);
        var bucket = (await client.FindBucketAsync("org1", "bucket1", TestContext.Current.CancellationToken))!;
        var rule = proxy.On(times: int.MaxValue).Endless(status, "text/plain", "no ", number => $"{number} {new string('x', 1000)} ");

        foreach (var ask in Questions(client, bucket))
        {
            var before = rule.SentBytes;

            var refused = await Assert.ThrowsAnyAsync<Exception>(ask);

            Assert.True(refused is RejectedException or QueryTooLargeException, refused.ToString());
            Assert.InRange(refused.Message.Length, 1, 3_000);
            Assert.InRange(rule.SentBytes - before, 0, (3 * 64 * 1024) + OnTheWay);
        }
    }

    [Fact]
    public async Task A_list_without_an_end_is_no_list()
    {
        await using var server = await Influx2Server.StartAsync();
        await using var proxy = await FaultProxy.StartAsync(server.Url);
        using var client = await Clients.ConnectAsync(proxy.Url, server.OperatorToken);
        var rule = proxy.On(path: "/api/v2/buckets").Endless(200, "application/json", """{"buckets":[""", number => Bucket(number) + ",");

        var refused = await Assert.ThrowsAsync<RejectedException>(() => client.ListBucketsAsync(TestContext.Current.CancellationToken));

        Assert.Equal(RejectionKind.NotInflux, refused.Kind);
        Assert.Contains("16 MB and more", refused.Message, StringComparison.Ordinal);
        Assert.InRange(rule.SentBytes, 1, (16 * 1024 * 1024) + OnTheWay);
    }

    [Theory]
    [InlineData(0, 100, 2)]
    [InlineData(1, 101, 1)]
    [InlineData(1, 100, 1_001)]
    public async Task Pages_without_an_end_are_no_list(int newNames, int length, int pages)
    {
        await using var server = await Influx2Server.StartAsync();
        await using var proxy = await FaultProxy.StartAsync(server.Url);
        using var client = await Clients.ConnectAsync(proxy.Url, server.OperatorToken);
        var page = 0;
        var rule = proxy.On(path: "/api/v2/buckets", times: int.MaxValue).Answer(context =>
        {
            context.Response.ContentType = "application/json";
            var first = newNames * length * page++;
            return context.Response.WriteAsync($$"""{"buckets":[{{string.Join(',', Enumerable.Range(first, length).Select(Bucket))}}]}""");
        });

        var refused = await Assert.ThrowsAsync<RejectedException>(() => client.ListBucketsAsync(TestContext.Current.CancellationToken));

        Assert.Equal((RejectionKind.NotInflux, pages), (refused.Kind, rule.Hits));
    }

    [Fact]
    public async Task A_small_answer_of_InfluxQL_without_an_end_is_given_up()
    {
        var start = "\u0081\u00a7results\u0091\u0081\u00a6series\u0091\u0083\u00a4name\u00a1d\u00a7columns\u0091\u00a4name\u00a6values\u00dd\u007f\u00ff\u00ff\u00ff";

        var refused = await EndlessQueryAsync<RejectedException>(start, number => $"\u0091\u00a8{number:D8}", 30_000_000);

        Assert.Equal(RejectionKind.NotInflux, refused.Kind);
        Assert.Contains("takes more than 256 MB", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_small_answer_takes_no_more_memory_than_it_is_given_up_at()
    {
        var table = new QueryTable();
        var before = GC.GetAllocatedBytesForCurrentThread();
        table.OnSeries(new SeriesHeader(ByteKey.From("m"), [], [ByteKey.From("a"), ByteKey.From("b")]));

        Assert.Throws<RejectedException>(FillForEver);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 400_000_000);

        void FillForEver()
        {
            while (true)
                table.OnRow([0x92, 0x01, 0xa1, 0x61]);
        }
    }

    [Fact]
    public async Task A_row_without_an_end_is_given_up_at_128_MB()
    {
        var start = "\u0081\u00a7results\u0091\u0081\u00a6series\u0091\u0083\u00a4name\u00a1d\u00a7columns\u0091\u00a4name\u00a6values\u0091\u0091\u00db\u00ff\u00ff\u00ff\u00ff";

        var failed = await EndlessQueryAsync<TransientException>(start, _ => new string('x', 1_000), 1 << 27);

        Assert.Contains("128 MiB", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Documents_that_say_nothing_come_to_an_end()
    {
        var failed = await EndlessQueryAsync<TransientException>("", _ => "\u0081\u00a7results\u0091\u0081\u00a7partial\u00c3", 2_000_000);

        Assert.Contains("have no values", failed.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Silence.NoAnswer)]
    [InlineData(Silence.ErrorWithoutEnd)]
    [InlineData(Silence.SuccessWithoutEnd)]
    [InlineData(Silence.ByteASecond)]
    public async Task A_server_that_falls_silent_is_told_within_two_minutes_at_every_endpoint(Silence silence)
    {
        await using var server = await Influx2Server.StartAsync();
        foreach (var (url, token) in ((Uri, string?)[])[(real.Url, null), (server.Url, server.OperatorToken)])
        {
            await using var proxy = await FaultProxy.StartAsync(url);
            using var client = await ConnectAsync(proxy.Url, token);
            var bucket = token is null ? new Bucket { Name = "d", Database = "d" } : (await client.FindBucketAsync("org1", "bucket1", TestContext.Current.CancellationToken))!;
            Silent(proxy.On(times: int.MaxValue), silence);

            var failures = await FailuresAsync(Questions(client, bucket));

            Assert.All(failures, failure =>
            {
                Assert.IsType<TransientException>(failure.Error);
                Assert.InRange(failure.After, TimeSpan.FromSeconds(40), TimeSpan.FromMinutes(2));
                Assert.Contains("at the source http://127.0.0.1", failure.Error.Message, StringComparison.Ordinal);
            });
        }
    }

    [Theory]
    [InlineData(Silence.NoAnswer)]
    [InlineData(Silence.ErrorWithoutEnd)]
    [InlineData(Silence.ByteASecond)]
    public async Task A_server_that_never_says_what_it_is_is_told_within_two_minutes(Silence silence)
    {
        await using var proxy = await FaultProxy.StartAsync(real.Url);
        Silent(proxy.On(times: int.MaxValue), silence);

        var (error, after) = Assert.Single(await FailuresAsync([() => ConnectAsync(proxy.Url, null)]));

        Assert.IsType<TransientException>(error);
        Assert.InRange(after, TimeSpan.FromSeconds(40), TimeSpan.FromMinutes(2));
    }

    [Theory]
    [InlineData("\u0081\u00a7results\u0091\u0081\u00a5error\u00db\u007f\u00ff\u00ff\u00ffx")]
    [InlineData("\u0081\u00a7results\u0091\u0081\u00a6series\u0091\u0083\u00a4name\u00a1m\u00a7columns\u0091\u00a4time\u00a6values\u00dd\u007f\u00ff\u00ff\u00ff\u0091\u00db\u007f\u00ff\u00ff\u00ffx")]
    public async Task Points_that_come_a_byte_a_second_are_cut_off(string body)
    {
        await using var proxy = await FaultProxy.StartAsync(real.Url);
        using var client = await ConnectAsync(proxy.Url, null);
        proxy.On("POST", "/query", times: int.MaxValue).Drip(200, MsgpackType, body, TimeSpan.FromMilliseconds(5));

        var (error, after) = Assert.Single(await FailuresAsync(
            [() => client.QueryAsync(null, "SELECT * FROM m", new QueryTable(), TestContext.Current.CancellationToken)]));

        Assert.Contains("the answer trickles", Assert.IsType<TransientException>(error).Message, StringComparison.Ordinal);
        Assert.InRange(after, TimeSpan.FromSeconds(50), TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task A_query_that_takes_long_is_waited_for_while_the_server_answers_pings_and_that_is_said()
    {
        await using var proxy = await FaultProxy.StartAsync(real.Url);
        var said = new List<string>();
        using var client = await ConnectAsync(proxy.Url, null, said.Add);
        var release = new TaskCompletionSource();
        var pings = proxy.On("GET", "/ping", times: int.MaxValue);
        var query = proxy.On("POST", "/query").PassAfter(() => release.Task);

        var asked = client.ReadAsync(null, "SHOW DATABASES", TestContext.Current.CancellationToken);
        await UntilAsync(() => query.Hits == 1);
        for (var ping = 1; ping <= 8; ping++)
        {
            // The clock stands still while the ping is under way.
            await UntilAsync(() =>
            {
                if (pings.Hits < ping)
                    time.Advance(TimeSpan.FromSeconds(1));
                return pings.Hits == ping;
            });
        }
        release.SetResult();
        await asked;

        Assert.Contains("POST /query", Assert.Single(said), StringComparison.Ordinal);
        Assert.Contains("the server is there", said[0], StringComparison.Ordinal);
    }

    public enum Silence
    {
        NoAnswer,
        ErrorWithoutEnd,
        SuccessWithoutEnd,
        ByteASecond,
    }

    private static void Silent(FaultRule rule, Silence silence)
    {
        switch (silence)
        {
            case Silence.NoAnswer:
                rule.NeverAnswer();
                break;
            case Silence.ErrorWithoutEnd:
                rule.NeverEnd(500, "application/json", "{");
                break;
            case Silence.SuccessWithoutEnd:
                rule.NeverEnd(200, "application/json", "{");
                break;
            default:
                rule.Drip(400, "application/json", "{ ", TimeSpan.FromMilliseconds(10));
                break;
        }
    }

    private static List<Func<Task>> Questions(IInfluxClient client, Bucket bucket)
    {
        var token = TestContext.Current.CancellationToken;
        return
        [
            () => client.ListBucketsAsync(token),
            () => client.FindBucketAsync(org: null, "other", token),
            () => client.CreateBucketAsync(new BucketPlan("new", bucket.OrgId.Length == 0 ? null : bucket.OrgId, "autogen", TimeSpan.Zero, TimeSpan.FromDays(7)), token),
            () => client.SetRetentionAsync(bucket, TimeSpan.FromDays(60), token),
            () => client.BlindReasonAsync(token),
            () => client.ScopeAsync(new TokenNeed(TokenRole.Source, [bucket], CreatesIn: []), token),
            () => client.ReadAsync(bucket, "SHOW FIELD KEYS", token),
            // A write is tried again by whoever has the batches.
            async () =>
            {
                var answer = await client.Retry.RunAsync(again => client.WriteAsync(bucket, Clients.Gzip("m v=1 1"u8), again), token);
                throw new RejectedException(RejectionKind.Invalid, answer.Reason);
            },
        ];
    }

    private async Task<T> EndlessQueryAsync<T>(string start, Func<int, string> piece, long most)
        where T : Exception
    {
        await using var proxy = await FaultProxy.StartAsync(real.Url);
        using var client = await Clients.ConnectAsync(proxy.Url, null);
        var rule = proxy.On("POST", "/query").Endless(200, MsgpackType, start, piece);

        var failed = await Assert.ThrowsAsync<T>(() => client.ReadAsync(null, "SHOW DATABASES", TestContext.Current.CancellationToken));

        Assert.InRange(rule.SentBytes, 1, most + OnTheWay);
        return failed;
    }

    private Task<IInfluxClient> ConnectAsync(Uri url, string? token, Action<string>? onSlow = null) => ServerDetector.ConnectAsync(
        new ServerOptions
        {
            Url = url,
            ReadToken = (_, _) => new(token is null ? null : new Secret(token)),
            Role = "source",
            Retry = new RetryPolicy(new RetrySettings(), time, new Random(1)),
            OnSlow = onSlow,
        },
        time,
        TestContext.Current.CancellationToken);

    // A second of the clock is some milliseconds of this test's time, in which the loopback does what networks do in a second.
    private async Task<IReadOnlyList<(Exception Error, TimeSpan After)>> FailuresAsync(IEnumerable<Func<Task>> questions)
    {
        var asked = questions.Select(FailureAsync).ToList();
        for (var second = 0; second < 600 && !asked.TrueForAll(one => one.IsCompleted); second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(10);
        }
        return await Task.WhenAll(asked).WaitAsync(TimeSpan.FromSeconds(5));
    }

    private async Task<(Exception Error, TimeSpan After)> FailureAsync(Func<Task> ask)
    {
        var start = time.GetUtcNow();
        return ((await Record.ExceptionAsync(ask))!, time.GetUtcNow() - start);
    }

    private static async Task UntilAsync(Func<bool> isSo)
    {
        for (var i = 0; i < 2_000 && !isSo(); i++)
            await Task.Delay(5);
        Assert.True(isSo());
    }

    private static string Bucket(int number) =>
        $$"""{"id":"{{number:x16}}","orgID":"0000000000000001","name":"b{{number}}","retentionRules":[]}""";
}
