using System.Runtime.CompilerServices;

namespace Migration;

/// <summary>Reads from the staging store with many requests under way, since one after the other would be a matter of hours on S3.</summary>
internal static class ReadAhead
{
    private const int Reads = 32;

    /// <summary>Reads something for each item; the answers come in the order of the items, and no more than a few wait to be taken.</summary>
    public static async IAsyncEnumerable<TAnswer> InOrderAsync<TItem, TAnswer>(
        IEnumerable<TItem> items, Func<TItem, CancellationToken, Task<TAnswer>> read, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = new Queue<Task<TAnswer>>(Reads);
        try
        {
            foreach (var item in items)
            {
                if (running.Count == Reads)
                    yield return await running.Dequeue();
                running.Enqueue(read(item, stop.Token));
            }
            while (running.TryDequeue(out var next))
                yield return await next;
        }
        finally
        {
            await stop.CancelAsync();
            // The first failure is the one to tell; the others end because of it.
            await Task.WhenAll(running).ContinueWith(static ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }
}
