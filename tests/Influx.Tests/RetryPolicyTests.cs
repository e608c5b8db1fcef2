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
