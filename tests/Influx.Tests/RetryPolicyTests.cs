using Microsoft.Extensions.Time.Testing;

namespace Influx.Tests;

public sealed class RetryPolicyTests
{
    private readonly FakeTimeProvider time = new();
    private readonly List<Retry> retries = [];

    [Fact]
    public async Task Waits_as_long_as_the_server_asks_for()
    {
        await RunAsync(new RetrySettings(), new TransientException("429", TimeSpan.FromSeconds(100)), failures: 1);

        Assert.Equal(TimeSpan.FromSeconds(100), Assert.Single(retries).Delay);
    }

    [Fact]
    public async Task Follows_the_server_no_longer_than_the_limit()
    {
        await RunAsync(new RetrySettings { MaxRetryAfter = TimeSpan.FromMinutes(2) }, new TransientException("429", TimeSpan.FromHours(9)), failures: 1);

        Assert.Equal(TimeSpan.FromMinutes(2), Assert.Single(retries).Delay);
    }

    [Fact]
    public async Task Draws_each_wait_between_zero_and_a_doubling_ceiling()
    {
        var settings = new RetrySettings { MaxRetries = 100, BaseDelay = TimeSpan.FromSeconds(1), MaxDelay = TimeSpan.FromSeconds(30) };

        await RunAsync(settings, new TransientException("cut"), failures: 100);

        Assert.Equal(Enumerable.Range(1, 100), retries.Select(retry => retry.Attempt));
        Assert.All(retries, retry => Assert.InRange(retry.Delay.TotalSeconds, 0, Math.Min(30, Math.Pow(2, retry.Attempt - 1))));
        Assert.Contains(retries, retry => retry.Delay < TimeSpan.FromSeconds(5) && retry.Attempt > 6);
        Assert.Contains(retries, retry => retry.Delay > TimeSpan.FromSeconds(25));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task Gives_up_with_the_last_failure_after_the_most_retries(int most)
    {
        var calls = 0;

        var error = await Assert.ThrowsAsync<TransientException>(() => RunAsync(
            new RetrySettings { MaxRetries = most }, _ => throw new TransientException($"failure {++calls}")));

        Assert.Equal($"failure {most + 1}", error.Message);
        Assert.Equal(most, retries.Count);
    }

    [Fact]
    public async Task Waits_in_vain_for_a_silent_server_no_longer_than_its_patience_and_at_least_twice()
    {
        var calls = 0;

        await Assert.ThrowsAsync<TransientException>(() => RunAsync(
            new RetrySettings { Patience = TimeSpan.FromSeconds(80) }, _ => throw Silence(++calls, TimeSpan.FromSeconds(30))));
        await Assert.ThrowsAsync<TransientException>(() => RunAsync(
            new RetrySettings { Patience = TimeSpan.FromSeconds(80) }, _ => throw Silence(++calls, TimeSpan.FromSeconds(300))));

        Assert.Equal(3 + 2, calls);

        static TransientException Silence(int call, TimeSpan waited) => new($"call {call}") { Waited = waited };
    }

    [Fact]
    public async Task Policies_around_one_another_try_no_more_often_than_the_inner_one()
    {
        var calls = 0;
        var inner = new RetryPolicy(new RetrySettings { MaxRetries = 4 }, time, new Random(1), retries.Add);

        await Assert.ThrowsAsync<TransientException>(() => RunAsync(
            new RetrySettings(), token => inner.RunAsync(_ => throw new TransientException($"failure {++calls}"), token)));

        Assert.Equal((5, 4), (calls, retries.Count));
    }

    [Fact]
    public async Task Tells_when_what_was_tried_again_is_over_and_nothing_else()
    {
        var ended = 0;
        var calls = 0;
        var policy = new RetryPolicy(new RetrySettings(), time, new Random(1), onEnd: () => ended++);

        await policy.RunAsync(_ => Task.CompletedTask, TestContext.Current.CancellationToken);
        Assert.Equal(0, ended);
        await policy.RunAsync(_ => ++calls == 1 ? throw new TransientException("cut", TimeSpan.Zero) : Task.CompletedTask, TestContext.Current.CancellationToken);
        Assert.Equal(1, ended);
    }

    [Fact]
    public async Task Tries_nothing_else_again()
    {
        Exception[] others =
        [
            new RejectedException(RejectionKind.Invalid, "400"), new QueryTooLargeException("timeout"), new IOException("disk"), new FormatException("bug"),
        ];
        foreach (var other in others)
            Assert.Same(other, await Assert.ThrowsAnyAsync<Exception>(() => RunAsync(new RetrySettings(), _ => throw other)));

        Assert.Empty(retries);
    }

    [Fact]
    public async Task Cancelling_ends_the_wait()
    {
        using var cancel = new CancellationTokenSource();
        var policy = new RetryPolicy(new RetrySettings(), time, new Random(1), _ => cancel.Cancel());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => policy.RunAsync(_ => throw new TransientException("cut", TimeSpan.FromHours(1)), cancel.Token));
    }

    private Task RunAsync(RetrySettings settings, TransientException failure, int failures)
    {
        var calls = 0;
        return RunAsync(settings, _ => ++calls <= failures ? throw failure : Task.CompletedTask);
    }

    // Moves the clock until the operation is over; each step is longer than any wait.
    private async Task RunAsync(RetrySettings settings, Func<CancellationToken, Task> operation)
    {
        var run = new RetryPolicy(settings, time, new Random(7), retries.Add).RunAsync(operation, TestContext.Current.CancellationToken);
        while (!run.IsCompleted)
        {
            time.Advance(TimeSpan.FromMinutes(6));
            await Task.Yield();
        }
        await run;
    }
}
