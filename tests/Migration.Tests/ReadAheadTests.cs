namespace Migration.Tests;

public sealed class ReadAheadTests
{
    [Fact]
    public async Task Answers_come_in_order_while_a_bounded_number_is_under_way()
    {
        var (running, most) = (0, 0);
        var reads = Enumerable.Range(0, 200).Select(_ => new TaskCompletionSource()).ToList();
        var answers = new List<int>();

        var all = ReadAsync();
        // The last of those that may be under way ends first, and no other is begun for it.
        for (var end = 31; end >= 0; end--)
            reads[end].SetResult();
        for (var i = 32; i < reads.Count; i++)
            reads[i].SetResult();
        await all;

        Assert.Equal(Enumerable.Range(0, 200), answers);
        Assert.Equal(32, most);

        async Task ReadAsync()
        {
            await foreach (var answer in ReadAhead.InOrderAsync(Enumerable.Range(0, 200), OneAsync, CancellationToken.None))
                answers.Add(answer);
        }

        async Task<int> OneAsync(int item, CancellationToken cancellationToken)
        {
            most = Math.Max(most, Interlocked.Increment(ref running));
            await reads[item].Task;
            Interlocked.Decrement(ref running);
            return item;
        }
    }

    [Fact]
    public async Task The_first_failure_is_told_after_all_others_have_ended()
    {
        var ended = 0;

        var failure = await Assert.ThrowsAsync<StagingException>(async () =>
        {
            await foreach (var answer in ReadAhead.InOrderAsync(Enumerable.Range(0, 10), OneAsync, CancellationToken.None))
                Assert.True(answer < 3);
        });

        Assert.Equal(("3", 6), (failure.Message, ended));

        async Task<int> OneAsync(int item, CancellationToken cancellationToken)
        {
            if (item < 3)
                return item;
            if (item == 3)
                throw new StagingException("3");
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            }
            finally
            {
                Interlocked.Increment(ref ended);
            }
            return item;
        }
    }
}
