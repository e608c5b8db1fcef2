using Microsoft.AspNetCore.Http;
using TestServers;

namespace Migration.Tests.Faults;

/// <summary>When a start is killed, as <c>kill -9</c> does it.</summary>
/// <param name="Stage">During what.</param>
/// <param name="Operation">At which request or operation on the store of that stage, from 1 on.</param>
/// <param name="After">Whether that one is still done, and its answer lost; else it is not.</param>
internal sealed record Kill(Stage Stage, int Operation, bool After);

/// <summary>
/// Kills a start within this process: from one moment on nothing that it does has an effect, neither at the servers nor in the store,
/// whatever its code still tries. All that it can reach are these three.
/// </summary>
/// <param name="planned">When; null for never.</param>
internal sealed class KillSwitch(Kill? planned)
{
    private static readonly object FateKey = new();

    private readonly Lock sync = new();
    private int seen;

    private enum Fate
    {
        Lives,
        Last,
        Dead,
    }

    /// <summary>What the start has counted so far, which tells its stage.</summary>
    public MigrationProgress Progress { get; set; } = new();

    /// <summary>Where it was killed; null as long as it lives.</summary>
    public string? DiedAt { get; private set; }

    /// <summary>Puts it before a server, before any fault.</summary>
    public static void Guard(FaultProxy proxy, Func<KillSwitch> current)
    {
        proxy.On(request => current().IsDead(request), times: int.MaxValue).CutBefore();
        proxy.On(request => request.HttpContext.Items[FateKey] is Fate.Last, times: int.MaxValue).CutAfter();
    }

    /// <summary>The hook of a <see cref="HookedStore"/>.</summary>
    public Action? OnStore(StoreOperation operation, string key)
    {
        // A dead process takes nothing away; it is no operation to be killed at, either.
        if (operation == StoreOperation.Leave)
            return DiedAt is null ? null : throw new KilledException();
        return Meet($"{operation} {key[..(key.LastIndexOf('/') + 1)]}".TrimEnd()) switch
        {
            Fate.Lives => null,
            Fate.Last => static () => throw new KilledException(),
            _ => throw new KilledException(),
        };
    }

    private bool IsDead(HttpRequest request)
    {
        var fate = Meet($"{request.Method} {request.Path} {FaultProxy.StatementOf(request).Split(' ')[0]}".TrimEnd());
        request.HttpContext.Items[FateKey] = fate;
        return fate == Fate.Dead;
    }

    private Fate Meet(string operation)
    {
        lock (sync)
        {
            if (DiedAt is not null)
                return Fate.Dead;
            if (planned is null || Now() != planned.Stage || ++seen != planned.Operation)
                return Fate.Lives;
            DiedAt = $"{planned.Stage}: {(planned.After ? "after" : "before")} {operation}";
            return planned.After ? Fate.Last : Fate.Dead;
        }
    }

    private Stage Now() =>
        Progress.Verify.Finished ? Stage.Report
        : Progress.Verify.Started ? Stage.Verify
        : Progress.Import.Started ? Stage.Import
        : Progress.Stage.Started ? Stage.Stage
        : Progress.Export.Started ? Stage.Export
        : Progress.Plan.Finished ? Stage.Prepare
        : Stage.Plan;

    private sealed class KilledException() : Exception("killed");
}
