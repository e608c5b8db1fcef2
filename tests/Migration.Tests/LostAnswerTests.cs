using System.Globalization;
using Influx;
using TestServers;

namespace Migration.Tests;

/// <summary>A real source behind a proxy that loses parts of well-formed answers.</summary>
public sealed class LostAnswerTests : IAsyncLifetime
{
    private const long Start = 1_750_032_000_000_000_000;
    private const long Minute = 60_000_000_000;

    private InfluxdProcess source = null!;
    private InfluxdProcess destination = null!;
    private FaultProxy proxy = null!;

    public async ValueTask InitializeAsync()
    {
        source = await InfluxdProcess.StartAsync();
        destination = await InfluxdProcess.StartAsync();
        proxy = await FaultProxy.StartAsync(source.Url);
        await Pipeline.QueryAsync(source.Url, "CREATE DATABASE d WITH DURATION 0s SHARD DURATION 1d NAME \"rp\"");
    }

    public async ValueTask DisposeAsync()
    {
        await proxy.DisposeAsync();
        await source.DisposeAsync();
        await destination.DisposeAsync();
    }

    [Theory]
    // A window whose every field the plan counted, and one of which it counted one field and took the others from a sample.
    [InlineData("v={0}i")]
    [InlineData("v={0}i,w={0}")]
    [InlineData("v={0}i", "1")]
    [InlineData("v={0}i,w={0}", "1")]
    public async Task A_document_that_is_missing_once_in_the_middle_of_an_answer_is_read_again(string fields, string? only = null)
    {
        await WriteSeriesAsync(fields);
        Lose((_, answer) => AnswerDocuments.Without(answer, 2));

        var report = await RunAsync(request => only is null ? request : request with { ChunkFieldValues = 100 });

        Assert.Equal((Verdict.Verified, 1_000L), (report.Verdict, report.Points));
        await AssertSameAsync();
        Assert.DoesNotContain(report.Warnings, warning => warning.Contains("plan", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("v={0}i")]
    [InlineData("v={0}i,w={0}")]
    public async Task A_document_that_is_always_missing_stops_the_run_in_words(string fields)
    {
        await WriteSeriesAsync(fields);
        Lose((_, answer) => AnswerDocuments.Without(answer, 2), times: int.MaxValue);

        var stopped = await Assert.ThrowsAsync<TransientException>(() => RunAsync());

        Assert.Contains("but the source counts ", stopped.Message, StringComparison.Ordinal);
        Assert.Contains("a proxy before the source", stopped.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("v={0}i")]
    [InlineData("v={0}i,w={0}")]
    public async Task An_answer_that_lacks_its_last_series_is_read_again(string fields)
    {
        await WriteSeriesAsync(fields);
        // The document before the last becomes the last; a middle one says that more follows.
        Lose((_, answer) => [.. AnswerDocuments.Split(answer).SkipLast(2).Concat([AnswerDocuments.Split(answer)[^1]]).SelectMany(bytes => bytes)]);

        var report = await RunAsync();

        Assert.Equal((Verdict.Verified, 1_000L), (report.Verdict, report.Points));
    }

    [Theory]
    [InlineData("v={0}i")]
    [InlineData("v={0}i,w={0}")]
    public async Task An_empty_answer_for_a_window_with_values_is_read_again(string fields)
    {
        await WriteSeriesAsync(fields);
        Lose((_, _) => AnswerDocuments.Nothing);

        var report = await RunAsync();

        Assert.Equal((Verdict.Verified, 1_000L), (report.Verdict, report.Points));
        await AssertSameAsync();
    }

    [Fact]
    public async Task An_answer_without_any_result_is_none()
    {
        await WriteSeriesAsync("v={0}i");
        Lose((_, _) => [0x80]);
        Lose((_, _) => [0x81, 0xa7, .. "results"u8, 0x90]);

        var report = await RunAsync();

        Assert.Equal((Verdict.Verified, 1_000L), (report.Verdict, report.Points));
    }

    [Fact]
    public async Task A_type_of_a_field_whose_first_row_is_lost_while_planning_is_looked_for_again()
    {
        await Pipeline.WriteAsync(source.Url, $"m v=1i {Start}\nm v=\"s\" {Start + (2 * 1_440 * Minute)}\nm v=true {Start + (4 * 1_440 * Minute)}");
        var lost = new HashSet<string>(StringComparer.Ordinal);
        proxy.On(request => request.Path == "/query", times: int.MaxValue).Rewrite((asked, answer) =>
            asked.Contains("ASC LIMIT", StringComparison.Ordinal) && asked.Contains("::float", StringComparison.Ordinal) && lost.Add(asked) ? AnswerDocuments.Nothing : answer);

        var report = await RunAsync();

        Assert.Equal((Verdict.Verified, 3L), (report.Verdict, report.Points));
    }

    [Fact]
    public async Task A_series_without_the_field_that_the_plan_counted_is_missed_too()
    {
        var lines = Enumerable.Range(0, 200).Select(i => $"m,host=a v={i}i,w=1 {Time(i)}\nm,host=b x={i}i {Time(i)}");
        await Pipeline.WriteAsync(source.Url, string.Join('\n', lines));
        Lose((_, answer) => AnswerDocuments.Without(answer, 1));

        var report = await RunAsync();

        Assert.Equal((Verdict.Verified, 400L), (report.Verdict, report.Points));
        await AssertSameAsync();
    }

    [Fact]
    public async Task Windows_that_the_answers_of_the_planning_lack_are_looked_for_again()
    {
        var lines = Enumerable.Range(0, 60).Select(day => $"m v={day}i,w=1 {Start + (day * 1_440L * Minute)}");
        await Pipeline.WriteAsync(source.Url, string.Join('\n', lines));
        proxy.On(request => request.Path == "/query", times: int.MaxValue).Rewrite(OnceEach());

        var report = await RunAsync();

        Assert.Equal((Verdict.Verified, 60L), (report.Verdict, report.Points));

        // Of each kind of question the planning asks, the first answer is empty.
        static Func<string, byte[], byte[]> OnceEach()
        {
            var lost = new HashSet<string>(StringComparer.Ordinal);
            return (asked, answer) =>
            {
                var kind = asked.Contains("GROUP BY time", StringComparison.Ordinal) ? "windows"
                    : asked.Contains("ASC LIMIT", StringComparison.Ordinal) ? "first"
                    : asked.Contains("DESC LIMIT", StringComparison.Ordinal) ? "last" : null;
                return kind is not null && lost.Add(kind) ? AnswerDocuments.Nothing : answer;
            };
        }
    }

    [Theory]
    [InlineData("v={0}i")]
    [InlineData("v={0}i,w={0}")]
    public async Task What_was_deleted_after_the_plan_is_told_and_no_error(string fields)
    {
        await WriteSeriesAsync(fields);
        using var pipeline = new Pipeline(proxy.Url, destination.Url);
        pipeline.Request = pipeline.Request with { ChunkFieldValues = 10_000 };
        proxy.On(request => Exports(request, pipeline)).PassAfter(
            () => Pipeline.QueryAsync(source.Url, $"DELETE FROM m WHERE time >= {Start} AND time < {Start + (1_440 * Minute)}"));

        var report = await pipeline.RunAsync();

        Assert.Equal(Verdict.Verified, report.Verdict);
        Assert.True(report.Points < 1_000);
        var told = Assert.Single(report.Warnings, warning => warning.Contains("deleted or expired", StringComparison.Ordinal));
        Assert.Contains(", found 0", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_that_is_written_to_all_the_time_is_no_error_and_told()
    {
        await WriteSeriesAsync("v={0}i");
        using var pipeline = new Pipeline(proxy.Url, destination.Url);
        var more = 0;
        proxy.On(request => Exports(request, pipeline), times: int.MaxValue).PassAfter(
            () => Pipeline.WriteAsync(source.Url, $"m,host=new v=1i {Start + Interlocked.Increment(ref more)}"));

        var report = await pipeline.RunAsync();

        Assert.Equal(Verdict.Verified, report.Verdict);
        Assert.True(report.Points > 1_000);
        Assert.Contains(report.Warnings, warning => warning.Contains("was written to after the plan was made", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(VerifyMode.Content, "GROUP BY *", true)]
    [InlineData(VerifyMode.Content, "GROUP BY *", false)]
    [InlineData(VerifyMode.Counts, "count(", true)]
    [InlineData(VerifyMode.Counts, "count(", false)]
    public async Task A_short_answer_to_a_comparison_is_no_difference(VerifyMode mode, string asked, bool ofSource)
    {
        await WriteSeriesAsync("v={0}i,w={0}");
        using (var move = new Pipeline(source.Url, destination.Url))
            await move.RunAsync();
        await using var other = await FaultProxy.StartAsync(destination.Url);
        var lost = 0;
        (ofSource ? proxy : other).On(request => request.Path == "/query", times: int.MaxValue).Rewrite((statement, answer) =>
            statement.Contains(asked, StringComparison.Ordinal) && !statement.Contains("GROUP BY time", StringComparison.Ordinal)
                && !statement.Contains("count(\"", StringComparison.Ordinal) && Interlocked.Increment(ref lost) == 3
                ? AnswerDocuments.Nothing
                : answer);
        using var pipeline = new Pipeline(proxy.Url, other.Url);
        pipeline.Request = pipeline.Request with { Verify = mode };

        var report = await pipeline.CompareAsync();

        Assert.True(lost > 3);
        Assert.False(report.Different, string.Join('\n', report.Measurements.SelectMany(one => one.Differences)));
        Assert.Equal((2_000, 2_000), (report.Measurements[0].SourceFieldValues, report.Measurements[0].DestinationFieldValues));
    }

    [Fact]
    public async Task A_source_that_never_shows_what_it_counts_ends_a_comparison_in_words()
    {
        await WriteSeriesAsync("v={0}i");
        using (var move = new Pipeline(source.Url, destination.Url))
            await move.RunAsync();
        Lose((_, answer) => AnswerDocuments.Without(answer, 2), times: int.MaxValue);
        using var pipeline = new Pipeline(proxy.Url, destination.Url);

        var stopped = await Assert.ThrowsAsync<TransientException>(pipeline.CompareAsync);

        Assert.Contains("the source's answer has ", stopped.Message, StringComparison.Ordinal);
    }

    private static bool Exports(Microsoft.AspNetCore.Http.HttpRequest request, Pipeline pipeline) =>
        request.Path == "/query" && File.Exists(Path.Combine(pipeline.Folder, StagingLayout.Plan));

    private static long Time(int i) => Start + (i * 10 * Minute);

    // A thousand points of ten series over seven days: an answer for a day is ten documents.
    private Task WriteSeriesAsync(string fields) => Pipeline.WriteAsync(
        source.Url,
        string.Join('\n', Enumerable.Range(0, 1_000).Select(i => $"m,host=h{i % 10} {string.Format(CultureInfo.InvariantCulture, fields, i)} {Time(i)}")));

    /// <summary>Loses a part of the answers that carry points.</summary>
    private void Lose(Func<string, byte[], byte[]> how, int times = 1)
    {
        var reads = 0;
        proxy.On(request => request.Path == "/query", times: int.MaxValue).Rewrite((asked, answer) =>
            asked.Contains("GROUP BY *", StringComparison.Ordinal) && asked.Contains("*::field", StringComparison.Ordinal) && Interlocked.Increment(ref reads) <= times
                ? how(asked, answer)
                : answer);
    }

    private async Task<MigrationReport> RunAsync(Func<MigrationRequest, MigrationRequest>? change = null)
    {
        using var pipeline = new Pipeline(proxy.Url, destination.Url);
        pipeline.Request = change is null ? pipeline.Request : change(pipeline.Request);
        return await pipeline.RunAsync();
    }

    private async Task AssertSameAsync() =>
        Assert.Equal(await Pipeline.ContentAsync(source.Url), await Pipeline.ContentAsync(destination.Url));
}
