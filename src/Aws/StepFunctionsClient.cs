using Amazon.Runtime;

namespace Aws;

/// <summary>Step Functions, as far as it is needed: executions and map runs.</summary>
/// <param name="config">The settings; null for those of the environment.</param>
/// <param name="credentials">Who asks; null for the credentials that the SDK finds.</param>
public sealed class StepFunctionsClient(AwsConfig? config = null, AWSCredentials? credentials = null)
    : AwsJsonClient(Service, config, credentials)
{
    private static readonly StepFunctionsJson Json = StepFunctionsJson.Default;
    private static readonly AwsJsonOperation<StartExecutionInput, StartedExecution> StartExecution = new("StartExecution", Json.StartExecutionInput, Json.StartedExecution);
    private static readonly AwsJsonOperation<ExecutionInput, Execution> DescribeExecution = new("DescribeExecution", Json.ExecutionInput, Json.Execution);
    private static readonly AwsJsonOperation<StopExecutionInput, StoppedExecution> StopExecution = new("StopExecution", Json.StopExecutionInput, Json.StoppedExecution);
    private static readonly AwsJsonOperation<ExecutionInput, RedrivenExecution> RedriveExecution = new("RedriveExecution", Json.ExecutionInput, Json.RedrivenExecution);
    private static readonly AwsJsonOperation<ListExecutionsInput, ExecutionPage> ListExecutions = new("ListExecutions", Json.ListExecutionsInput, Json.ExecutionPage);
    private static readonly AwsJsonOperation<ExecutionHistoryInput, ExecutionHistory> GetExecutionHistory = new("GetExecutionHistory", Json.ExecutionHistoryInput, Json.ExecutionHistory);
    private static readonly AwsJsonOperation<ListMapRunsInput, MapRunPage> ListMapRuns = new("ListMapRuns", Json.ListMapRunsInput, Json.MapRunPage);
    private static readonly AwsJsonOperation<MapRunInput, MapRun> DescribeMapRun = new("DescribeMapRun", Json.MapRunInput, Json.MapRun);

    /// <summary>The service.</summary>
    public static AwsJsonService Service { get; } = new("SFN", "states", "AWSStepFunctions", "1.0", "2016-11-23");

    /// <summary>Starts an execution; with the same name and input a second call finds the first one's.</summary>
    /// <param name="stateMachineArn">The state machine.</param>
    /// <param name="name">Its name, which is unique for 90 days; null for one that the service makes.</param>
    /// <param name="input">Its input as JSON.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public Task<StartedExecution> StartExecutionAsync(string stateMachineArn, string? name, string input, CancellationToken cancellationToken) =>
        CallAsync(StartExecution, new StartExecutionInput(stateMachineArn, name, input), cancellationToken);

    /// <summary>How an execution stands.</summary>
    public Task<Execution> DescribeExecutionAsync(string executionArn, CancellationToken cancellationToken) =>
        CallAsync(DescribeExecution, new ExecutionInput(executionArn), cancellationToken);

    /// <summary>Stops an execution.</summary>
    /// <param name="executionArn">The execution.</param>
    /// <param name="error">The error that it ends with.</param>
    /// <param name="cause">Why, in words.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public Task<StoppedExecution> StopExecutionAsync(string executionArn, string? error, string? cause, CancellationToken cancellationToken) =>
        CallAsync(StopExecution, new StopExecutionInput(executionArn, error, cause), cancellationToken);

    /// <summary>Runs an execution that failed on from where it failed.</summary>
    public Task<RedrivenExecution> RedriveExecutionAsync(string executionArn, CancellationToken cancellationToken) =>
        CallAsync(RedriveExecution, new ExecutionInput(executionArn), cancellationToken);

    /// <summary>The executions of a state machine, the newest first.</summary>
    /// <param name="stateMachineArn">The state machine.</param>
    /// <param name="statusFilter">One of <see cref="ExecutionStatus"/>; null for all.</param>
    /// <param name="nextToken">From the page before.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public Task<ExecutionPage> ListExecutionsAsync(string stateMachineArn, string? statusFilter, string? nextToken, CancellationToken cancellationToken) =>
        CallAsync(ListExecutions, new ListExecutionsInput(stateMachineArn, statusFilter, nextToken), cancellationToken);

    /// <summary>What happened in an execution lately, the newest first and without its data.</summary>
    /// <param name="executionArn">The execution.</param>
    /// <param name="maxResults">How many events at most.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public Task<ExecutionHistory> GetLatestEventsAsync(string executionArn, int maxResults, CancellationToken cancellationToken) =>
        CallAsync(GetExecutionHistory, new ExecutionHistoryInput(executionArn, maxResults, ReverseOrder: true, IncludeExecutionData: false), cancellationToken);

    /// <summary>The map runs of an execution.</summary>
    public Task<MapRunPage> ListMapRunsAsync(string executionArn, string? nextToken, CancellationToken cancellationToken) =>
        CallAsync(ListMapRuns, new ListMapRunsInput(executionArn, nextToken), cancellationToken);

    /// <summary>How a map run stands.</summary>
    public Task<MapRun> DescribeMapRunAsync(string mapRunArn, CancellationToken cancellationToken) =>
        CallAsync(DescribeMapRun, new MapRunInput(mapRunArn), cancellationToken);
}
