namespace Migration;

/// <summary>What a stage has done so far; read by whoever shows it while the stage counts.</summary>
/// <param name="name">plan, export, stage, import or verify.</param>
public sealed class StageProgress(string name)
{
    private long doneChunks;
    private long skippedChunks;
    private long points;
    private long fieldValues;
    private long skippedFieldValues;
    private long bytes;
    private long retries;
    private long refusedAgain;
    private long startedTicks;
    private long stoppedTicks;
    private int retrying;
    private volatile string cause = "";

    /// <summary>The stage.</summary>
    public string Name => name;

    /// <summary>Chunks to do, skipped ones included; 0 until it is known.</summary>
    public long TotalChunks { get; set; }

    /// <summary>Field values to do, those of skipped chunks included; an estimate until the export is over.</summary>
    public long TotalFieldValues { get; set; }

    /// <summary>Chunks done in this run.</summary>
    public long DoneChunks => Interlocked.Read(ref doneChunks);

    /// <summary>Chunks that an earlier run had done.</summary>
    public long SkippedChunks => Interlocked.Read(ref skippedChunks);

    /// <summary>Points done in this run.</summary>
    public long Points => Interlocked.Read(ref points);

    /// <summary>Field values done in this run.</summary>
    public long FieldValues => Interlocked.Read(ref fieldValues);

    /// <summary>Field values of skipped chunks.</summary>
    public long SkippedFieldValues => Interlocked.Read(ref skippedFieldValues);

    /// <summary>Bytes of staged objects written or read in this run.</summary>
    public long Bytes => Interlocked.Read(ref bytes);

    /// <summary>Transient failures that were tried again.</summary>
    public long Retries => Interlocked.Read(ref retries);

    /// <summary>Why something is being tried again now, in one line; null where nothing is.</summary>
    public string? Retrying => Volatile.Read(ref retrying) > 0 ? cause : null;

    /// <summary>Whether it has begun.</summary>
    public bool Started => Interlocked.Read(ref startedTicks) != 0;

    /// <summary>Whether it is over.</summary>
    public bool Finished => Interlocked.Read(ref stoppedTicks) != 0;

    /// <summary>How long it has run.</summary>
    public TimeSpan Elapsed(TimeProvider time)
    {
        var start = Interlocked.Read(ref startedTicks);
        var stop = Interlocked.Read(ref stoppedTicks);
        return start == 0 ? TimeSpan.Zero : time.GetElapsedTime(start, stop == 0 ? time.GetTimestamp() : stop);
    }

    /// <summary>Points that the destination refused when a window was written again.</summary>
    public long RefusedAgain => Interlocked.Read(ref refusedAgain);

    /// <summary>Begins to count.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="chunks">Chunks to do.</param>
    /// <param name="values">Field values to do.</param>
    public void Start(TimeProvider time, long chunks, long values)
    {
        TotalChunks = chunks;
        TotalFieldValues = values;
        Interlocked.Exchange(ref startedTicks, time.GetTimestamp());
    }

    /// <summary>Ends to count.</summary>
    public void Stop(TimeProvider time) => Interlocked.Exchange(ref stoppedTicks, time.GetTimestamp());

    internal void Add(long addedPoints, long addedFieldValues)
    {
        Interlocked.Add(ref points, addedPoints);
        Interlocked.Add(ref fieldValues, addedFieldValues);
    }

    internal void AddRefusedAgain(long added) => Interlocked.Add(ref refusedAgain, added);

    internal void AddBytes(long added) => Interlocked.Add(ref bytes, added);

    internal void ChunkDone() => Interlocked.Increment(ref doneChunks);

    internal void ChunkSkipped(long values)
    {
        Interlocked.Increment(ref skippedChunks);
        Interlocked.Add(ref skippedFieldValues, values);
    }

    internal void Retried(Influx.Retry retry)
    {
        Interlocked.Increment(ref retries);
        cause = retry.Cause.Message.Split('\n')[0];
        if (retry.Attempt == 1)
            Interlocked.Increment(ref retrying);
    }

    internal void RetryEnded() => Interlocked.Decrement(ref retrying);
}

/// <summary>The stages of a run in the order of the flow.</summary>
public sealed class MigrationProgress
{
    /// <summary>Finds out what is to be moved.</summary>
    public StageProgress Plan { get; } = new("plan");

    /// <summary>Reads the source into the staging store.</summary>
    public StageProgress Export { get; } = new("export");

    /// <summary>Checks and seals what was exported.</summary>
    public StageProgress Stage { get; } = new("stage");

    /// <summary>Writes the staged batches to the destination.</summary>
    public StageProgress Import { get; } = new("import");

    /// <summary>Compares the destination with what was exported.</summary>
    public StageProgress Verify { get; } = new("verify");

    /// <summary>All of them.</summary>
    public IReadOnlyList<StageProgress> Stages => [Plan, Export, Stage, Import, Verify];

    /// <summary>The one under way; before the first it is that one.</summary>
    public StageProgress Current => Stages.LastOrDefault(stage => stage.Started) ?? Plan;
}
