namespace Influx;

/// <summary>
/// The body of an answer that must keep coming: the next bytes within a time, and at least so many in each such time of waiting, so
/// that a byte now and then does not hold a run up. How long the reader takes itself does not count. Owns the answer.
/// </summary>
internal sealed class IdleTimeoutStream(HttpResponseMessage answer, Stream body, TimeSpan timeout, int slowest, TimeProvider time) : Stream
{
    private TimeSpan waited;
    private long arrived;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = body.ReadAsync(buffer, cancellationToken);
        if (read.IsCompletedSuccessfully)
        {
            var count = read.Result;
            arrived += count;
            return count;
        }
        var task = read.AsTask();
        var clock = time.GetTimestamp();
        try
        {
            var came = await task.WaitAsync(timeout, time, cancellationToken);
            Judge(came, time.GetElapsedTime(clock));
            return came;
        }
        catch (TimeoutException late)
        {
            answer.Dispose();
            // The abandoned read ends with the answer; its failure is this one.
            await task.ContinueWith(static ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            throw new TransientException($"the answer stopped: no data for {timeout.TotalSeconds:0} s", inner: late) { Waited = timeout };
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            body.Dispose();
            answer.Dispose();
        }
        base.Dispose(disposing);
    }

    private void Judge(int count, TimeSpan took)
    {
        arrived += count;
        waited += took;
        // Zero is the end, which may come as soon as it likes.
        if (waited < timeout || count == 0)
            return;
        if (arrived < slowest)
            throw new TransientException($"the answer trickles: {arrived} bytes in {waited.TotalSeconds:0} s") { Waited = waited };
        (waited, arrived) = (TimeSpan.Zero, 0);
    }
}
