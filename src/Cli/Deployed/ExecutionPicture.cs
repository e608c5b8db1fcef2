using Aws;

namespace Cli.Deployed;

/// <summary>A Map and how its chunks stand.</summary>
/// <param name="Label">The Map's label.</param>
/// <param name="Run">Its map run.</param>
internal sealed record MapPicture(string Label, MapRun Run);

/// <summary>How an execution stands at one moment.</summary>
internal sealed record ExecutionPicture
{
    // A state that is tried again and again adds four events a time; its own beginning must be among these.
    private const int LatestEvents = 200;

    /// <summary>The execution.</summary>
    public required Execution Execution { get; init; }

    /// <summary>The state that it is in, or ended in; null where the latest events name none.</summary>
    public string? State { get; init; }

    /// <summary>When it entered it, in seconds since 1970.</summary>
    public double Entered { get; init; }

    /// <summary>Whether that is a Fail state.</summary>
    public bool InFailState { get; init; }

    /// <summary>The Maps that have begun, the oldest first.</summary>
    public IReadOnlyList<MapPicture> Maps { get; init; } = [];

    /// <summary>Whether it runs.</summary>
    public bool IsRunning => Execution.IsRunning;

    /// <summary>Takes it.</summary>
    /// <param name="environment">Where the execution is.</param>
    /// <param name="executionArn">The execution.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public static async Task<ExecutionPicture> TakeAsync(DeployedEnvironment environment, string executionArn, CancellationToken cancellationToken)
    {
        // First: what it misses of an execution that ends meanwhile, the next picture has.
        var execution = await environment.DescribeAsync(executionArn, cancellationToken);
        var history = await environment.Executions.GetLatestEventsAsync(executionArn, LatestEvents, cancellationToken);
        var entered = history.Events.FirstOrDefault(one => one.StateEnteredEventDetails is not null);
        return new ExecutionPicture
        {
            Execution = execution,
            State = entered?.StateEnteredEventDetails!.Name,
            Entered = entered?.Timestamp ?? 0,
            InFailState = entered?.Type == ExecutionEvent.FailStateEntered,
            Maps = await MapsAsync(environment.Executions, executionArn, cancellationToken),
        };
    }

    private static async Task<IReadOnlyList<MapPicture>> MapsAsync(StepFunctionsClient client, string executionArn, CancellationToken cancellationToken)
    {
        var maps = new List<MapPicture>();
        string? next = null;
        do
        {
            var page = await client.ListMapRunsAsync(executionArn, next, cancellationToken);
            foreach (var entry in page.MapRuns)
                maps.Add(new MapPicture(Label(entry.MapRunArn), await client.DescribeMapRunAsync(entry.MapRunArn, cancellationToken)));
            next = page.NextToken;
        }
        while (next is not null);
        return [.. maps.OrderBy(map => map.Run.StartDate)];
    }

    // arn:aws:states:REGION:ACCOUNT:mapRun:MACHINE/LABEL:ID
    private static string Label(string mapRunArn) => mapRunArn.Split('/')[^1].Split(':')[0];
}
