using System.Text;
using Functions.Logs;
using Functions.Runtime;
using Influx;
using Microsoft.Extensions.Logging;
using Migration;
using TestServers;

namespace Functions.Tests;

public sealed class RuntimeLoopTests : IAsyncLifetime
{
    private readonly MemoryStream output = new();
    private readonly CancellationTokenSource stop = new();
    private LambdaRuntimeServer server = null!;

    public async ValueTask InitializeAsync() => server = await LambdaRuntimeServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await server.DisposeAsync();
        await output.DisposeAsync();
        stop.Dispose();
    }

    [Fact]
    public async Task Answers_one_invocation_after_the_other_as_the_contract_says()
    {
        var running = RunAsync((payload, _, _) => Task.FromResult(payload.ToArray()));

        var first = await server.InvokeAsync("""{"a":"ü"}""");
        var second = await server.InvokeAsync("[2]");
        await stop.CancelAsync();

        Assert.Equal(("""{"a":"ü"}""", "[2]"), (first.Answer, second.Answer));
        Assert.Equal(0, await running);
        Assert.Empty(server.Violations);
    }

    [Fact]
    public async Task Tells_the_handler_its_deadline_and_the_SDK_the_trace()
    {
        Invocation? seen = null;
        string? trace = null;
        var running = RunAsync((_, invocation, _) =>
        {
            seen = invocation;
#pragma warning disable RS0030 // The test looks at what the SDK will read.
            trace = Environment.GetEnvironmentVariable("_X_AMZN_TRACE_ID");
#pragma warning restore RS0030
            return Task.FromResult("{}"u8.ToArray());
        });

        await server.InvokeAsync("{}", new InvocationHeaders { Limit = TimeSpan.FromSeconds(100), TraceId = "Root=1-5bef4de7;Sampled=1" }, "request-7");
        await stop.CancelAsync();
        await running;

        Assert.Equal("request-7", seen!.RequestId);
        Assert.Equal("Root=1-5bef4de7;Sampled=1", trace);
        var now = seen.Deadline - TimeSpan.FromSeconds(100);
        Assert.Equal(now + TimeSpan.FromSeconds(75), seen.StopBy(now));
        Assert.Equal(now + TimeSpan.FromSeconds(98), seen.CancelAt(now));
    }

    [Fact]
    public void Leaves_half_a_minute_of_a_long_limit_for_the_end()
    {
        var now = DateTimeOffset.UnixEpoch;
        var invocation = new Invocation("r", now + TimeSpan.FromMinutes(15), TraceId: null);

        Assert.Equal(invocation.Deadline - TimeSpan.FromSeconds(30), invocation.StopBy(now));
    }

    public static TheoryData<Exception, string> Failures => new()
    {
        { new TransientException("cut"), ErrorNames.Transient },
        { new RejectedException(RejectionKind.Token, "no"), ErrorNames.Refused },
        { new QueryTooLargeException("large"), ErrorNames.Refused },
        { new StagingException("changed"), ErrorNames.StagingChanged },
        { new StagingException("none", StagingFault.Unfinished), ErrorNames.Unfinished },
        { new StagingException("other", StagingFault.OtherMigration), ErrorNames.OtherMigration },
        { new StagingException("first", StagingFault.Raced), ErrorNames.Transient },
        { new UnmatchedException("nothing matched"), ErrorNames.InvalidInput },
        { new NamedException(ErrorNames.SecretUnusable, "empty"), ErrorNames.SecretUnusable },
        { new InvalidOperationException("ü"), ErrorNames.Bug },
    };

    [Theory]
    [MemberData(nameof(Failures), DisableDiscoveryEnumeration = true)]
    public async Task A_failure_is_posted_under_the_name_that_Step_Functions_matches_and_the_next_invocation_is_asked_for(Exception failure, string name)
    {
        var calls = 0;
        var running = RunAsync((_, _, _) => calls++ == 0 ? throw failure : Task.FromResult("{}"u8.ToArray()));

        var failed = await server.InvokeAsync("{}");
        var next = await server.InvokeAsync("{}");
        await stop.CancelAsync();
        await running;

        Assert.Equal((name, failure.Message), (failed.ErrorType, failed.ErrorMessage));
        Assert.Equal("{}", next.Answer);
        Assert.Empty(server.Violations);
        Assert.Contains($"\"errorName\":\"{name}\"", Printed, StringComparison.Ordinal);
        Assert.Equal(name == ErrorNames.Bug, failed.Error!["stackTrace"]!.AsArray().Count > 0);
    }

    [Fact]
    public async Task A_handler_that_can_not_start_is_an_init_error_and_ends_the_process()
    {
        var exit = await LoopAsync(() => throw new InvalidOperationException("the function lacks STAGING_BUCKET"));

        Assert.Equal(1, exit);
        Assert.Equal((ErrorNames.Bug, "the function lacks STAGING_BUCKET"), ((await server.InitError).ErrorType, (await server.InitError).ErrorMessage));
        Assert.False(server.FirstNext.IsCompleted);
        Assert.Empty(server.Violations);
    }

    [Fact]
    public async Task An_answer_that_Lambda_finds_too_large_becomes_an_error()
    {
        var running = RunAsync((_, _, _) => Task.FromResult(new byte[LambdaRuntimeServer.MaxAnswerBytes + 1]));

        var outcome = await server.InvokeAsync("{}");
        await stop.CancelAsync();
        await running;

        Assert.Equal(ErrorNames.Bug, outcome.ErrorType);
        Assert.Contains("more than Lambda takes", outcome.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broken_container_ends_the_process()
    {
        server.AnswerPostsWith = 500;
        var running = RunAsync((_, _, _) => Task.FromResult("{}"u8.ToArray()));

        var invocation = server.InvokeAsync("{}");

        Assert.Equal(1, await running);
        Assert.False(invocation.IsCompleted);
    }

    [Fact]
    public async Task An_invocation_that_is_over_already_does_not_end_the_process()
    {
        var running = RunAsync((_, invocation, _) =>
        {
            if (invocation.RequestId == "late")
                server.Fail("Sandbox.Timedout", "time is over");
            return Task.FromResult("{}"u8.ToArray());
        });

        await server.InvokeAsync("{}", requestId: "late");
        var next = await server.InvokeAsync("{}");
        await stop.CancelAsync();

        Assert.Equal(0, await running);
        Assert.Equal("{}", next.Answer);
        Assert.Equal("/2018-06-01/runtime/invocation/late/response names no invocation that is under way", Assert.Single(server.Violations));
    }

    [Theory]
    [InlineData(128, 64)]
    [InlineData(256, 192)]
    [InlineData(1024, 768)]
    [InlineData(64, 32)]
    public void The_heap_leaves_room_for_what_is_not_on_it(int functionMegabytes, int heapMegabytes) =>
        Assert.Equal((ulong)heapMegabytes << 20, HeapLimit.Bytes(functionMegabytes));

    private string Printed => Encoding.UTF8.GetString(output.ToArray());

    private Task<int> RunAsync(InvocationHandler handler) => LoopAsync(() => handler);

    private async Task<int> LoopAsync(Func<InvocationHandler> start)
    {
        using var loop = new RuntimeLoop(server.Url, new JsonLogger(output, LogLevel.Information, TimeProvider.System));
        return await loop.RunAsync(start, stop.Token);
    }
}
